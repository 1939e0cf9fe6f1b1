"""The target protocol: observe, lock, apply, ready, restore.

A target is any place where components run. Its five promises, held by the conformance suite that every target passes:

1. ``apply`` and ``restore`` are idempotent: saying the same thing twice changes nothing the second time.
2. A mutation with a superseded lock is refused with :class:`Fenced`, at the target, by compare-and-set.
3. A lock on a set of components is taken as a whole or not at all, and has one holder.
4. ``ready`` speaks of the deployed revision only, and never of the one before.
5. ``restore`` brings back exactly what ``observe`` returned, and refuses with :class:`Drift` when somebody else has
   changed the component meanwhile.

Errors::

    TargetError
     +-- TargetUnreachable   no answer; may be tried again
     +-- LockHeld            another run holds a component
     +-- Fenced              the lock was superseded: the run is rolling back, or was taken over
     +-- Drift               what is live is not what this run left there
     +-- Refused             the target said no, and will say no again
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable


class TargetError(Exception):
    """Something that a target could not do. ``terminal`` says that trying again cannot help."""

    terminal = True


class TargetUnreachable(TargetError):
    """The target gives no answer."""

    terminal = False


class LockHeld(TargetError):
    """Another holder has the lock on a component."""


class Fenced(TargetError):
    """The lock that came with a mutation is not, or no longer, the one in force."""


class Drift(TargetError):
    """The component was changed by somebody else."""


class Refused(TargetError):
    """The target refuses the request."""


@dataclass(frozen=True)
class Lock:
    """The right to change components. ``token`` grows with every acquisition and with every fence.

    ``epoch`` is ``forward`` until :meth:`Target.fence` turns it to ``rollback``.
    """

    holder: str
    token: int
    epoch: str
    components: tuple[str, ...]


@dataclass(frozen=True)
class Desired:
    """What a component shall be. ``weight`` is the percentage of the replicas that run ``version`` (canary);
    ``group`` names the components that switch in one moment with this one (lockstep; includes itself)."""

    component: str
    version: str
    workload: dict[str, Any]
    strategy: dict[str, Any]
    weight: int = 100
    group: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observation:
    """What a component is. ``state`` is the target's own JSON: all that :meth:`Target.restore` needs, and no secret.

    ``version`` is None where the component does not exist; ``changed_by`` is the holder of the last mutation."""

    component: str
    version: str | None
    generation: int = 0
    changed_by: str | None = None
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Applied:
    """The answer to a mutation: the generation to wait for, whether anything changed, and a line for the log."""

    component: str
    generation: int
    changed: bool
    message: str


@dataclass(frozen=True)
class Endpoint:
    """One replica's address. ``revision`` is ``new`` for the deployed revision, ``old`` for the one before."""

    replica: str
    host: str
    port: int
    version: str
    revision: str


@dataclass(frozen=True)
class Readiness:
    """How far a deployment has come. ``failed`` is final: it will not become ready by waiting.

    ``updated`` and ``available`` count replicas of the deployed revision, up and running; ``desired`` is how many of
    them there shall be (with a canary weight, its share)."""

    ready: bool
    failed: bool
    message: str
    desired: int
    updated: int
    available: int
    endpoints: tuple[Endpoint, ...] = ()


class Target(Protocol):
    """A place where components run."""

    def prepare(self) -> None:
        """Reach the target, starting it where that is its nature. Raises TargetUnreachable."""

    def observe(self, component: str) -> Observation:
        """What is live now."""

    def acquire(self, components: Sequence[str], holder: str) -> Lock:
        """Lock all of the components, or raise LockHeld naming the holder. The same holder gets its lock again;
        if that lock was fenced it raises Fenced."""

    def fence(self, holder: str) -> Lock:
        """Begin the rollback: from now on only the returned lock may change anything. Idempotent."""

    def release(self, holder: str) -> None:
        """Give up whatever the holder holds. Idempotent."""

    def locks(self) -> Sequence[Lock]:
        """The locks in force."""

    def apply(self, desired: Desired, lock: Lock) -> Applied:
        """Order the component to become what is desired, and return at once. Raises Fenced, Refused."""

    def restore(self, component: str, prior: Observation, lock: Lock) -> Applied:
        """Order the component back to what was observed before; one that did not exist is removed.
        Raises Fenced, Drift."""

    async def ready(self, component: str, generation: int) -> Readiness:
        """How far the change with this generation has come. A component that was removed is ready once it is gone."""


@runtime_checkable
class Rehearsing(Protocol):
    """A target that can tell beforehand what it would refuse. Preflight asks it before anything is touched."""

    def refusals(self, desired: Sequence[Desired]) -> Sequence[str]:
        """Everything that would be refused to these changes, or to undoing them, as sentences."""
