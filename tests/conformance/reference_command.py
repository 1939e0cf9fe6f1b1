"""The reference of the command contract: the fleet in a file. ``python reference_command.py STATE_FILE VERB``."""

from __future__ import annotations

import fcntl
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.conformance.reference_fleet import Complaint, Fleet, empty

STATUS = {"lock-held": 10, "fenced": 11, "drift": 12, "refused": 13}


def main(file: Path, verb: str) -> int:
    """Answer one request; one at a time, since several may come at once."""
    request = json.load(sys.stdin)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fleet = Fleet(json.loads(file.read_text()) if file.exists() else empty())
        try:
            answer = fleet.answer(verb, request)
        except Complaint as complaint:
            print(json.dumps({"message": str(complaint)}))
            return STATUS[complaint.code]
        scratch = file.with_suffix(".new")
        scratch.write_text(json.dumps(fleet.state))
        scratch.replace(file)
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
