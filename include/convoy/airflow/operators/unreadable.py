"""The only task of a rollout that could not be built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException


class UnreadableOperator(BaseOperator):
    """Fails with the reason: a run of a rollout that could not be built must not be green."""

    def __init__(self, *, reason: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason = reason

    def execute(self, context: Mapping[str, Any]) -> None:
        """Fail."""
        raise AirflowFailException(self.reason)
