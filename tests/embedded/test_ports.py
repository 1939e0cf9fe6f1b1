"""Ports: picked once, kept, outside the range of outgoing connections."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from convoy.embedded.errors import PortTaken
from convoy.embedded.home import Home
from convoy.embedded.ports import HIGHEST, HOST, LOWEST, check_free, kept_ports


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    found = Home(tmp_path)
    found.make()
    return found


def test_ports_are_picked_once_and_kept(home: Home) -> None:
    """The address of the UI stays the same."""
    assert kept_ports(home) == kept_ports(home)


def test_ports_of_one_home_differ_and_lie_below_the_ephemeral_range(home: Home) -> None:
    """A port of the ephemeral range may be in use for a moment just when Airflow starts again."""
    ports = kept_ports(home).values()
    assert len(set(ports)) == len(ports)
    assert all(LOWEST <= port < HIGHEST for port in ports)


def test_a_port_in_use_is_refused(home: Home) -> None:
    """With the number."""
    port = kept_ports(home)["api"]
    with socket.socket() as taken:
        taken.bind((HOST, port))
        taken.listen()
        with pytest.raises(PortTaken, match=str(port)):
            check_free(home)
    check_free(home)
