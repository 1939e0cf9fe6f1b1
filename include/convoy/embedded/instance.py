"""The embedded Airflow as a library: what ``convoy up`` and ``convoy down`` call, and what the end-to-end tests use."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from convoy.embedded import health, launched, session
from convoy.embedded.component import ARGUMENTS
from convoy.embedded.environments import stop_environments
from convoy.embedded.errors import EmbeddedError, NotStarted, SettingsDiffer, StillRunning
from convoy.embedded.health import Health
from convoy.embedded.home import USER, Home, write_json
from convoy.embedded.ports import check_free
from convoy.embedded.settings import Bundle, airflow_settings, api_url, convoy_bundle, process_environment

Report = Callable[[str], None]
PROJECT = Path(__file__).resolve().parents[3]
# A component that ended this often while Airflow was starting will not come up by trying again.
TOO_MANY_EXITS = 3


def _silent(text: str) -> None:
    """Report to nobody."""


class Embedded:
    """One Airflow on this machine, in the folder ``home``. Several, with different homes, do not meet.

    ``manifests`` is what it publishes, ``dags`` the folder with the two DAG files (default: the project's), ``bundles``
    replaces both by DAG bundles of one's own. ``env`` has environment variables for its processes, which win over ours.
    """

    def __init__(
        self,
        home: Path | str,
        *,
        manifests: Path | str | None = None,
        dags: Path | str | None = None,
        bundles: Sequence[Bundle] | None = None,
        env: Mapping[str, str] | None = None,
        report: Report = _silent,
    ) -> None:
        self.home = Home(Path(home).resolve())
        self.user = USER
        self._dags = Path(dags).resolve() if dags else PROJECT / "dags"
        self._manifests = Path(manifests).resolve() if manifests else PROJECT / "include" / "manifests"
        self._bundles = bundles
        self._env = dict(env or {})
        self._report = report
        self._monitor: subprocess.Popen[bytes] | None = None

    # --- starting --------------------------------------------------------------------------------------------

    def up(self, *, within: float = 180.0) -> bool:
        """Start Airflow and wait until every component is healthy. False if it ran already and was reused.

        Raises PortTaken, SettingsDiffer, NotStarted. If that or anything else happens, Ctrl-C too, nothing that this
        call has started is left running."""
        self.home.make()
        with self.home.locked():
            settings = self._settings()
            if self._running():
                self._check_same(settings)
                self._report(f"Airflow runs already, in {self.home.root}")
                self._wait(within, since=0.0)
                return False
            try:
                self._start(settings, within)
            except BaseException:
                self._report("stopping what was started")
                self._stop()
                raise
            return True

    def _start(self, settings: dict[str, str], within: float) -> None:
        launched.kill_remains(self.home)
        check_free(self.home)
        self.home.write_secrets()
        environment = process_environment(settings)
        self._migrate(environment)
        for name in ARGUMENTS:
            self.home.hold_file(name).unlink(missing_ok=True)
        since = time.time()
        write_json(self.home.state_file, {"settings": settings})
        self._report(f"starting {', '.join(ARGUMENTS)}")
        with (self.home.logs / "monitor.log").open("ab") as output:
            self._monitor = subprocess.Popen(
                [sys.executable, "-m", "convoy.embedded.monitor", str(self.home.root)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.home.airflow,
                env=environment,
                start_new_session=True,
            )
        self._wait(within, since)

    def _settings(self) -> dict[str, str]:
        bundles = self._bundles
        if bundles is None:
            if not (self._dags / "rollouts.py").exists():
                raise EmbeddedError(f"no DAG files at {self._dags}: name the folder that has rollouts.py")
            if not self._manifests.exists():
                raise EmbeddedError(f"no manifests at {self._manifests}: name a folder, or a file")
            bundles = [convoy_bundle(self._manifests, self._dags)]
        return {**airflow_settings(self.home, bundles, self._dags.parent / "plugins"), **self._env}

    def _check_same(self, settings: Mapping[str, str]) -> None:
        running = launched.state(self.home).get("settings") or {}
        other = sorted(name for name in {*running, *settings} if running.get(name) != settings.get(name))
        if other:
            raise SettingsDiffer(
                f"the Airflow in {self.home.root} runs with other settings ({', '.join(other)}): stop it first, with "
                "`convoy down`, or use another folder by CONVOY_HOME"
            )

    def _migrate(self, environment: Mapping[str, str]) -> None:
        """Create or update the database: before the four processes, which would otherwise race for it."""
        self._report("preparing the database")
        log = self.home.logs / "migrate.log"
        with log.open("wb") as output:
            code = subprocess.run(
                [sys.executable, "-m", "airflow", "db", "migrate"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.home.airflow,
                env=environment,
                check=False,
            ).returncode
        if code != 0:
            raise NotStarted(f"`airflow db migrate` ended with exit code {code}; the end of {log}:\n{_tail(log)}")

    def _wait(self, within: float, since: float) -> None:
        """Until every component is healthy and has given a sign of life after ``since``."""
        deadline = time.monotonic() + within
        waiting: list[str] = []
        while True:
            found = health.ask(self.url)
            now_waiting = found.waiting_for(since)
            for name in (name for name in waiting if name not in now_waiting):
                self._report(f"{name} is healthy")
            if not now_waiting:
                return
            waiting = now_waiting
            self._check_starting(waiting, time.monotonic() > deadline, within)
            time.sleep(0.25)

    def _check_starting(self, waiting: Sequence[str], late: bool, within: float) -> None:
        if not self._running():
            log = self.home.logs / "monitor.log"
            raise NotStarted(f"the monitor has ended; the end of {log}:\n{_tail(log)}")
        exits = launched.state(self.home).get("exits") or {}
        for name in waiting:
            log = self.home.logs / f"{name}.log"
            if len(exits.get(name, [])) >= TOO_MANY_EXITS:
                raise NotStarted(f"{name} does not stay up (exit codes {exits[name]}); the end of {log}:\n{_tail(log)}")
        if late:
            raise NotStarted(
                f"not healthy after {within:g} s: {', '.join(waiting)}. See the logs in {self.home.logs}; "
                f"the end of that of {waiting[0]}:\n{_tail(self.home.logs / f'{waiting[0]}.log')}"
            )

    # --- stopping --------------------------------------------------------------------------------------------

    def down(self, *, environments: bool = True, purge: bool = False) -> bool:
        """Stop Airflow, then the ``processes`` environments in this home unless told otherwise, and verify that nothing
        is left. ``purge`` deletes the home as well. False if nothing ran. Raises StillRunning."""
        if not self.home.root.exists():
            return False
        with self.home.locked():
            ran = self._stop()
            if environments:
                ran = stop_environments(self.home.environments, self._report) or ran
            if purge:
                self._report(f"deleting {self.home.root}")
                shutil.rmtree(self.home.root)
            return ran

    def _stop(self) -> bool:
        guardian = launched.state(self.home).get("guardian")
        pid = self._monitor_pid()
        if pid is not None:
            self._report("stopping Airflow: the scheduler first, then the rest")
            session.send(pid, signal.SIGTERM)
            if not launched.gone([pid], within=60.0):
                self._report("it did not stop in time; killing it")
        left = launched.kill_remains(self.home, self._monitor.pid if self._monitor else None)
        if not left and guardian and session.is_guardian(guardian) and not launched.gone([guardian], within=35.0):
            left = [guardian]
        if self._monitor is not None:
            self._monitor.poll()
        if left:
            raise StillRunning(f"processes that cannot be killed: {', '.join(map(str, left))}")
        self._monitor = None
        self.home.state_file.unlink(missing_ok=True)
        return pid is not None

    # --- asking and disturbing -------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The address of the user interface and the API. Raises NotStarted before the first start."""
        if not self.home.ports_file.exists():
            raise NotStarted(f"no Airflow was ever started in {self.home.root}: `convoy up` does")
        return api_url(self.home)

    @property
    def password(self) -> str:
        """The password of ``user``. Raises NotStarted before the first start."""
        try:
            return self.home.password
        except FileNotFoundError as error:
            raise NotStarted(f"no Airflow was ever started in {self.home.root}: `convoy up` does") from error

    def is_up(self) -> bool:
        """Whether the launcher runs. Whether Airflow is well is another question: see :meth:`health`."""
        return self._running()

    def health(self) -> Health:
        """How every component says it is."""
        return health.ask(self.url)

    def pids(self) -> dict[str, int]:
        """The process ids of the monitor, the guardian and the components that run."""
        return launched.pids(self.home)

    def members(self) -> list[int]:
        """Every process of this Airflow, workers and tasks included."""
        pid = self._monitor_pid()
        return session.members(pid) if pid is not None else []

    def kill(self, component: str, number: int = signal.SIGKILL) -> int:
        """Send a signal to a component and return its process id. The monitor starts it again when it dies.
        Raises NotStarted."""
        pids = self.pids()
        if component not in pids:
            raise NotStarted(f"{component} does not run; there are: {', '.join(pids) or 'no processes'}")
        session.send(pids[component], number)
        return pids[component]

    def stop(self, component: str, *, within: float = 30.0) -> None:
        """Stop one component and keep it stopped until :meth:`restart`. Raises NotStarted, StillRunning."""
        self.home.hold_file(component).touch()
        pid = self.kill(component, signal.SIGTERM)
        if not launched.gone([pid], within=within):
            session.send(pid, signal.SIGKILL)
            if not launched.gone([pid], within=5.0):
                raise StillRunning(f"{component}, process {pid}, cannot be killed")

    def restart(self, component: str, *, within: float = 120.0) -> None:
        """Stop a component if it runs, start it, and wait until Airflow is healthy. Raises NotStarted, StillRunning."""
        if component in self.pids():
            self.stop(component)
        since = time.time()
        self.home.hold_file(component).unlink(missing_ok=True)
        self._wait_for_process(component, within)
        self._wait(within, since if component != "api-server" else 0.0)

    def _wait_for_process(self, component: str, within: float) -> None:
        deadline = time.monotonic() + within
        while component not in self.pids():
            if time.monotonic() > deadline:
                raise NotStarted(f"{component} was not started again in {within:g} s; see {self.home.logs}")
            time.sleep(0.1)

    def _monitor_pid(self) -> int | None:
        if self._monitor is not None and self._monitor.poll() is None:
            return self._monitor.pid
        return launched.monitor_pid(self.home)

    def _running(self) -> bool:
        return self._monitor_pid() is not None


def _tail(path: Path, lines: int = 15) -> str:
    if not path.exists():
        return "(no log)"
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
