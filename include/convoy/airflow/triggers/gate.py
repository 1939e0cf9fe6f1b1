"""The trigger behind every gate: health, pause and metrics of a batch's components, side by side.

It ends the task itself when everything is Successful (no worker is started), and otherwise yields one event from which
a worker resumes. Whatever goes wrong in here is a verdict, never a pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from typing import Any

from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

from convoy.airflow.run import (
    APPLIED_KEY,
    EVENTS_KEY,
    FAILURE_KEY,
    GO_ON,
    PREFLIGHT,
    RUN_KEY,
    VERDICT_KEY,
    NotPinned,
    Run,
    answer_key,
    holder_of,
)
from convoy.airflow.triggers.phases import Judged, Watch, watch_component
from convoy.airflow.triggers.progress import Progress, read_xcom, write_xcom
from convoy.gates.verdict import Verdict, worst
from convoy.record.events import Event


class GateTrigger(BaseTrigger):
    """Judges one gate of a batch.

    :param spec: what to judge, as JSON: ``batch``, ``task``, ``phases``, ``components`` with their gates, ``target``,
        ``signals``, ``deploy_task`` (whose XCom holds the generations) or ``fixed`` (component to version and
        generation, for verifying a rollback), and ``pause`` in seconds.
    :param round: grows when the same gate is to be judged anew.
    :param resume: whether a worker waits for the verdict, whatever it is; otherwise Successful ends the task here.
    """

    def __init__(self, spec: dict[str, Any], round: int = 0, resume: bool = False) -> None:
        super().__init__()
        self.spec = spec
        self.round = round
        self.resume = resume

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments."""
        return (
            "convoy.airflow.triggers.gate.GateTrigger",
            {"spec": self.spec, "round": self.round, "resume": self.resume},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event: the verdict."""
        try:
            event = await self._judge()
        except Exception as error:
            # A gate that breaks says so and asks a person; letting it escape would fail the task without a reason.
            self.log.exception("the gate broke")
            event = self._event(Verdict.ERROR, f"the gate itself broke: {type(error).__name__}: {error}", [])
        if Verdict(event["verdict"]).passes and not self.resume:
            await self._keep(event)
            yield TaskSuccessEvent()
            return
        event.pop("events", None)
        yield TriggerEvent(event)

    @property
    def _ti(self) -> Any:
        """The task instance that waits for this trigger; the triggerer sets it before ``run``."""
        return self.task_instance

    async def _keep(self, event: dict[str, Any]) -> None:
        """Leave verdict and events as XComs. The end event's own ``xcoms`` would arrive encoded twice."""
        ti = self._ti
        where = {"dag_id": ti.dag_id, "run_id": ti.run_id, "task_id": ti.task_id}
        before = await read_xcom(EVENTS_KEY, **where) or []
        await write_xcom(EVENTS_KEY, [*before, *event.pop("events")], **where)
        await write_xcom(VERDICT_KEY, event, **where)

    async def _judge(self) -> dict[str, Any]:
        ti = self._ti
        where = {"dag_id": ti.dag_id, "run_id": ti.run_id}
        run = Run.from_dict(await read_xcom(RUN_KEY, task_id=PREFLIGHT, **where))
        progress = Progress(ti, life=f"{ti.try_number}.{self.round}")
        await progress.load()
        if not self.resume and not progress.resumed:
            # A task that starts in the triggerer keeps the XComs of an earlier attempt; its reason is not ours.
            await write_xcom(FAILURE_KEY, {}, task_id=ti.task_id, **where)
        if run.dry_run:
            return self._passed(run, "dry run: not judged", [])
        if run.drill == self.spec["task"]:
            return self._event(Verdict.FAILED, f"drill: {self.spec['task']} was told to fail", [], drill=True)
        answer = await read_xcom(answer_key(ti.task_id), task_id=PREFLIGHT, **where)
        if answer and not self.resume:
            message = f"{answer['by']} decided: {answer['choice']}"
            if answer["choice"] == GO_ON:
                return self._passed(run, message, [])
            return self._event(Verdict.FAILED, message, [])
        todo = await self._todo(run, where)
        if not todo:
            return self._passed(run, "nothing to judge: every component stays where it is", [])
        if progress.resumed:
            self.log.info("going on from the recorded measurements", batch=self.spec["batch"])
        judged = await self._watch_all(todo, progress)
        verdict = worst(j.verdict for j in judged)
        message = "; ".join(f"{j.component}: {j.message}" for j in judged if j.verdict is verdict)
        if verdict.passes:
            return self._passed(run, message, judged)
        return self._event(verdict, message, judged)

    async def _todo(self, run: Run, where: dict[str, str]) -> list[tuple[dict[str, Any], str, int | None]]:
        """The components to judge, each with its version and the generation to wait for (None: whatever is live)."""
        fixed = self.spec.get("fixed")
        if fixed is None:
            applied = await read_xcom(APPLIED_KEY, task_id=self.spec["deploy_task"], **where)
            if applied is None:
                raise NotPinned(
                    f"{self.spec['deploy_task']} did not run to its end: there is nothing that could be judged"
                )
            fixed = {name: [run.versions.get(name), generation] for name, generation in applied.items()}
        return [(c, *fixed[c["component"]]) for c in self.spec["components"] if c["component"] in fixed]

    async def _watch_all(self, todo: list[tuple[dict[str, Any], str, int | None]], progress: Progress) -> list[Judged]:
        """Judge all components at once; the first one that fails ends the others."""
        from convoy.signals import open_provider
        from convoy.targets import open_target

        target = open_target(self.spec["target"], self.spec["environment"])
        providers = {
            name: open_provider(name, settings or {})
            for name, settings in self.spec["signals"].items()
            if settings is not None
        }
        watches = [
            Watch(
                component=component["component"],
                version=version,
                generation=generation,
                health=component["health"],
                metrics=component["metrics"],
                phases=self.spec["phases"],
                pause=float(self.spec.get("pause") or 0.0),
            )
            for component, version, generation in todo
        ]
        tasks = [
            asyncio.ensure_future(watch_component(watch, target, providers, progress, self.log)) for watch in watches
        ]
        judged: list[Judged] = []
        try:
            for next_one in asyncio.as_completed(tasks):
                judged.append(await next_one)
                if judged[-1].verdict is Verdict.FAILED:
                    break
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for provider in providers.values():
                await provider.aclose()
        return sorted(judged, key=lambda j: j.component)

    def _passed(self, run: Run, message: str, judged: list[Judged]) -> dict[str, Any]:
        event = self._event(Verdict.SUCCESSFUL, message, judged)
        ti = self._ti
        judgement = Event.now(
            "gate.judged",
            f"Successful: {message}",
            source=f"/airflow/{holder_of(ti.dag_id, ti.run_id)}/{ti.task_id}",
            subject=self.spec["batch"],
            correlation=run.correlation,
            verdict=Verdict.SUCCESSFUL.value,
            components=event["components"],
        ).to_cloudevent()
        self.log.info(
            f"Successful: {message}", type=judgement["type"], subject=self.spec["batch"], chainid=run.correlation
        )
        return {**event, "events": [judgement]}

    def _event(self, verdict: Verdict, message: str, judged: list[Judged], **more: Any) -> dict[str, Any]:
        return {
            "status": "success" if verdict.passes else "failure",
            "verdict": verdict.value,
            "message": message,
            "batch": self.spec["batch"],
            "round": self.round,
            "at": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            "components": [j.to_dict() for j in judged],
            **more,
        }
