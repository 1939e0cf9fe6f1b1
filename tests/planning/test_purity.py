"""The core works without Airflow."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import importlib, pkgutil, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "airflow":
            raise ImportError("airflow is blocked: " + name)

sys.meta_path.insert(0, Blocked())
names = []
for package in ("convoy.planning", "convoy.manifest"):
    found = importlib.import_module(package)
    names += [m.name for m in pkgutil.walk_packages(found.__path__, package + ".")]
for name in names:
    importlib.import_module(name)
assert "airflow" not in sys.modules
print(len(names))
"""


def test_planning_and_manifest_import_without_airflow() -> None:
    """Every module of both packages, in a process where importing airflow raises."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20
