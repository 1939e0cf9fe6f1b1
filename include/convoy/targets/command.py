"""The ``command`` target: a deployment system behind a program. The contract is docs/targets/command.md."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Any

from convoy.gates.settings import seconds
from convoy.targets import contract
from convoy.targets.base import (
    Applied,
    Desired,
    Drift,
    Fenced,
    Lock,
    LockHeld,
    Observation,
    Readiness,
    Refused,
    TargetError,
    TargetUnreachable,
)
from convoy.targets.connections import Connection, Resolver

log = logging.getLogger(__name__)

EXIT_CODES: dict[int, type[TargetError]] = {10: LockHeld, 11: Fenced, 12: Drift, 13: Refused}

KILL_AFTER_SECONDS = 2.0
"""Between SIGTERM and SIGKILL, when the time is over."""

LONGEST_LOG = 1024 * 1024
"""Bytes of standard error that go to the log."""

NOT_HANDED_ON = ("AIRFLOW__", "AIRFLOW_CONN_", "AIRFLOW_VAR_", "_AIRFLOW", "CONVOY_SECRET")
"""Variables with these beginnings are not handed on: they may be Airflow's own secrets."""


class CommandTarget:
    """A deployment system that a program speaks for. See :class:`convoy.targets.base.Target`.

    ``config`` has ``command``, ``directory``, ``connection`` and ``timeout``. ``resolve_connection`` takes the place of
    Airflow's connections, for tests and tools.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        environment: str,
        resolve_connection: Resolver | None = None,
    ) -> None:
        self.environment = environment
        self._command = [str(part) for part in config["command"]]
        self._directory = config.get("directory")
        connection = config.get("connection")
        self._connection = Connection(str(connection), resolve_connection) if connection else None
        self._timeout = seconds(config, "timeout")

    def prepare(self) -> None:
        """Ask whether the system is there."""
        self._run("prepare")

    def observe(self, component: str) -> Observation:
        """What is live now."""
        return contract.observation(self._run("observe", component=component), component)

    def acquire(self, components: Sequence[str], holder: str) -> Lock:
        """Lock all of the components, or none."""
        answer = self._run("acquire", components=sorted(set(components)), holder=holder)
        return contract.lock(answer, holder, "acquire")

    def fence(self, holder: str) -> Lock:
        """Only the returned lock may change anything from now on."""
        return contract.lock(self._run("fence", holder=holder), holder, "fence")

    def release(self, holder: str) -> None:
        """Give up whatever the holder holds."""
        self._run("release", holder=holder)

    def locks(self) -> Sequence[Lock]:
        """The locks in force."""
        return contract.locks(self._run("locks"))

    def apply(self, desired: Desired, lock: Lock) -> Applied:
        """Order a change."""
        return contract.applied(self._run("apply", **contract.apply_fields(desired, lock)), desired.component, "apply")

    def restore(self, component: str, prior: Observation, lock: Lock) -> Applied:
        """Order a component back."""
        return contract.applied(
            self._run("restore", **contract.restore_fields(component, prior, lock)), component, "restore"
        )

    async def ready(self, component: str, generation: int) -> Readiness:
        """How far the change has come. Cancelling it ends the program."""
        secret = str((await self._connection.aget()).password or "") if self._connection else ""
        call = self._call("ready", secret, component=component, generation=generation)
        try:
            answer = await asyncio.to_thread(call.run)
        except asyncio.CancelledError:
            call.cancel()
            raise
        return contract.readiness(answer)

    def _run(self, verb: str, **fields: Any) -> Any:
        secret = str(self._connection.get().password or "") if self._connection else ""
        return self._call(verb, secret, **fields).run()

    def _call(self, verb: str, secret: str, **fields: Any) -> _Call:
        return _Call(
            [*self._command, verb],
            contract.request(self.environment, verb=verb, **fields),
            self._directory,
            self._timeout,
            secret,
        )


class _Call:
    """One run of the program. Input and output are files: a pipe that a grandchild keeps open would never end."""

    def __init__(
        self, command: list[str], request: dict[str, Any], directory: str | None, timeout: float, secret: str
    ) -> None:
        self._command = command
        self._request = request
        self._directory = directory
        self._timeout = timeout
        self._secret = secret
        self._guard = threading.Lock()
        self._cancelled = False
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def _verb(self) -> str:
        return self._command[-1]

    def run(self) -> Any:
        """Run, and wait. Returns the answer; raises the error that the exit code stands for."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(json.dumps(self._request).encode())
            given.seek(0)
            process = self._start(given, out, err)
            try:
                status = process.wait(self._timeout)
            except subprocess.TimeoutExpired as error:
                _end_group(process)
                self._log(err)
                raise TargetUnreachable(
                    f"{self._verb}: {self._command[0]} gave no answer within {self._timeout:g} s and was ended"
                ) from error
            complaint = self._log(err)
            return self._answer(status, _read(out, contract.LONGEST_ANSWER + 1), complaint)

    def cancel(self) -> None:
        """End the program, or keep it from being started."""
        with self._guard:
            self._cancelled = True
            if self._process is not None and self._process.poll() is None:
                _signal_group(self._process, signal.SIGKILL)

    def _start(self, given: IO[bytes], out: IO[bytes], err: IO[bytes]) -> subprocess.Popen[bytes]:
        env = {name: value for name, value in os.environ.items() if not name.startswith(NOT_HANDED_ON)}
        if self._secret:
            env["CONVOY_SECRET"] = self._secret
        with self._guard:
            if self._cancelled:
                raise TargetUnreachable(f"{self._verb} was cancelled")
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=given,
                    stdout=out,
                    stderr=err,
                    cwd=self._directory,
                    env=env,
                    start_new_session=True,
                )
            except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
                raise Refused(
                    f"the program {self._command[0]!r} cannot be started in {self._directory or 'the current folder'}: "
                    f"{error.strerror}"
                ) from error
            except OSError as error:
                raise TargetUnreachable(f"{self._command[0]!r} cannot be started now: {error.strerror}") from error
            return self._process

    def _log(self, err: IO[bytes]) -> str:
        """Hand standard error to the log; returns its last line."""
        lines = self._masked(_read(err, LONGEST_LOG).decode(errors="replace")).splitlines()
        for line in lines:
            log.info("%s: %s", self._verb, line)
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _answer(self, status: int, out: bytes, complaint: str) -> Any:
        if len(out) > contract.LONGEST_ANSWER:
            raise contract.BadAnswer(f"the answer to {self._verb} is longer than {contract.LONGEST_ANSWER} bytes")
        try:
            body = json.loads(out) if out.strip() else {}
        except (ValueError, RecursionError):
            body = None
        if status == 0:
            if body is None:
                raise contract.BadAnswer(f"the answer to {self._verb} on standard output is not JSON")
            return body
        said = str(body.get("message") or "") if isinstance(body, dict) else ""
        message = self._masked(said) or complaint or "no message"
        kind = EXIT_CODES.get(status)
        if kind is not None:
            raise kind(message)
        ended = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        raise TargetUnreachable(f"{self._verb}: {self._command[0]} {ended}: {message}")

    def _masked(self, text: str) -> str:
        return text.replace(self._secret, "***") if self._secret else text


def _read(file: IO[bytes], limit: int) -> bytes:
    file.seek(0)
    return file.read(limit)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it started in its group."""
    _signal_group(process, signal.SIGTERM)
    try:
        process.wait(KILL_AFTER_SECONDS)
    except subprocess.TimeoutExpired:
        log.info("process %d ignores SIGTERM; killing it", process.pid)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        # Nothing of the group is left (macOS says so by PermissionError).
        return
