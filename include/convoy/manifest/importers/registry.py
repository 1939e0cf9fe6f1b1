"""The kinds of input that can be imported, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convoy.manifest.diagnostics import did_you_mean
from convoy.manifest.importers.argocd import import_argocd
from convoy.manifest.importers.backstage import import_backstage
from convoy.manifest.importers.base import Importer
from convoy.manifest.importers.compose import import_compose
from convoy.manifest.importers.flux import import_flux
from convoy.manifest.importers.helmfile import import_helmfile
from convoy.manifest.importers.kubernetes import import_kubernetes
from convoy.manifest.importers.pact import import_pact

IMPORTERS: Mapping[str, Importer] = MappingProxyType(
    {
        "argocd": import_argocd,
        "backstage": import_backstage,
        "compose": import_compose,
        "flux": import_flux,
        "helmfile": import_helmfile,
        "kubernetes": import_kubernetes,
        "pact": import_pact,
    }
)


class UnknownKind(ValueError):
    """A kind of input for which there is no importer."""


def importer(kind: str) -> Importer:
    """The importer of a kind. Raises UnknownKind."""
    if kind not in IMPORTERS:
        hint = did_you_mean(kind, IMPORTERS, otherwise=f"there are {', '.join(sorted(IMPORTERS))}")
        raise UnknownKind(f"nothing is known of how to import {kind!r}; {hint}")
    return IMPORTERS[kind]
