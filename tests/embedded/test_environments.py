"""``convoy down`` stops what rollouts have deployed on this machine."""

from __future__ import annotations

from pathlib import Path

from convoy.embedded import Embedded
from convoy.embedded.environments import stop_environments
from convoy.embedded.session import is_alive
from convoy.targets.processes.layout import layout_of
from convoy.targets.processes.rpc import Supervisor
from convoy.targets.processes.supervisord import start


def test_down_stops_the_environments_of_its_home(tmp_path: Path) -> None:
    """Also where no Airflow runs any more; the data stays."""
    layout = layout_of("shop", str(tmp_path / "home" / "environments" / "shop"))
    start(layout)
    pid = Supervisor(layout.socket).pid()
    lines: list[str] = []
    assert Embedded(tmp_path / "home", report=lines.append).down() is True
    assert not is_alive(pid)
    assert layout.store.exists()
    assert any("stopped environment shop" in line for line in lines)


def test_a_home_without_environments_has_nothing_to_stop(tmp_path: Path) -> None:
    """And that is no error."""
    assert stop_environments(tmp_path / "environments", lambda text: None) is False
