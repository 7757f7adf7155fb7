"""Speed of packages for JAX under ``jax.jit``, beside onnxruntime and packages for NumPy.

``python -m benchmarks.jax_target --models FOLDER ...`` measures models of the fixed list that it
finds in the folders. Each engine runs in a process of its own, in turns, on the same inputs, with
all cores. What JAX takes to compile is not in the time of a call. ``--write`` records the figures
and makes the table in the documentation. Needs JAX and onnxruntime.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import machine, records
from .measure import EngineError, Plan, measure
from .models import ENTRIES
from .pages import write_section
from .tables import milliseconds

RECORD, SECTION = "jax_target", "jax-speed"
ENGINES = ("onnxruntime", "onnx2py", "jax")
NAMES = (
    "timm-resnet18", "timm-resnet50", "timm-mobilenetv2-legacy9", "timm-efficientnet-b0",
    "timm-vit-tiny", "timm-convnext-tiny", "hf-bert-mini-legacy14", "hf-gpt2-past-legacy14",
    "torch-unet", "torch-lstm",
)  # fmt: skip
HEADER = (
    "| model | onnxruntime | NumPy | / onnxruntime | JAX, `jit` | / onnxruntime |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
)


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return the times and ratios of all models, and the geometric means of these."""
    lines, ratios = list(HEADER), {engine: list[float]() for engine in ENGINES[1:]}
    for name, times in rows.items():
        base = times[ENGINES[0]]
        cells = [name, milliseconds(base)]
        for engine, found in ratios.items():
            found.append(times[engine] / base)
            cells += [milliseconds(times[engine]), f"{found[-1]:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    means = (f"{statistics.geometric_mean(each):.2f}" for each in ratios.values())
    words = "Geometric means of the ratios: NumPy {}, JAX {}."
    return "\n".join([*lines, "", words.format(*means)])


def section() -> str:
    """Return the recorded table, for the documentation; "" before the first record."""
    if not (record := records.read(RECORD)):
        return ""
    return f"Measured on: {record['machine']}.\n\n{table(record['models'])}\n"


def description() -> str:
    """Return a line: processor, cores and versions."""
    modules = {"JAX": "jax", "NumPy": "numpy", "onnxruntime": "onnxruntime"}
    versions = (
        f"{title} {importlib.import_module(name).__version__}"
        for title, name in modules.items()
    )
    cores = len(os.sched_getaffinity(0))
    python = f"Python {platform.python_version()}"
    return f"{machine.processor()}, {cores} cores; {', '.join((python, *versions))}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the models and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jax_target")
    add = parser.add_argument
    add("--models", nargs="+", type=Path, required=True, metavar="FOLDER")
    add("--only", nargs="*", default=[*NAMES], metavar="NAME")
    add(
        "--seconds", type=float, default=2.0, help="measuring time per engine and round"
    )
    add("--write", action="store_true", help="record the figures, update the table")
    chosen = parser.parse_args(arguments)
    plan = Plan(seconds=chosen.seconds, engines=ENGINES, cold=False, compilations=1)
    rows: dict[str, dict[str, float]] = {}
    for entry in ENTRIES:
        model = entry.find(chosen.models) if entry.file in chosen.only else None
        if model is None:
            continue
        try:
            rows[entry.name] = measure(entry, model.resolve(), plan).latency
        except EngineError as error:
            print(f"{entry.file}: {error}", file=sys.stderr)
        else:
            print(f"{entry.name}: {rows[entry.name]}", file=sys.stderr, flush=True)
    print(table(rows))
    if chosen.write:
        records.write(RECORD, {"machine": description(), "models": rows})
        write_section(SECTION, section())
    return 0


if __name__ == "__main__":
    sys.exit(main())
