"""``preflight``: everything that can be checked before anything is touched, and the pinning of the run."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from convoy.airflow.audit import KEEP, Audit
from convoy.airflow.operators.base import RolloutOperator, leaves_a_reason, refuse, reported
from convoy.airflow.params import Request, read_request
from convoy.airflow.published import CURRENT
from convoy.airflow.recorder import keep_record
from convoy.airflow.run import (
    ABORTED,
    CONCLUDED,
    NO_DRILL,
    OUTCOME,
    OUTCOME_KEY,
    REFUSED,
    ROLLED_BACK,
    RUN_KEY,
    Run,
    holder_of,
)
from convoy.targets.base import Desired, Lock, Rehearsing, Target


class PreflightOperator(RolloutOperator):
    """Setup of the whole run: prove the plan against what is live, lock the components, pin the run.

    A run that has begun to roll back never moves forward again: clearing its tasks is refused here."""

    ui_color = "#fff4d6"

    def __init__(self, *, published: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.published = published

    def component_settings(self) -> Iterable[Mapping[str, Any]]:
        """Those of all components of the rollout."""
        found: Iterable[Mapping[str, Any]] = self.published["components"].values()
        return found

    @leaves_a_reason
    def execute(self, context: Mapping[str, Any]) -> None:
        """Check, lock, observe, prove, pin. Whatever is wrong is reported together, and the locks are given back."""
        ti, store = context["ti"], context["task_state_store"]
        correlation = store.get("correlation")
        if correlation is None:
            correlation = str(uuid.uuid4())
            store.set("correlation", correlation, retention=KEEP)
        audit = Audit(context, correlation)
        request = read_request(context["params"], self.published)
        holder = holder_of(ti.dag_id, ti.run_id)
        self._announce(audit, request, ti)
        self._refuse_if_concluded(audit, ti)
        problems = [*self._status_problems(), *self._request_problems(request), *self._proof_problems(request)]
        target = self.open_target()
        with reported(audit, self.environment):
            target.prepare()
            held = [lock for lock in target.locks() if lock.holder == holder]
        if held and held[0].epoch == "rollback":
            audit.emit(
                "plan.pinned", "this run is rolling back: only its rollback goes on", subject=ti.dag_id, level="warning"
            )
            ti.xcom_push(key=RUN_KEY, value=store.get(RUN_KEY))
            return
        if problems:
            raise self._refused(ti, audit, request, problems)
        try:
            lock = self._lock_and_check(ti, audit, target, request)
        except BaseException:
            # A run that never began keeps nothing. One that was parked goes on holding what it held.
            if store.get(RUN_KEY) is None:
                target.release(holder)
            raise
        run = Run(
            holder=holder,
            correlation=correlation,
            token=lock.token,
            digest=self.published["digest"],
            reason=request.reason,
            dry_run=request.dry_run,
            drill=request.drill,
            versions=request.versions,
            components=lock.components,
        )
        audit.emit(
            "lock.acquired",
            f"locked {len(lock.components)} components for this run, token {lock.token}",
            subject=self.environment,
            components=list(lock.components),
            token=lock.token,
        )
        audit.emit(
            "plan.pinned",
            f"the plan holds against what is live; pinned {run.digest}",
            subject=ti.dag_id,
            digest=run.digest,
            versions=run.versions,
        )
        store.set(RUN_KEY, run.to_dict(), retention=KEEP)
        ti.xcom_push(key=RUN_KEY, value=run.to_dict())

    def _announce(self, audit: Audit, request: Request, ti: Any) -> None:
        kind = "dry run" if request.dry_run else "drill" if request.drill != "none" else "rollout"
        audit.emit(
            "run.started",
            f"{kind} of {self.published['rollout']} in {self.environment}: {request.reason or 'no reason given'}",
            subject=ti.dag_id,
            reason=request.reason,
            dry_run=request.dry_run,
            drill=request.drill,
            digest=self.published["digest"],
        )

    def _lock_and_check(self, ti: Any, audit: Audit, target: Target, request: Request) -> Lock:
        """Lock everything that the plan speaks of, and compare it with what is live."""
        holder = holder_of(ti.dag_id, ti.run_id)
        with reported(audit, self.environment):
            lock = target.acquire(sorted(self.published["components"]), holder)
            problems = [*self._live_problems(target, request, holder), *self._signal_problems()]
            problems += self._refusals(target, request) if not problems else ()
        if problems:
            raise self._refused(ti, audit, request, problems)
        return lock

    def _refuse_if_concluded(self, audit: Audit, ti: Any) -> None:
        """Clearing a task of a run that has ended runs preflight again; nothing of it may move any more."""
        found = ti.xcom_pull(task_ids=OUTCOME, key=OUTCOME_KEY) or {}
        outcome = found.get("outcome")
        if outcome not in CONCLUDED:
            return
        ended = "has already been rolled back" if outcome in (ROLLED_BACK, ABORTED) else f"has ended as {outcome}"
        message = f"this run {ended}; it never goes forward again. Trigger a new run instead"
        audit.emit("run.refused", message, subject=ti.dag_id, level="error")
        raise refuse(audit, message, subject=ti.dag_id)

    def _request_problems(self, request: Request) -> list[str]:
        if request.dry_run and request.drill != NO_DRILL:
            return ["a dry run deploys nothing, so no gate can fail in it: choose either dry run or drill"]
        return []

    def _refused(self, ti: Any, audit: Audit, request: Request, problems: list[str]) -> Exception:
        """The exception of a run that is not let go; its record is written here, because nothing else will run."""
        message = "; ".join(problems)
        for problem in problems:
            audit.emit("run.refused", problem, subject=self.environment, level="error")
        summary = {
            "dag_id": ti.dag_id,
            "run_id": ti.run_id,
            "rollout": self.published["rollout"],
            "environment": self.environment,
            "outcome": REFUSED,
            "message": message,
            "digest": self.published["digest"],
            "correlation": audit.correlation,
            "reason": request.reason,
            "versions": request.versions,
        }
        keep_record(audit, summary, audit.events)
        return refuse(audit, f"refused: {message}", subject=self.environment)

    def _status_problems(self) -> list[str]:
        if self.published["status"] == CURRENT:
            return []
        return [f"the published plan is {self.published['status']}: {self.published['status_reason']}"]

    def _proof_problems(self, request: Request) -> list[str]:
        from convoy.airflow.proof import violations

        return violations(self.published, request.versions)

    def _live_problems(self, target: Target, request: Request, holder: str) -> list[str]:
        problems = []
        for name, settings in sorted(self.published["components"].items()):
            seen = target.observe(name)
            declared = settings["from"]
            if seen.changed_by == holder or seen.version == declared:
                continue
            if seen.version == request.versions.get(name):
                problems.append(f"{name} is already at {seen.version}")
            else:
                problems.append(
                    f"drift: {name} is {seen.version or 'absent'}, the plan goes from {declared or 'absent'}"
                    + (f" (last changed by {seen.changed_by})" if seen.changed_by else "")
                )
        for name, version in sorted(self.published["unchanged"].items()):
            seen = target.observe(name)
            if seen.version != version:
                problems.append(
                    f"drift: {name} is {seen.version or 'absent'}, the contracts were proven with {version or 'absent'}"
                )
        return problems

    def _refusals(self, target: Target, request: Request) -> Sequence[str]:
        """What a target that can tell beforehand would refuse: rights, admission, quota, fields of others."""
        if not isinstance(target, Rehearsing):
            return ()
        changes = []
        for batch in self.published["plan"]["batches"]:
            names = [change["component"] for change in batch["changes"] if change["component"] in request.versions]
            for name in names:
                settings, version = self.published["components"][name], request.versions[name]
                group = tuple(names) if batch["lockstep"] else ()
                changes.append(
                    Desired(name, version, settings["workloads"][version], settings["strategy"], group=group)
                )
        return target.refusals(changes)

    def _signal_problems(self) -> list[str]:
        from convoy.airflow.proof import unreachable_signals

        return unreachable_signals(self.published)
