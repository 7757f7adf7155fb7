"""What a model that is larger than memory costs: ``python -m benchmarks.big``.

Makes a model with gigabytes of weights in a file beside it, compiles it, starts its package,
and prints the time and the peak memory of each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

WIDTH = 4096
MEGABYTE = 1 << 20
OFFSET_UNIT = 1 << 16

COMPILE = "import onnx2py; onnx2py.compile_model({model!r}, {package!r})"
START = "import sys; sys.path.insert(0, {folder!r}); import big; model = big.Model()"
LOOK_UP = f"{START}; import numpy as np; model(np.array([1, 5]), np.array(False))"
CALL = f"{START}; import numpy as np; model(np.array([1, 5]), np.array(True))"
PEAK = """
import json, re, time
begun = time.perf_counter()
{code}
seconds = time.perf_counter() - begun
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
print(json.dumps([seconds, int(peak[1])]))
"""
"""The most memory that was resident, of mapped files too, in kilobytes; Linux tells it."""


def make(path: Path, megabytes: int) -> None:
    """Write a model with that many megabytes of float32 weights: a table and layers.

    ``ids`` are looked up in a table, a third of the weights. If ``deep``, the rows then
    go through the layers; each is a product with a square matrix.
    """
    layer_bytes = 4 * WIDTH * WIDTH
    layers = max(1, megabytes * MEGABYTE * 2 // 3 // layer_bytes)
    rows = (megabytes * MEGABYTE - layers * layer_bytes) // (4 * WIDTH)
    shapes = {"table": (rows, WIDTH)}
    shapes.update((f"layer{i}", (WIDTH, WIDTH)) for i in range(layers))
    tensors = _external(path.with_suffix(".bin"), shapes)
    onnx.save(_model(tensors, layers), path)


def _external(path: Path, shapes: dict[str, tuple[int, int]]) -> list[TensorProto]:
    """Write random tensors to a file, one after the other; return their names."""
    random, tensors = np.random.default_rng(0), []
    with path.open("wb") as stream:
        for name, shape in shapes.items():
            stream.write(bytes(-stream.tell() % OFFSET_UNIT))
            tensor = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT)
            tensor.data_location = TensorProto.EXTERNAL
            size = 4 * shape[0] * shape[1]
            for key, value in (
                ("location", path.name),
                ("offset", stream.tell()),
                ("length", size),
            ):
                tensor.external_data.add(key=key, value=str(value))
            for start in range(0, shape[0], 1024):
                part = (min(1024, shape[0] - start), WIDTH)
                values = random.standard_normal(part, np.float32) / np.float32(
                    WIDTH**0.5
                )
                stream.write(
                    values.tobytes()
                )  # products keep the scale of what goes in
            tensors.append(tensor)
    return tensors


def _model(tensors: list[TensorProto], layers: int) -> onnx.ModelProto:
    value = "rows"
    nodes = []
    for i in range(layers):
        nodes.append(helper.make_node("MatMul", [value, f"layer{i}"], [f"product{i}"]))
        nodes.append(helper.make_node("Tanh", [f"product{i}"], [f"hidden{i}"]))
        value = f"hidden{i}"
    deep = helper.make_graph(nodes, "deep", [], [_float(value)])
    same = helper.make_node("Identity", ["rows"], ["same"])
    flat = helper.make_graph([same], "flat", [], [_float("same")])
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "ids"], ["rows"], "look_up"),
            helper.make_node(
                "If", ["deep"], ["y"], "go_deep", then_branch=deep, else_branch=flat
            ),
        ],
        "big",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"]),
            helper.make_tensor_value_info("deep", TensorProto.BOOL, []),
        ],
        [_float("y")],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def _float(name: str) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", WIDTH])


def measured(code: str) -> tuple[float, float]:
    """Run code in a process of its own; return seconds, and the peak memory in megabytes."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK.format(code=code)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    seconds, kilobytes = json.loads(done.stdout.splitlines()[-1])
    return seconds, kilobytes / 1024


def measure(folder: Path, megabytes: int) -> dict[str, tuple[float, float]]:
    """Make a model in a folder, and measure what can be done with it."""
    make(folder / "big.onnx", megabytes)
    names = {
        "model": str(folder / "big.onnx"),
        "package": str(folder / "big"),
        "folder": str(folder),
    }
    codes = {
        "import onnx2py": "import onnx2py.pipeline",
        "compile": COMPILE,
        "import numpy": "import numpy",
        "start the package": START,
        "look two rows up": LOOK_UP,
        "go through every layer": CALL,
    }
    return {what: measured(code.format(**names)) for what, code in codes.items()}


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.big")
    parser.add_argument("--megabytes", type=int, default=3072, help="of weights")
    parser.add_argument("--folder", type=Path, help="where there is room for it twice")
    given = parser.parse_args()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        rows = measure(Path(folder), given.megabytes)
    print(
        f"{given.megabytes} MB of weights, {time.perf_counter() - begun:.0f} s in all\n"
    )
    print("| | seconds | peak memory, MB |\n| --- | ---: | ---: |")
    for what, (seconds, memory) in rows.items():
        print(f"| {what} | {seconds:.2f} | {memory:.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
