"""The registry of targets."""

from __future__ import annotations

import subprocess
import sys

import pytest

from convoy.targets import TARGETS, UnknownTarget, open_target

CONFIGS = {
    "processes": {"kind": "processes", "root": "/nowhere"},
    "webhook": {"kind": "webhook", "connection": "deploy", "timeout": "10s"},
    "command": {"kind": "command", "command": ["true"], "directory": None, "connection": None, "timeout": 60.0},
    "kubernetes": {"kind": "kubernetes", "namespace": "shop", "connection": "prod-eu", "timeout": 30.0},
}


@pytest.mark.parametrize("kind", TARGETS)
def test_every_kind_opens_and_reaches_nothing_yet(kind: str) -> None:
    assert open_target(CONFIGS[kind], "staging").environment == "staging"  # type: ignore[attr-defined]


def test_an_unknown_kind_is_an_error_with_the_closest_one() -> None:
    with pytest.raises(UnknownTarget, match="did you mean processes"):
        open_target({"kind": "proceses"}, "staging")


def test_a_kind_that_is_like_none_is_told_which_there_are() -> None:
    with pytest.raises(UnknownTarget, match="processes, webhook, command"):
        open_target({"kind": "zeppelin"}, "staging")


def test_a_timeout_that_is_no_duration_is_an_error() -> None:
    with pytest.raises(ValueError, match="timeout"):
        open_target({**CONFIGS["webhook"], "timeout": None}, "staging")


def test_no_target_imports_airflow_before_it_needs_a_connection() -> None:
    """A DAG file and the controller stay light."""
    code = (
        "import sys; import convoy.targets.processes.controller, convoy.targets.processes.target; "
        "import convoy.targets.webhook, convoy.targets.command, convoy.targets.kubernetes.target; "
        "print({'airflow', 'kubernetes'} & {*sys.modules})"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
