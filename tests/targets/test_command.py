"""What the command target makes of programs, good and bad."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from convoy.targets.base import Drift, Fenced, LockHeld, Refused, TargetError, TargetUnreachable
from convoy.targets.command import CommandTarget
from convoy.targets.processes.identity import identify
from tests.targets.processes.world import eventually


def target(code: str, *arguments: str, timeout: float = 20.0, secret: str = "", **more: Any) -> CommandTarget:
    """A target whose program is this Python code."""
    config = {"command": [sys.executable, "-c", code, *arguments], "timeout": timeout, "directory": None, **more}
    if secret:
        config["connection"] = "deploy"
    return CommandTarget(config, "staging", resolve_connection=lambda _: SimpleNamespace(password=secret))


def test_the_verb_is_the_last_argument_and_the_request_is_on_standard_input(tmp_path: Path) -> None:
    code = (
        "import json, sys; open(sys.argv[1], 'w').write(json.dumps([sys.argv[2], json.load(sys.stdin)])); print('{}')"
    )
    target(code, str(tmp_path / "seen")).release("run-1")
    verb, request = json.loads((tmp_path / "seen").read_text())
    assert (verb, request) == (
        "release",
        {"convoy": 1, "environment": "staging", "verb": "release", "holder": "run-1"},
    )


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (10, LockHeld),
        (11, Fenced),
        (12, Drift),
        (13, Refused),
        (1, TargetUnreachable),
        (14, TargetUnreachable),
        (127, TargetUnreachable),
    ],
)
def test_every_exit_code_is_the_right_error(status: int, error: type[TargetError]) -> None:
    code = f'import sys; print(\'{{"message": "because"}}\'); sys.exit({status})'
    with pytest.raises(error, match="because") as caught:
        target(code).prepare()
    assert type(caught.value) is error


def test_without_a_message_the_last_line_of_standard_error_is_the_reason() -> None:
    with pytest.raises(Refused, match="the last word"):
        target("import sys; print('first\\nthe last word\\n', file=sys.stderr); sys.exit(13)").prepare()


def test_a_program_that_was_killed_is_unreachable() -> None:
    with pytest.raises(TargetUnreachable, match="signal 9"):
        target("import os; os.kill(os.getpid(), 9)").prepare()


@pytest.mark.parametrize("output", ["no JSON", "[]", '{"component": "other"}'])
def test_an_answer_that_breaks_the_contract_is_no_answer(output: str) -> None:
    with pytest.raises(TargetUnreachable, match=r"contract|JSON"):
        target(f"print({output!r})").observe("x")


def test_a_program_that_does_not_exist_is_refused() -> None:
    config = {"command": ["no-such-program-anywhere"], "timeout": 5.0}
    with pytest.raises(Refused, match="no-such-program-anywhere"):
        CommandTarget(config, "staging").prepare()


def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    """Also children that hold the output open, and ones that ignore SIGTERM."""
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        "open(sys.argv[1], 'w').write(str(child.pid)); time.sleep(600)"
    )
    with pytest.raises(TargetUnreachable, match="within 1 s"):
        target(code, str(tmp_path / "pid"), timeout=1.0).prepare()
    eventually("the child is gone", lambda: identify(int((tmp_path / "pid").read_text())) is None)


def test_a_grandchild_that_keeps_the_output_open_does_not_hold_the_answer_up() -> None:
    code = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(5)'], "
        "start_new_session=True); print('{}')"
    )
    target(code, timeout=4.0).prepare()


def test_cancelling_readiness_ends_the_program(tmp_path: Path) -> None:
    """A gate that lets go leaves nothing running."""
    pid_file = tmp_path / "pid"
    code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"

    async def cancelled() -> None:
        asking = asyncio.ensure_future(target(code, str(pid_file), timeout=600).ready("x", 1))
        while not (pid_file.exists() and pid_file.read_text()):
            await asyncio.sleep(0.02)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(cancelled())
    eventually("the program is gone", lambda: identify(int(pid_file.read_text())) is None)


def test_the_secret_reaches_the_program_and_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the log nor an error repeats it, though the program does."""
    code = "import os, sys; print('using', os.environ['CONVOY_SECRET'], file=sys.stderr); sys.exit(13)"
    with caplog.at_level(logging.INFO), pytest.raises(Refused, match=r"using \*\*\*") as caught:
        target(code, secret="very-secret").prepare()
    assert "using ***" in caplog.text
    assert "very-secret" not in caplog.text + str(caught.value)


def test_a_program_without_a_connection_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that happens to be in the environment; and none of Airflow's."""
    monkeypatch.setenv("CONVOY_SECRET", "somebody else's")
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "the key to everything")
    monkeypatch.setenv("KUBECONFIG", "/handed/on")
    code = (
        "import os, sys; bad = [n for n in os.environ if n.startswith(('AIRFLOW__', 'CONVOY_SECRET'))]; "
        "sys.exit(13 if bad or 'KUBECONFIG' not in os.environ else print('{}'))"
    )
    target(code).prepare()


def test_standard_error_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        target("import sys; print('moving', file=sys.stderr); print('{}')").prepare()
    assert "prepare: moving" in caplog.text


def test_the_program_runs_in_its_folder(tmp_path: Path) -> None:
    code = "import os, pathlib; pathlib.Path('here').write_text(os.getcwd()); print('{}')"
    target(code, directory=str(tmp_path)).prepare()
    assert Path((tmp_path / "here").read_text()).samefile(tmp_path)
