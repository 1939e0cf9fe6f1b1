"""However an embedded Airflow ends, it leaves no process and no open port."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from convoy.embedded import Embedded, NotStarted, PortTaken
from convoy.embedded.ports import HOST, kept_ports
from convoy.embedded.session import is_alive, members
from tests.embedded.conftest import eventually

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) != 0


def test_down_leaves_no_process_and_the_next_up_has_the_same_address_and_login(
    fresh: Embedded, running: Embedded
) -> None:
    """Another Airflow, with another home, runs beside it and notices nothing."""
    fresh.up()
    url, password, processes = fresh.url, fresh.password, [*fresh.members(), *fresh.pids().values()]
    others = running.pids()
    assert url != running.url
    assert fresh.down() is True
    assert [pid for pid in processes if is_alive(pid)] == []
    assert is_free(kept_ports(fresh.home)["api"])
    assert running.pids() == others
    assert running.health().healthy
    fresh.up()
    assert (fresh.url, fresh.password) == (url, password)
    assert httpx.get(f"{url}/api/v2/monitor/health", trust_env=False).status_code == 200


def test_a_monitor_that_is_killed_takes_everything_with_it(fresh: Embedded) -> None:
    """Also the workers and other grandchildren, which the kernel does not end by itself."""
    fresh.up()
    monitor, guardian = fresh.pids()["monitor"], fresh.pids()["guardian"]
    assert len(fresh.members()) > 5
    fresh.kill("monitor")
    eventually("the end of all processes", lambda: not members(monitor) and not is_alive(guardian), within=15)
    assert is_free(kept_ports(fresh.home)["api"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_up_that_is_interrupted_leaves_nothing(
    tmp_path: Path, bundle: dict[str, Any], number: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM, with the components already started."""
    home = tmp_path / "home"
    script = (
        "import json, signal, sys\n"
        "from convoy.cli.up import _interrupt\n"
        "from convoy.embedded import Embedded\n"
        "signal.signal(signal.SIGTERM, _interrupt)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "Embedded(sys.argv[1], bundles=[json.loads(sys.argv[2])]).up()\n"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", script, str(home), json.dumps(bundle)], stderr=subprocess.DEVNULL, start_new_session=True
    )
    airflow = Embedded(home, bundles=[bundle])
    try:
        started = eventually("all components", lambda: len(airflow.pids()) == 6 and airflow.pids())
        caller.send_signal(number)
        assert caller.wait(60) != 0
        assert [pid for pid in started.values() if is_alive(pid)] == []
        assert members(started["monitor"]) == []
    finally:
        caller.kill()
        caller.wait()
        airflow.down()


def test_a_taken_port_is_a_clear_error_and_nothing_is_started(fresh: Embedded) -> None:
    """It names the port and the file that keeps it."""
    fresh.home.make()
    port = kept_ports(fresh.home)["api"]
    with socket.socket() as taken:
        taken.bind((HOST, port))
        taken.listen()
        with pytest.raises(PortTaken, match=rf"port {port} .*ports\.json"):
            fresh.up()
    assert fresh.pids() == {}
    assert not (fresh.home.airflow / "airflow.db").exists()


def test_a_database_that_cannot_be_used_is_a_clear_error(tmp_path: Path, bundle: dict[str, Any]) -> None:
    """With the end of the log that says why."""
    setting = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "nonsense://"}
    airflow = Embedded(tmp_path / "home", bundles=[bundle], env=setting)
    with pytest.raises(NotStarted, match=r"(?s)db migrate.*nonsense"):
        airflow.up()
    assert airflow.pids() == {}


def test_purge_deletes_the_home(tmp_path: Path, bundle: dict[str, Any]) -> None:
    """And is no error where nothing runs."""
    airflow = Embedded(tmp_path / "home", bundles=[bundle])
    airflow.home.make()
    assert airflow.down(purge=True) is False
    assert not airflow.home.root.exists()
