"""The lock files: what a fresh machine gets is what was tested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements", "requirements-dev", "requirements-production")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def pins(path: Path) -> set[tuple[str, str]]:
    """The (name, version) pairs of a file, and of the files that it includes."""
    text = path.read_text()
    found = {(name.lower().replace("_", "-"), version) for name, version in PIN.findall(text)}
    for included in re.findall(r"^-r (\S+)", text, re.MULTILINE):
        found |= pins(ROOT / included)
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_every_direct_pin(name: str) -> None:
    """If this fails, run `make lock`."""
    assert pins(ROOT / f"{name}.txt") - pins(ROOT / f"{name}.lock") == set()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_hashed_and_names_no_place(name: str) -> None:
    """Every package has hashes; no index, no address, no path of the machine that made it."""
    lines = [line for line in (ROOT / f"{name}.lock").read_text().splitlines() if not line.startswith("#")]
    pinned = [number for number, line in enumerate(lines) if PIN.match(line)]
    assert pinned
    assert all(lines[number + 1].strip().startswith("--hash=sha256:") for number in pinned)
    assert [line for line in lines if "://" in line or "/" in line.split("--hash")[0]] == []


@pytest.mark.parametrize("other", LOCKS[1:])
def test_the_locks_agree(other: str) -> None:
    """The tests run with the versions that production gets."""
    runtime, found = dict(pins(ROOT / "requirements.lock")), pins(ROOT / f"{other}.lock")
    assert {pin for pin in runtime.items() if pin not in found} == set()


def test_requires_as_direct_dependencies_only_what_is_pinned() -> None:
    """pyproject.toml's ranges and requirements.txt speak of the same packages."""
    text = (ROOT / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert block
    named = set(re.findall(r'"([A-Za-z0-9-]+)', block[1]))
    assert named - {name for name, _ in pins(ROOT / "requirements.txt")} == set()
