"""The strict models of every manifest kind. Field descriptions here are the reference documentation."""

from convoy.manifest.models.component import Component, Release
from convoy.manifest.models.environment import Environment
from convoy.manifest.models.interface import Interface
from convoy.manifest.models.rollout import Change, DeclaredBatch, Rollout
from convoy.manifest.models.system import System
from convoy.manifest.models.verification import Verification

KINDS = {
    "Component": Component,
    "Environment": Environment,
    "Interface": Interface,
    "Rollout": Rollout,
    "System": System,
    "Verification": Verification,
}

__all__ = [
    "KINDS",
    "Change",
    "Component",
    "DeclaredBatch",
    "Environment",
    "Interface",
    "Release",
    "Rollout",
    "System",
    "Verification",
]
