"""Becomes the program that a JSON file describes: ``python launch.py FILE``.

supervisord's configuration can spell neither every argument nor every variable, and would hand its own environment on.
This can: it takes the few harmless variables below over, adds those of the file, and replaces itself with the program,
under the same process id. It uses the standard library only and is run as a file, in an isolated interpreter.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

INHERITED = (
    "HOME",
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "PATH",
    "SHELL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TZ",
    "USER",
)
"""What a replica inherits from whoever started the environment (and ``LC_*``): nothing that differs between callers or
is secret, such as the settings of an Airflow worker."""


def inherited() -> dict[str, str]:
    """The part of this process's environment that may be handed on."""
    return {name: value for name, value in os.environ.items() if name in INHERITED or name.startswith("LC_")}


def main(file: str) -> None:
    """Become the program. Returns never: where it cannot be started, exits with status 127 and the reason."""
    description = json.loads(Path(file).read_text())
    environment = {**inherited(), **description["env"]}
    command = description["command"]
    try:
        os.chdir(description["directory"])
        os.execvpe(command[0], command, environment)
    except OSError as error:
        print(f"cannot start {command[0]} in {description['directory']}: {error.strerror}", file=sys.stderr, flush=True)
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1])
