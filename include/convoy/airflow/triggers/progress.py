"""The progress of a gate, kept in Airflow's database, so that a bake goes on where it was after a restart.

A trigger that is started again (triggerer restart, another triggerer) finds the measurements of its earlier life in an
XCom of its own task. A gate that is judged anew (another try of the task, "measure again") starts from nothing.
"""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async

PROGRESS_KEY = "progress"


class Progress:
    """A JSON document per gate, one slot per component and phase. ``life`` tells attempts apart."""

    def __init__(self, ti: Any, life: str) -> None:
        self._where = {"dag_id": ti.dag_id, "run_id": ti.run_id, "task_id": ti.task_id}
        self._life = life
        self._slots: dict[str, Any] = {}

    async def load(self) -> None:
        """Read what an earlier life of the same attempt left."""
        found = await read_xcom(PROGRESS_KEY, **self._where)
        if found and found.get("life") == self._life:
            self._slots = dict(found["slots"])

    def get(self, slot: str) -> Any:
        """The content of a slot, or None."""
        return self._slots.get(slot)

    @property
    def resumed(self) -> bool:
        """Whether there is anything from an earlier life."""
        return bool(self._slots)

    async def put(self, slot: str, value: Any, *, durable: bool = True) -> None:
        """Fill a slot; ``durable`` writes it to the database now, otherwise with the next durable one."""
        self._slots[slot] = value
        if durable:
            await write_xcom(PROGRESS_KEY, {"life": self._life, "slots": self._slots}, **self._where)


async def read_xcom(key: str, *, dag_id: str, run_id: str, task_id: str) -> Any:
    """One XCom of the run, from inside a trigger; None where there is none."""
    from airflow.sdk.bases.xcom import BaseXCom

    return await sync_to_async(BaseXCom.get_one)(key=key, dag_id=dag_id, run_id=run_id, task_id=task_id)


async def write_xcom(key: str, value: Any, *, dag_id: str, run_id: str, task_id: str) -> None:
    """Set one XCom of the run, from inside a trigger."""
    from airflow.sdk.bases.xcom import BaseXCom

    await sync_to_async(BaseXCom.set)(key=key, value=value, dag_id=dag_id, run_id=run_id, task_id=task_id)
