"""Tries cases one after the other: ``python -m tests.mutate.worker START STOP STEP FOLDER...``.

Prints a line of JSON before each case and one after it, so that its parent knows
which case it died of.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from pathlib import Path

from .attempt import attempt
from .mutate import damaged

MEMORY = 6 << 30
"""Bytes that the process may have."""


def main(start: int, stop: int, step: int, folders: tuple[str, ...]) -> None:
    """Try the cases of a range."""
    out = sys.stdout
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(start, stop, step):
            print(json.dumps({"begin": number}), file=out, flush=True)
            what, data = damaged(number, folders)
            problem = attempt(data, Path(folder), number % 2)
            found = {"case": number, "what": what, "problem": problem}
            print(json.dumps(found), file=out, flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), tuple(sys.argv[4:]))
