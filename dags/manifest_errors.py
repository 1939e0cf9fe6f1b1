"""Shows errors in manifests as an import error of this file in Airflow; it defines no DAG of its own."""

from pathlib import Path

from convoy.airflow.dagfile import raise_manifest_errors

raise_manifest_errors(Path(__file__).parent / "published")
