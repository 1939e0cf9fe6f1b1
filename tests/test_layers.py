"""Only what runs inside Airflow imports Airflow."""

from __future__ import annotations

import subprocess
import sys


def test_everything_but_the_airflow_package_imports_without_airflow() -> None:
    """The core, the targets and the signals work without Airflow. import-linter holds the other arrows."""
    code = """
import importlib, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "airflow":
            raise ImportError(f"airflow is imported at module level: {name}")

sys.meta_path.insert(0, Refuse())
import convoy

failed = []
for module in pkgutil.walk_packages(convoy.__path__, "convoy.", onerror=failed.append):
    if module.name.startswith(("convoy.airflow", "convoy.web")):
        continue
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        failed.append(f"{module.name}: {error}")
sys.exit("\\n".join(f for f in failed if not f.startswith(("convoy.airflow", "convoy.web"))) or 0)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.stderr == ""
