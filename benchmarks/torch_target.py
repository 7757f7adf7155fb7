"""Speed of packages for PyTorch, beside the modules that they were exported from.

``python -m benchmarks.torch_target`` needs torch, timm, transformers, onnxscript and onnxruntime.
Each network is exported to ONNX, compiled for PyTorch, and called in turns with the original on the
same inputs: in eager mode, with ``--compile`` also as ``torch.compile`` made it, which needs a C++
compiler. Ratios are of the package's median to the original's, in one run; below 1 the package is
faster. PyTorch's exporter folds batch normalization, which saves packages time. ``--write`` records
the figures and makes the table in the documentation.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import machine, records
from .pages import write_section

RECORD, SECTION = "torch_target", "torch-speed"

Engines = Mapping[str, Callable[[], Any]]
ORIGINAL, PACKAGE, RUNTIME = "original", "package", "onnxruntime"
COMPILED = ", compiled"
HEADER = (
    "| network | original | package | ratio | onnxruntime |",
    "| --- | ---: | ---: | ---: | ---: |",
)


def of_timm(name: str) -> Callable[[], tuple[Any, tuple[Any, ...]]]:
    """Return the maker of a network of timm with random weights, and of an image."""

    def make() -> tuple[Any, tuple[Any, ...]]:
        timm, torch = map(importlib.import_module, ("timm", "torch"))
        return timm.create_model(name).eval(), (torch.randn(1, 3, 224, 224),)

    return make


def of_texts(kind: str, **options: Any) -> Callable[[], tuple[Any, tuple[Any, ...]]]:
    """Return the maker of a transformer with random weights, and of 128 tokens."""

    def make() -> tuple[Any, tuple[Any, ...]]:
        torch, library = map(importlib.import_module, ("torch", "transformers"))
        config = getattr(library, f"{kind}Config")(return_dict=False, **options)
        return (
            getattr(library, f"{kind}Model")(config).eval(),
            (torch.randint(1000, (1, 128)),),
        )

    return make


def of_speech() -> tuple[Any, tuple[Any, ...]]:
    """Return an encoder of Whisper with random weights, and thirty seconds."""
    torch, library = map(importlib.import_module, ("torch", "transformers"))
    config = library.WhisperConfig(return_dict=False, encoder_layers=4, d_model=384)
    config.encoder_attention_heads, config.encoder_ffn_dim = 6, 1536
    whisper = importlib.import_module("transformers.models.whisper.modeling_whisper")
    return whisper.WhisperEncoder(config).eval(), (torch.randn(1, 80, 3000),)


NETWORKS = {
    "resnet18": of_timm("resnet18"),
    "resnet50": of_timm("resnet50"),
    "mobilenetv3_large_100": of_timm("mobilenetv3_large_100"),
    "convnext_tiny": of_timm("convnext_tiny"),
    "vit_tiny_patch16_224": of_timm("vit_tiny_patch16_224"),
    "mixer_s32_224": of_timm("mixer_s32_224"),
    "BERT": of_texts("Bert", num_hidden_layers=6),
    "GPT-2": of_texts("GPT2", n_layer=6, use_cache=False),
    "Whisper, encoder": of_speech,
}


def engines(name: str, folder: Path, compiled: bool) -> Engines:
    """Return the functions that compute a network, by name; all compute the same.

    Raises
    ------
    ValueError
        If results differ.
    """
    torch, onnxruntime = map(importlib.import_module, ("torch", "onnxruntime"))
    onnx2py = importlib.import_module("onnx2py")
    torch.manual_seed(0)
    original, given = NETWORKS[name]()
    file = folder / "net.onnx"
    torch.onnx.export(original, given, file, dynamo=True, verbose=False)
    package = onnx2py.load_model(file, target="torch")
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    inputs = dict(
        zip((i.name for i in session.get_inputs()), (x.numpy() for x in given))
    )
    found = {
        ORIGINAL: lambda: original(*given),
        PACKAGE: lambda: package(*given),
        RUNTIME: lambda: session.run(None, inputs),
    }
    if compiled:
        for key, module in ((ORIGINAL, original), (PACKAGE, package)):
            fast = torch.compile(module)
            found[f"{key}{COMPILED}"] = lambda fast=fast: fast(*given)
    first, *others = (first_of(run()) for run in found.values())
    for key, result in zip([*found][1:], others):
        if abs(result - first).max() > 1e-3 * abs(first).max():
            raise ValueError(f"{name}: {key} computes something else")
    return found


def first_of(results: Any) -> Any:
    """Return the first of several results, as an array."""
    first = results[0] if isinstance(results, (tuple, list)) else results
    return first if isinstance(results, list) else first.detach().numpy()


def measured(found: Engines, seconds: float) -> dict[str, float]:
    """Return the median seconds of a call of each.

    Original and package take turns, each first as often as the other. Threads of onnxruntime, which
    wait busily, would slow down what comes next: it is measured by itself, last.
    """
    times: dict[str, float] = {}
    for end in ("", COMPILED):
        pair = [f"{key}{end}" for key in (ORIGINAL, PACKAGE) if f"{key}{end}" in found]
        times.update(in_turns({key: found[key] for key in pair}, seconds))
    return {**times, **in_turns({RUNTIME: found[RUNTIME]}, seconds)}


def in_turns(found: Engines, seconds: float) -> dict[str, float]:
    """Return the median seconds of a call of each; they take turns."""
    times: dict[str, list[float]] = {key: [] for key in found}
    order, begun = [*found], time.perf_counter()
    while order and (
        time.perf_counter() - begun < seconds * len(order) or len(times[order[0]]) < 6
    ):
        for key in order:
            start = time.perf_counter()
            found[key]()
            times[key].append(time.perf_counter() - start)
        order.reverse()
    return {key: statistics.median(each) for key, each in times.items()}


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return the times and ratios of all networks, and the geometric means of these."""
    lines, more = list(HEADER), any(f"{PACKAGE}{COMPILED}" in r for r in rows.values())
    if more:
        lines = [
            f"{lines[0]} original{COMPILED} | package{COMPILED} | ratio |",
            f"{lines[1]} ---: | ---: | ---: |",
        ]
    ratios: dict[str, list[float]] = {"": [], COMPILED: []}
    for name, times in rows.items():
        cells = [name]
        for end in ("", COMPILED) if more else ("",):
            ours, theirs = times.get(PACKAGE + end), times.get(ORIGINAL + end)
            both = ours and theirs
            ratios[end] += [ours / theirs] if both else []
            cells += [milliseconds(theirs), milliseconds(ours)]
            cells.append(f"{ratios[end][-1]:.2f}" if both else "-")
            if not end:
                cells.append(milliseconds(times.get(RUNTIME)))
        lines.append(f"| {' | '.join(cells)} |")
    means = [
        f"{end.strip(', ') or 'eager'} {statistics.geometric_mean(each):.3f}"
        for end, each in ratios.items()
        if each
    ]
    return "\n".join(
        [*lines, "", f"Geometric means of the ratios: {', '.join(means)}."]
    )


def milliseconds(seconds: float | None) -> str:
    """Format a time."""
    return "-" if seconds is None else f"{1000 * seconds:.1f} ms"


def section() -> str:
    """Return the recorded table, for the documentation; "" before the first record."""
    if not (record := records.read(RECORD)):
        return ""
    return f"Measured on: {record['machine']}.\n\n{table(record['networks'])}\n"


def description() -> str:
    """Return a line: processor, cores and versions."""
    modules = {"PyTorch": "torch", "onnxruntime": "onnxruntime"}
    versions = (
        f"{title} {importlib.import_module(name).__version__}"
        for title, name in modules.items()
    )
    cores = len(os.sched_getaffinity(0))
    python = f"Python {platform.python_version()}"
    return f"{machine.processor()}, {cores} cores; {', '.join((python, *versions))}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the networks and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.torch_target")
    add = parser.add_argument
    add("--only", nargs="*", default=[*NETWORKS], choices=[*NETWORKS], metavar="NAME")
    add("--seconds", type=float, default=3.0, help="measuring time per engine")
    add("--compile", action="store_true", help="also compile with torch.compile")
    add("--json", type=Path, help="file for the figures, which grows with them")
    add("--resume", action="store_true", help="keep the figures that the file has")
    add("--write", action="store_true", help="record the figures, update the table")
    chosen = parser.parse_args(arguments)
    rows: dict[str, dict[str, float]] = {}
    if chosen.resume and chosen.json and chosen.json.exists():
        rows = json.loads(chosen.json.read_text(encoding="utf-8"))
    torch = importlib.import_module("torch")
    for name in [name for name in chosen.only if name not in rows]:
        with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
            found = engines(name, Path(folder), chosen.compile)
            rows[name] = measured(found, chosen.seconds)
        print(f"{name}: {rows[name]}", file=sys.stderr, flush=True)
        if chosen.json:
            chosen.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    print(table(rows))
    if chosen.write:
        records.write(RECORD, {"machine": description(), "networks": rows})
        write_section(SECTION, section())
    return 0


if __name__ == "__main__":
    sys.exit(main())
