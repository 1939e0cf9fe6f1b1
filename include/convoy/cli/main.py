"""The ``convoy`` command: one module per sub-command, imported only when it is called for.

Each module ``convoy.cli.<name>`` has a click command named ``command``. The summaries stand here, so that
``convoy --help`` answers without importing any of them.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from convoy import __version__

COMMANDS = {
    "lint": "Check manifests: every error with file, line, column and a hint.",
    "plan": "Show the plan of a rollout: batches, reasons, critical path, the way back.",
    "upgrade": "Find the hops to a version that cannot be reached in one step.",
    "diff": "Show what differs between the plans of two sets of manifests.",
    "simulate": "Run a plan on a virtual clock, once or thousands of times.",
    "import": "Turn what you have (compose, Kubernetes, Flux, ...) into manifests.",
    "explain": "Show the effective settings of a rollout, and where each comes from.",
    "schema": "Write the JSON Schema of the manifests, for editors.",
    "rbac": "Print the Kubernetes Role that an environment's rollouts need.",
    "publish": "Compile manifests into the store that Airflow reads.",
    "up": "Start Airflow on this machine, or use the one that runs.",
    "down": "Stop the Airflow and the processes that were started here.",
    "status": "Show the health of Airflow, the rollouts, and who holds which lock.",
    "run": "Start a rollout and follow it.",
    "abort": "Halt a running rollout and roll it back.",
    "record": "Show the sealed record of a run.",
    "unlock": "Give back the locks of a run that is stuck, parked or gone.",
    "demo": "Roll a small shop forward and back, under load, on this machine.",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports a command's module when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command object; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        # `import` is no name that a module could have.
        module = "import_" if cmd_name == "import" else cmd_name
        found = importlib.import_module(f"convoy.cli.{module}").command
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Like click's, with close matches for a name that does not exist."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            close = difflib.get_close_matches(name, COMMANDS, n=2)
            hint = f" Did you mean {' or '.join(close)}?" if close else f" There are: {', '.join(COMMANDS)}."
            raise click.UsageError(f"no command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Like click's, but a wrong command line is exit code 1, like everything that is wrong: 2 means changes."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.ClickException as error:
            error.show()
            sys.exit(1)
        except click.Abort:
            click.echo("Aborted.", err=True)
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The summaries, without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="convoy")
def main() -> None:
    """Roll out many services as one coordinated change, on Apache Airflow.

    Start with `convoy lint` and `convoy plan`; `convoy up` starts Airflow on this machine.
    """
