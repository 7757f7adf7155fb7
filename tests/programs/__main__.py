"""``python -m tests.programs [NAME ...]``: all programs with a shim in onnxruntime's place.

Fetches up to 100 MB for each; takes minutes. The exit status is 1 if an answer differs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .programs import PROGRAMS, NotFetched
from .test_programs import check, with_shim


def main(names: list[str]) -> int:
    """Run the programs of those names, or all; print how each ended."""
    wrong = 0
    for name in names or PROGRAMS:
        program = PROGRAMS[name]
        with tempfile.TemporaryDirectory() as folder:
            try:
                site = program.install(Path(folder))
                ours = with_shim(program, site, Path(folder) / "out")
                check(program, ours, program.answer(site))
                verdict = "runs unchanged, answers agree"
            except NotFetched as error:
                verdict = f"not tried: {error}"
            except AssertionError as error:
                verdict, wrong = f"DIFFERS: {error}", wrong + 1
        print(f"{name}: {verdict}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
