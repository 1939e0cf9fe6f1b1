"""The versioned DAG bundle: manifests are published on refresh, and a run keeps the version that it started with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from airflow.dag_processing.bundles.base import BaseDagBundle, BundleVersion

from convoy.airflow.publisher import current_version, publish, version_folder


class ConvoyBundle(BaseDagBundle):
    """Publishes ``manifests`` with the DAG files of ``dags`` into ``store``, and serves the newest or a given version.

    Version = hash of the content that a run reads. In production the store is a volume that all components share.
    Manifests are read on refresh only, which the DAG processor does; workers read the published version."""

    supports_versioning = True

    def __init__(self, *, manifests: str, dags: str, store: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.manifests = Path(manifests)
        self.dags = Path(dags)
        home = Path(os.environ.get("CONVOY_HOME", ".convoy"))
        self.store = Path(store) if store else home / "publications"

    def initialize(self) -> None:
        """Publish once if nothing was published yet and no version is asked for."""
        if self.version is None and current_version(self.store) is None:
            self.refresh()
        super().initialize()

    @property
    def path(self) -> Path:
        """The folder of the version in question."""
        version = self.version or current_version(self.store)
        return version_folder(self.store, version) if version else self.store / "versions" / "none"

    def get_current_version(self) -> BundleVersion | None:
        """The newest published version."""
        version = self.version or current_version(self.store)
        return BundleVersion(version=version) if version else None

    def refresh(self) -> None:
        """Publish what changed."""
        if self.version is not None:
            return
        with self.lock():
            publish(self.manifests, self.dags, self.store)
