"""What every operator of a rollout shares: its target, its pinned run, and how failures are told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowTaskTimeout

from convoy.airflow.audit import Audit
from convoy.airflow.run import FAILURE_KEY
from convoy.targets.base import Target, TargetError


class Halted(AirflowException):
    """The task was told to stop: no reason for a rollback by itself, but the consequence of one elsewhere."""


def leaves_a_reason(method: Callable[..., None]) -> Callable[..., None]:
    """For a task's entry points: whatever goes wrong leaves its reason for the rollback, unless one was left already.

    A task that ends without a reason is taken to have been ended by a person."""

    @wraps(method)
    def entry(self: Any, context: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        try:
            method(self, context, *args, **kwargs)
        except Halted:
            raise
        except (Exception, AirflowTaskTimeout) as error:
            ti = context["ti"]
            if not ti.xcom_pull(task_ids=ti.task_id, key=FAILURE_KEY):
                reason = f"{type(error).__name__}: {error}"
                ti.xcom_push(key=FAILURE_KEY, value={"task": ti.task_id, "subject": ti.task_id, "message": reason})
            raise

    return entry


class RolloutOperator(BaseOperator):
    """A task of a rollout. ``environment`` and ``target`` say where; both are JSON from the published rollout."""

    ui_color = "#e8f0fe"

    def __init__(self, *, environment: str, target: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.environment = environment
        self.target_config = target

    def open_target(self) -> Target:
        """The environment's target. Imported late: a DAG file must stay light."""
        from convoy.targets import open_target

        # A snapshot has to know beforehand which fields a version will touch.
        workloads = {settings["component"]: settings["workloads"] for settings in self.component_settings()}
        return open_target({**self.target_config, "workloads": workloads}, self.environment)

    def component_settings(self) -> Iterable[Mapping[str, Any]]:
        """The resolved settings of the components that this task deals with, as far as it knows them."""
        return ()


@contextmanager
def reported(audit: Audit, subject: str) -> Iterator[None]:
    """Leave the reason of a target's failure for the rollback, and tell Airflow whether trying again can help."""
    try:
        yield
    except TargetError as error:
        message = f"{type(error).__name__}: {error}"
        audit.fail(message, subject=subject)
        if error.terminal:
            raise AirflowFailException(message) from error
        raise AirflowException(message) from error


def refuse(audit: Audit, message: str, *, subject: str, **data: Any) -> AirflowFailException:
    """The exception for a failure that trying again cannot help, with its reason left for the rollback."""
    audit.fail(message, subject=subject, **data)
    return AirflowFailException(message)


def describe(settings: Mapping[str, Any], version: str) -> str:
    """``checkout 1.0.0 -> 1.1.0`` (or ``checkout 1.1.0, new``)."""
    before = settings.get("from")
    return f"{settings['component']} {before} -> {version}" if before else f"{settings['component']} {version}, new"
