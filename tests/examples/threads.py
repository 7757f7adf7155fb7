"""Call packages from many threads at once, and compare every bit with a call alone.

``python threads.py PACKAGE... [--threads 32] [--calls 1000]`` in the packages' folder; it
needs what they need, NumPy, so that ``matrix.py`` can run it on every Python. Each package
is called with what was recorded when it was made, and with its values shifted.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import sys
import threading
import time
from typing import Any

import numpy as np

SEVERAL = 4
"""Inputs that differ: threads that mixed up their values would show."""


def variants(package: str) -> list[dict[str, Any]]:
    """Return the recorded inputs, and copies whose floats are scaled."""
    golden = importlib.import_module(f"{package}.tools.records")
    recorded = golden.recorded_inputs(golden.read_record())
    return [
        {
            name: (value * value.dtype.type(1 - i / 8) if is_float(value) else value)
            for name, value in recorded.items()
        }
        for i in range(SEVERAL)
    ]


def is_float(value: Any) -> bool:
    """Return whether a value is an array of floats."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def bits(result: Any) -> Any:
    """Return a result as bytes, whatever it is made of."""
    if isinstance(result, (tuple, list)):
        return [bits(each) for each in result]
    if isinstance(result, np.ndarray) and result.dtype != object:
        return result.tobytes()
    return repr(result)


def differences(package: str, threads: int, calls: int) -> list[str]:
    """Return which calls gave other bits than alone, or raised an exception."""
    model = importlib.import_module(package).Model()
    inputs = variants(package)
    alone = [bits(model(**each)) for each in inputs]
    wrong: list[str] = []
    start = threading.Barrier(threads)

    def work(number: int) -> None:
        start.wait()
        for i in range(calls):
            which = (number + i) % SEVERAL
            try:
                if bits(model(**inputs[which])) != alone[which]:
                    wrong.append(f"thread {number}, call {i}: other bits than alone")
            except Exception as error:
                wrong.append(f"thread {number}, call {i}: {error!r}")

    running = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return wrong


def main() -> int:
    """Return 1 if a package computed anything else."""
    parser = argparse.ArgumentParser(prog="python threads.py")
    parser.add_argument("packages", nargs="+")
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--calls", type=int, default=1000)
    chosen = parser.parse_args()
    sys.path.insert(0, ".")
    sys.setswitchinterval(1e-5)  # threads take turns often, so that more orders occur
    failed = False
    for package in chosen.packages:
        begin = time.perf_counter()
        wrong = differences(package, chosen.threads, chosen.calls)
        seconds = time.perf_counter() - begin
        gc.collect()
        print(f"{package}: {len(wrong)} of {chosen.threads * chosen.calls} calls differ"
              f" ({seconds:.1f} s)", flush=True)  # fmt: skip
        for line in wrong[:3]:
            print(f"  {line}", file=sys.stderr)
        failed |= bool(wrong)
    if hasattr(sys, "_is_gil_enabled"):
        print("global lock:", "on" if sys._is_gil_enabled() else "off")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
