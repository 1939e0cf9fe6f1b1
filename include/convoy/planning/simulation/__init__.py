"""Running a plan on a virtual clock: what a failure would cost, before there is one.

Pure and deterministic: all chance comes from one seed. :func:`play` runs a plan once, :func:`play_many` thousands of
times. What is simulated is what the product does: a batch starts when everything that it requires is done; the first
gate that says no halts the run; what was touched is undone in reverse order along the arcs, or parked.
"""

from __future__ import annotations

from convoy.planning.simulation.chance import Draw, Fault, draw
from convoy.planning.simulation.course import Course, play
from convoy.planning.simulation.distribution import Distribution, Spread, play_many
from convoy.planning.simulation.model import Model
from convoy.planning.simulation.scenario import Scenario, ScriptedFault, fraction_of, scripted

__all__ = [
    "Course",
    "Distribution",
    "Draw",
    "Fault",
    "Model",
    "Scenario",
    "ScriptedFault",
    "Spread",
    "draw",
    "fraction_of",
    "play",
    "play_many",
    "scripted",
]
