"""``python -m tests.mutate --cases N [--start N] [--jobs J] [--models FOLDER...] [--keep DIR]``.

Prints each failure, and how often each kind of it occurred. Exit status 1 if there is one.
"""

from __future__ import annotations

import argparse
import json
import re
import selectors
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .mutate import damaged

PATIENCE = 40
"""Seconds that a case may take, imports of the first one included."""


def outcomes(
    start: int, stop: int, step: int, folders: tuple[str, ...]
) -> Iterator[dict[str, object]]:
    """Yield what became of each case; a worker that dies or hangs is followed by another."""
    while start < stop:
        arguments = [str(n) for n in (start, stop, step)]
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.mutate.worker", *arguments, *folders],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert worker.stdout is not None
        current, problem = start, ""
        with selectors.DefaultSelector() as waiting:
            waiting.register(worker.stdout, selectors.EVENT_READ)
            while True:
                if not waiting.select(PATIENCE):
                    problem = f"no answer in {PATIENCE} s"
                    break
                line = worker.stdout.readline()
                if not line:
                    break
                found = json.loads(line)
                if "begin" in found:
                    current = found["begin"]
                else:
                    start = current + step
                    yield found
        worker.kill()
        _, errors = worker.communicate()
        if start >= stop:
            return
        last = (errors.strip().splitlines() or ["?"])[-1]
        problem = problem or f"the process died ({worker.returncode}): {last}"
        yield {
            "case": current,
            "what": damaged(current, folders)[0],
            "problem": problem,
        }
        start = current + step


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutate")
    add = parser.add_argument
    add("--cases", type=int, default=1000)
    add("--start", type=int, default=0)
    add("--jobs", type=int, default=1)
    add("--models", nargs="*", default=[], metavar="FOLDER")
    add("--keep", type=Path, metavar="FOLDER", help="write models that fail here")
    chosen = parser.parse_args()
    kinds: Counter[str] = Counter()
    done = 0
    lock = threading.Lock()

    def run(first: int) -> None:
        nonlocal done
        folders = tuple(chosen.models)
        stop = chosen.start + chosen.cases
        for found in outcomes(chosen.start + first, stop, chosen.jobs, folders):
            with lock:
                done += 1
                if done % 1000 == 0:
                    print(f"{done} cases, {sum(kinds.values())} fail", flush=True)
                if found["problem"]:
                    text = str(found["problem"])
                    kind = re.sub(r"['\"][^'\"]*['\"]|\d+", "_", text.splitlines()[0])[
                        :90
                    ]
                    kinds[kind] += 1
                    if kinds[kind] <= 3:
                        print(
                            f"{found['case']} {found['what']}: {text[:400]}", flush=True
                        )
                        if chosen.keep:
                            chosen.keep.mkdir(parents=True, exist_ok=True)
                            path = chosen.keep / f"{found['case']}.onnx"
                            number = int(str(found["case"]))
                            path.write_bytes(damaged(number, folders)[1])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(chosen.jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for kind, count in kinds.most_common():
        print(f"{count:6d} {kind}")
    print(f"{done} cases, {sum(kinds.values())} fail")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
