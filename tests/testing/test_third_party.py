"""The kit as another distribution sees it: a backend of a few operators, a page, a pytest file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BACKEND = '''"""A backend of ten operators, on NumPy."""

import numpy as np
from onnx.numpy_helper import to_array
from onnx.backend.base import Backend, BackendRep

OPERATORS = {
    "Abs": np.abs, "Add": np.add, "Ceil": np.ceil, "Cos": np.cos, "Exp": np.exp,
    "Floor": np.floor, "Mul": np.multiply, "Neg": np.negative, "Sin": np.sin, "Sub": np.subtract,
}


class Prepared(BackendRep):
    def __init__(self, graph):
        self.graph = graph

    def run(self, inputs, **options):
        values = dict(zip((value.name for value in self.graph.input), inputs))
        values.update((t.name, to_array(t)) for t in self.graph.initializer)
        for node in self.graph.node:
            function = OPERATORS[node.op_type]
            values[node.output[0]] = function(*(values[name] for name in node.input))
        return tuple(values[value.name] for value in self.graph.output)


class TinyBackend(Backend):
    @classmethod
    def is_compatible(cls, model, device="CPU", **options):
        return all(node.op_type in OPERATORS for node in model.graph.node)

    @classmethod
    def prepare(cls, model, device="CPU", **options):
        return Prepared(model.graph)


is_compatible = TinyBackend.is_compatible
prepare = TinyBackend.prepare
'''
SUITE = '''"""A suite of one case."""

import numpy as np
from onnx import TensorProto, helper

from onnx2py.errors import OptionError
from onnx2py.testing import Case, Label


class Suite:
    name = "tiny"

    def __init__(self, text):
        self.length = int(text or 2)

    def names(self, selection):
        if selection.only not in ((), ("twice",)):
            raise OptionError(f"tiny: expected twice, got {selection.only}")
        return ["twice"]

    def case(self, name):
        value = lambda n: helper.make_tensor_value_info(n, TensorProto.FLOAT, [None])
        node = helper.make_node("Add", ["x", "x"], ["y"])
        graph = helper.make_graph([node], "twice", [value("x")], [value("y")])
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8
        )
        x = np.ones(self.length, np.float32)
        same = lambda ours, theirs: None if (ours[0] == theirs[0]).all() else "not twice"
        return Case(name, model, [{"x": x}], lambda: [[x * 2]], same, Label("Add", "", 13))
'''
PYTEST = """from onnx2py import testing

globals().update(testing.test_cases("tiny_backend", only=["Add", "Cos", "Erf"]))
"""
METADATA = """Metadata-Version: 2.1
Name: tiny-backend
Version: 1.2
Requires-Dist: onnx2py[testing]
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder as pip leaves one: modules, and the metadata of their distribution."""
    info = tmp_path / "tiny_backend-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "top_level.txt").write_text("tiny_backend\ntiny_suite\n")
    (info / "entry_points.txt").write_text(
        "[onnx2py.suites]\ntiny = tiny_suite:Suite\n"
    )
    (tmp_path / "tiny_backend.py").write_text(BACKEND)
    (tmp_path / "tiny_suite.py").write_text(SUITE)
    (tmp_path / "test_tiny.py").write_text(PYTEST)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    paths = os.pathsep.join(map(str, (folder, root)))
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )


def test_its_page_needs_one_command(installed: Path) -> None:
    done = run(
        installed, "onnx2py", "conformance", "tiny_backend",
        "--suite", "official", "fuzz", "tiny=3",
        "--only", "Add", "Cos", "Erf", "twice", "--each", "3", "--html", "page.html", "--json",
        "r.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    page = (installed / "page.html").read_text("utf-8")
    assert "tiny_backend" in page and "tiny-backend 1.2" in page
    assert 'data-operator="Cos"' in page
    cases = json.loads((installed / "r.json").read_text())["cases"]
    verdicts = {case[2]: case[3] for case in cases}
    assert verdicts["test_add"] == verdicts["test_cos_example"] == "passed"
    assert verdicts["test_erf"] == "refused"
    assert verdicts["Cos-7#0"] == verdicts["twice"] == "passed"


def test_its_suite_is_found(installed: Path) -> None:
    done = run(installed, "onnx2py", "conformance", "tiny_backend", "--suite", "tiny=3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tiny" in done.stdout


def test_three_lines_are_its_tests(installed: Path) -> None:
    done = run(installed, "pytest", "-q", "-p", "no:cacheprovider", "test_tiny.py")
    assert done.returncode == 0, done.stdout
    last = done.stdout.splitlines()[-1]
    assert "passed" in last and "1 skipped" in last
