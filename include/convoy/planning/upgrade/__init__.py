"""Upgrades in several hops: over versions in between, when the wanted ones cannot be reached in one rollout.

Each hop is a change set of two versions like any other, with a plan that was proven. :func:`find_upgrade` finds them,
or proves that there is no way and names the smallest set of requirements that contradict each other.
"""

from convoy.planning.upgrade.conflict import Conflict, Proof
from convoy.planning.upgrade.constraints import Constraint
from convoy.planning.upgrade.find import BUDGET, find_upgrade
from convoy.planning.upgrade.result import GaveUp, Hop, NoUpgrade, Upgrade

__all__ = ["BUDGET", "Conflict", "Constraint", "GaveUp", "Hop", "NoUpgrade", "Proof", "Upgrade", "find_upgrade"]
