"""The ``convoy`` command as a whole."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
from click.testing import CliRunner

from convoy import __version__
from convoy.cli.main import COMMANDS, main


def test_help_lists_every_command() -> None:
    """With a line each."""
    output = CliRunner().invoke(main, ["--help"]).output
    assert all(f"  {name} " in output for name in COMMANDS)


def test_help_imports_no_command_and_nothing_heavy() -> None:
    """It answers at once."""
    code = (
        "import sys; from convoy.cli.main import main; main(['--help'], standalone_mode=False);"
        "heavy = {'airflow', 'pydantic', 'httpx', 'yaml', 'rich', 'convoy.cli.up', 'convoy.embedded'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


def test_an_unknown_command_gets_close_matches() -> None:
    """And exit code 1, for something is wrong; 2 means that something differs."""
    result = CliRunner().invoke(main, ["statsu"])
    assert result.exit_code == 1
    assert "Did you mean status" in result.output


def test_an_unknown_command_without_close_matches_gets_the_list() -> None:
    """So that nobody has to ask for help first."""
    result = CliRunner().invoke(main, ["zzz"])
    assert result.exit_code == 1
    assert "lint, plan" in result.output


def test_version_is_the_package_version() -> None:
    """One place has it."""
    assert CliRunner().invoke(main, ["--version"]).output == f"convoy, version {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_exists_and_has_help(name: str) -> None:
    """The list in main.py and the modules agree."""
    module = "import_" if name == "import" else name
    assert importlib.util.find_spec(f"convoy.cli.{module}") is not None
    assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0
