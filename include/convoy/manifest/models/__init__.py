"""The strict models of every manifest kind. Field descriptions here are the reference documentation."""

from convoy.manifest.models.component import Component, Release
from convoy.manifest.models.environment import Environment
from convoy.manifest.models.rollout import Change, DeclaredBatch, Rollout
from convoy.manifest.models.system import System

KINDS = {"Component": Component, "Environment": Environment, "Rollout": Rollout, "System": System}

__all__ = ["KINDS", "Change", "Component", "DeclaredBatch", "Environment", "Release", "Rollout", "System"]
