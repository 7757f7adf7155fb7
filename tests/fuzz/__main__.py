"""``python -m tests.fuzz --cases 20000 --jobs 2``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from .deviations import DEVIATIONS
from .runner import Outcome, chosen_keys, never_compared, run_cases, summary


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__)
    add = parser.add_argument
    add("--each", type=int, default=20, help="cases of each operator")
    add("--cases", type=int, help="cases in all, instead of --each")
    add("--start", type=int, default=0, help="number of the first case")
    add("--only", nargs="*", default=[], metavar="OPERATOR")
    add("--level", type=int, default=1, choices=(0, 1), help="-O0 or -O1")
    add("--jobs", type=int, default=1)
    add("--show", type=int, default=5, help="number to print of each operator")
    add("--refused", action="store_true", help="print what onnxruntime refuses too")
    add("--versions", action="store_true", help="list the versions without a case")
    add("--deviations", action="store_true", help="list the known deviations, and end")
    return parser.parse_args()


def main() -> int:
    """Run cases, print what differs and a summary; 1 if anything differs."""
    options = parsed()
    keys = chosen_keys(options.only)
    if options.deviations:
        for deviation in DEVIATIONS:
            print(f"{', '.join(deviation.operators)}: {deviation.reason}")
        return 0
    each = -(-options.cases // len(keys)) if options.cases else options.each
    wanted = {"differs", *(["refused"] if options.refused else [])}
    shown: Counter[object] = Counter()
    outcomes: list[Outcome] = []
    for outcome in run_cases(
        keys, each, start=options.start, level=options.level, jobs=options.jobs
    ):
        outcomes.append(outcome)
        shown[outcome.key, outcome.kind] += 1
        few = shown[outcome.key, outcome.kind] <= options.show
        if outcome.kind in wanted and few:
            print(f"{outcome.kind}: {outcome.text}", flush=True)
    if options.versions:
        for label, reason in never_compared(outcomes):
            print(f"never compared: {label}: {reason[:160]}")
    counts = summary(outcomes)
    total = Counter(o.kind for o in outcomes)
    for key, kinds in counts.items():
        print(".".join(filter(None, key)), dict(sorted(kinds.items())))
    print(
        f"{len(counts)} operators, {total['agrees']} cases agree, "
        f"{total['differs']} differ, {total['deviates']} deviate knowingly, "
        f"onnxruntime refuses {total['refused']}"
    )
    return 1 if total["differs"] else 0


if __name__ == "__main__":
    sys.exit(main())
