"""Speed: packages, onnxruntime and onnx's reference evaluator on the same inputs.

``python -m benchmarks.run --models FOLDER ...`` measures the fixed list of ``models.py``, whose
files it looks for in these folders; ``... MODEL ...`` measures other files, ``--quick`` the
examples and two models of onnx. Each engine runs in fresh processes, in turns, with all cores;
outputs are compared with onnxruntime's in the same run. The tables give medians.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import onnx

from onnx2py.errors import Onnx2pyError

from . import machine, refresh
from .measure import EngineError, Plan, Row, compile_seconds, measure
from .models import ENTRIES, Entry
from .pages import write_section
from .pictures import svg
from .pictures.bars import bars
from .tables import bars_table, latency_table, other_table

EXAMPLES = Path(__file__).parents[1] / "generated_examples"
LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
QUICK = ("light_inception_v1", "light_shufflenet")
CHAIN = 10_000


def chosen_models(
    files: Sequence[Path], folders: Sequence[Path], quick: bool, only: Sequence[str]
) -> Iterator[tuple[Entry, Path]]:
    """Yield the models to measure; missing files are reported on standard error."""
    for path in files:
        yield Entry(path.stem, "others"), path.resolve()
    if quick:
        light = [LIGHT / f"{name}.onnx" for name in QUICK]
        for path in (*sorted(EXAMPLES.glob("*.onnx")), *light):
            yield Entry(path.stem, "at hand"), path
    for entry in ENTRIES if folders else ():
        found = entry.find(folders)
        if only and not any(name in (entry.file, entry.family) for name in only):
            continue
        if found is None:
            print(f"{entry.file}.onnx: not in the folders given", file=sys.stderr)
        else:
            yield entry, found.resolve()


def chain_seconds() -> float:
    """Return the seconds it takes to compile a chain of 10 000 nodes."""
    helper = onnx.helper
    names = ["x", *(f"v{i}" for i in range(CHAIN))]
    operators = ("Sin", "Abs", "Neg", "Exp", "Tanh")
    nodes = [
        helper.make_node(operators[i % 5], [names[i]], [names[i + 1]], f"node{i}")
        for i in range(CHAIN)
    ]
    x, y = (
        helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, ["n", 4])
        for n in (names[0], names[-1])
    )
    opset = helper.make_opsetid("", 17)
    graph = helper.make_graph(nodes, "chain", [x], [y])
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.onnx"
        onnx.save(model, path)
        return compile_seconds(path, Path(folder) / "package")


def report(rows: Sequence[Row], chain: float | None, quick: bool) -> str:
    """Return all tables."""
    ours, theirs = machine.products()
    parts = [
        f"Measured on: {machine.description()}. A product of 1024 x 1024 float32 runs at "
        f"{ours:.0f} GFLOP/s in NumPy, {theirs:.0f} in onnxruntime.\n",
        "" if quick else bars_table(rows, chain),
        latency_table(rows),
        other_table(rows) if any(row.cold for row in rows) else "",
    ]
    return "\n".join(part for part in parts if part)


def compared(rows: Sequence[Row], before: Sequence[Row]) -> str:
    """Return the ratios of an earlier run's latencies to the present ones."""
    earlier = {row.name: row.latency.get("onnx2py") for row in before}
    lines = ["| model | before / now |", "| --- | ---: |"]
    for row in rows:
        then, now = earlier.get(row.name), row.latency.get("onnx2py")
        if then and now:
            lines.append(f"| {row.name} | {then / now:.2f} |")
    return "\n".join([*lines, ""])


def read_rows(path: Path) -> list[Row]:
    """Return the rows of an earlier run."""
    return [Row(**row) for row in json.loads(path.read_text("utf-8"))["rows"]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the requested files."""
    chosen = _arguments(arguments)
    plan = Plan(
        rounds=1 if chosen.quick else chosen.rounds,
        compilations=1 if chosen.quick else 3,
        seconds=0.2 if chosen.quick else chosen.seconds,
        engines=tuple(chosen.engines.split(",")),
        cold=not chosen.quick and not chosen.no_cold,
        torch_python=chosen.torch_python,
    )
    rows = read_rows(chosen.add_to) if chosen.add_to else []
    failed = False
    models = chosen_models(chosen.files, chosen.models, chosen.quick, chosen.only)
    for entry, path in models:
        try:
            row = measure(entry, path, plan)
        except (EngineError, Onnx2pyError) as error:
            print(f"{entry.name}: {error}", file=sys.stderr)
            failed = True
            continue
        rows = [*(r for r in rows if r.name != row.name), row]
        ratio = row.ratio("latency", "onnx2py", "onnxruntime") or 0
        print(f"{entry.name}: {ratio:.2f}", file=sys.stderr, flush=True)
        if chosen.json:
            _write_json(chosen.json, rows)
    if not rows:
        return 1
    order = {entry.name: i for i, entry in enumerate(ENTRIES)}
    rows.sort(key=lambda row: order.get(row.name, len(order)))
    text = report(rows, chain_seconds() if chosen.chain else None, chosen.quick)
    print(text)
    if chosen.against:
        print(compared(rows, read_rows(chosen.against)))
    if chosen.json:
        _write_json(chosen.json, rows)
    if chosen.plot:
        chosen.plot.write_text(bars(_ratios(rows), svg.LIGHT), encoding="utf-8")
    if chosen.write and not failed:
        write_section("speed", text)
        refresh.main()
    return 1 if failed else 0


def _ratios(rows: Sequence[Row]) -> list[tuple[str, str, float]]:
    ratios = ((r, r.ratio("latency", "onnx2py", "onnxruntime")) for r in rows)
    return [(row.family, row.name, ratio) for row, ratio in ratios if ratio]


def _write_json(path: Path, rows: Sequence[Row]) -> None:
    found = {"rows": [row.as_json() for row in rows]}
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run")
    add = parser.add_argument
    add("files", nargs="*", type=Path, metavar="MODEL", help="other models")
    add("--models", nargs="*", type=Path, default=[], metavar="FOLDER")
    add("--only", nargs="*", default=[], metavar="NAME", help="files or families")
    add(
        "--quick",
        action="store_true",
        help="the examples and two models of onnx, in less than a minute",
    )
    add("--rounds", type=int, default=3, help="processes per engine")
    add("--seconds", type=float, default=1.0, help="measuring time per process")
    add("--engines", default="onnx2py,onnxruntime,accelerated,reference")
    add("--no-cold", action="store_true", help="skip cold start and memory")
    add("--torch-python", default="", help="an interpreter with torch and timm")
    add("--chain", action="store_true", help="also compile a chain of 10 000 nodes")
    add("--json", type=Path, help="file for the figures")
    add("--add-to", type=Path, help="JSON of an earlier run to extend")
    add("--against", type=Path, help="JSON of an earlier run to compare with")
    add("--plot", type=Path, help="file for a plot (SVG)")
    add("--write", action="store_true", help="put the tables into docs/performance.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
