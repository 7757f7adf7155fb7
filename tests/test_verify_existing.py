"""``onnx2py verify PKG MODEL``: is a package still what the model says, and where is it not?"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import external_data_helper, numpy_helper

import onnx2py
from onnx2py import cli
from onnx2py.verification.per_node import ulp_difference
from onnx2py.verify import verify_existing

NET = """<ir_version: 8, opset_import: ["" : 17, "l" : 1]>
    net (float[n, 3] x) => (float[n, 3] y, int64[n] best)
        <float[3] w = {0.5, -2, 0.25}> {
        a = Sub (x, w) b = Relu (a) c = l.twice (b) y = Softmax (c)
        best = ArgMax <axis = 1, keepdims = 0> (y) }
    <opset_import: ["" : 17], domain: "l"> twice (p) => (r) { q = Neg (p) r = Abs (q) }"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a model and its package."""
    monkeypatch.chdir(tmp_path)
    onnx.save(onnx.parser.parse_model(NET), "net.onnx")
    onnx2py.compile_model("net.onnx", "net")
    np.save("x.npy", np.float32([[1, -1, 0.1], [-1, 0.5, 0]]))
    return tmp_path


def plant(file: str, old: str, new: str) -> None:
    """Put a mistake into a package."""
    path = Path("net", file)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_package_that_is_right(here, capsys):
    before = contents(here)
    assert cli.main(["verify", "net", "net.onnx", "--per-node"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "net: agrees with onnxruntime"
    assert lines[1].startswith("  compared with onnxruntime on random inputs, seed 0")
    assert lines[-1] == (
        "  value by value against onnxruntime: 5 of 5 agree; not compared: "
        "2 values in functions, later rounds and branches that were not taken"
    )
    assert contents(here) == before


def test_a_wrong_kernel_is_found(here, capsys):
    plant(
        "ops/activation.py",
        "np.maximum(x, x.dtype.type(0)",
        "np.maximum(x, x.dtype.type(2)",
    )
    assert cli.main(["verify", "net", "net.onnx", "--per-node", "--data", "x.npy"]) == 3
    out = capsys.readouterr().out
    assert "y " in out and "DIFFERS" in out
    lines = Path("net/model.py").read_text().splitlines()
    (line,) = (i for i, text in enumerate(lines, 1) if "b = ops.relu(a)" in text)
    assert (
        "the first that differs is b, of b: Relu:\n"
        f"    model.py:{line}: b = ops.relu(a)  # float32[n, 3]\n" in out
    )
    found = re.search(r"largest difference (\S+), \S+ of the scale, (\S+) ULP", out)
    assert found and float(found[1]) <= 2 and found[2] == ">1,000,000"


def test_a_wrong_argument_is_found(here, capsys):
    plant("model.py", "= -p", "= -p * 2")
    assert cli.main(["verify", "net", "net.onnx", "--all"]) == 3
    out = capsys.readouterr().out
    assert "the first that differs is c, of c: twice:" in out
    table = [line.split() for line in out.splitlines() if line.startswith("    ")]
    verdicts = {row[1]: row[-1] == "DIFFERS" for row in table if row[0].isdecimal()}
    assert verdicts["a"] is verdicts["b"] is False
    assert verdicts["c"] is verdicts["y"] is True


def test_outputs_alone(here, capsys):
    plant(
        "ops/activation.py",
        "np.maximum(x, x.dtype.type(0)",
        "np.maximum(x, x.dtype.type(2)",
    )
    assert cli.main(["verify", "net", "net.onnx", "--data", "x.npy"]) == 3
    assert "value by value" not in capsys.readouterr().out
    assert not verify_existing("net", "net.onnx", data=["x.npy"]).agrees


def test_given_inputs_and_a_model_in_memory(here):
    model = onnx.load("net.onnx")
    for given in (model, model.SerializeToString(), "net.onnx"):
        found = verify_existing("net", given, data=["x.npy"], per_node=True)
        assert found.agrees and found.nodes is not None
        assert [r.name for r in found.nodes.results] == ["a", "b", "c", "y", "best"]


def test_external_weights_are_found(here):
    weight = numpy_helper.from_array(np.ones((40, 40), np.float32), "w")
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[40] x) => (float[40] y) '
        "{ a = MatMul (x, w) y = Relu (a) }"
    )
    model.graph.initializer.append(weight)
    external_data_helper.convert_model_to_external_data(
        model, location="data.bin", size_threshold=0
    )
    onnx.save(model, "split.onnx")
    onnx2py.compile_model("split.onnx", "split")
    found = verify_existing("split", "split.onnx", per_node=True)
    assert found.agrees and found.nodes is not None
    assert [result.agrees for result in found.nodes.results] == [True, True]


@pytest.mark.parametrize(
    "package, words",
    [
        ("missing", "expected a package that onnx2py made"),
        ("old", "expected its folder tools/"),
    ],
)
def test_what_cannot_be_compared(here, capsys, package, words):
    Path("old").mkdir()
    Path("old/model.py").write_text("")
    assert cli.main(["verify", package, "net.onnx", "--per-node"]) == 1
    assert words in capsys.readouterr().err


def test_units_in_the_last_place():
    one = np.float32([1, 1000, 0])
    after = np.nextafter(one, np.float32(np.inf))
    assert ulp_difference(one, one) == 0
    assert ulp_difference(after[:2], one[:2]) == 1
    assert ulp_difference(np.float16([2]), np.float16([1])) == 1024
    assert (
        ulp_difference(np.array([1]), np.array([2])) == 0
    )  # integers are exact or wrong
