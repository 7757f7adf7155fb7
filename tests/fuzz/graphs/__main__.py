"""``python -m tests.fuzz.graphs --each 500``: random graphs against onnxruntime."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from .compare import run_graphs
from .registry import artists

CHUNK = 25


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.fuzz.graphs", description=__doc__)
    add = parser.add_argument
    add("--each", type=int, default=50, help="graphs of each pattern")
    add("--start", type=int, default=0, help="number of the first graph")
    add("--only", nargs="*", default=[], metavar="PATTERN", choices=list(artists()))
    add("--levels", type=int, nargs="+", default=[0, 1], help="-O0, -O1 or both")
    add("--jobs", type=int, default=1)
    add("--show", type=int, default=5, help="number to print of each pattern")
    add("--refused", action="store_true", help="print what onnxruntime refuses too")
    return parser.parse_args()


def main() -> int:
    """Run graphs, print what differs and a summary; 1 if anything differs."""
    options = _parsed()
    end = options.start + options.each
    chunks = [
        (name, start, min(start + CHUNK, end), options.levels)
        for name in options.only or artists()
        for start in range(options.start, end, CHUNK)
    ]
    wanted = {"differs", *(["refused"] if options.refused else [])}
    counts: dict[str, Counter[str]] = {}
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        runs = (
            pool.map(run_graphs, chunks)
            if options.jobs > 1
            else map(run_graphs, chunks)
        )
        for outcome in (outcome for outcomes in runs for outcome in outcomes):
            found = counts.setdefault(outcome.name, Counter())
            found[outcome.kind] += 1
            if outcome.kind in wanted and found[outcome.kind] <= options.show:
                print(f"{outcome.kind}: {outcome.text}", flush=True)
    for name, found in counts.items():
        print(name, dict(sorted(found.items())))
    return 1 if any(found["differs"] for found in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
