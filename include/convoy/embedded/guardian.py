"""The guardian: waits for the monitor to die, however it dies, and then kills what is left of its session.

``python -m convoy.embedded.guardian SID`` with a pipe from the monitor as standard input. The pipe closes when the
monitor is gone, even by SIGKILL, on every operating system. It is in a session of its own, so that it survives.
"""

from __future__ import annotations

import signal
import sys

from convoy.embedded.session import kill_session


def main() -> int:
    """Wait, then kill. The exit code is the number of processes that could not be killed, at most 100."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sid = int(sys.argv[1])
    sys.stdin.buffer.read()
    return min(len(kill_session(sid, within=30.0)), 100)


if __name__ == "__main__":
    sys.exit(main())
