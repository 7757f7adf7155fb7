"""Operators of one's own: --ops, and entry points."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

import onnx2py
from onnx2py import cli, custom

NET = """<ir_version: 8, opset_import: ["" : 17, "com.example" : 3]>
    net (float[n, 3] x) => (float[n, 3] y, float[n] least)
        <float[3] w = {1, 2, 3}> {
        a = com.example.Blend <alpha = 0.3, sides = [1, 2], mode = "soft"> (x, , w)
        low, least = com.example.Range2 <table = float[2] {5, 7}> (a)
        b = Relu (a)
        y = Sum (b, low) }"""
OPS = '''"""Operators of a test."""

import math

import numpy as np

from onnx2py import implements
from onnx2py.kernels.activation import relu

SHIFT = 0.5


def unused():
    return 1


def moved(x):
    return x + x.dtype.type(SHIFT)


# A remark that is not for the package.
@implements("com.example::Blend", since=3)
def blend(x, y=None, weight=None, *, alpha, sides, mode="hard"):
    """Return a blend."""
    assert y is None and sides == (1, 2) and mode == "soft"
    return moved(relu(x)) * weight * x.dtype.type(alpha * math.sqrt(4))


@implements("com.example::Range2", outputs=2)
def least_and_row(x, *, table):
    """Return the elements above the table's first, and the least of each row."""
    return np.where(x > table[0], x, 0).astype(x.dtype), x.min(axis=1)
'''
X = np.float32([[1, -2, 3], [4, 5, -6]])


def expected() -> tuple[np.ndarray, np.ndarray]:
    """The same, worked out by hand in float64."""
    a = (np.maximum(X, 0).astype(np.float64) + 0.5) * [1, 2, 3] * 0.6
    return np.maximum(a, 0) + np.where(a > 5, a, 0), a.min(axis=1)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the model and the operators."""
    monkeypatch.chdir(tmp_path)
    onnx.save(onnx.parser.parse_model(NET), "net.onnx")
    Path("my_ops.py").write_text(OPS)
    return tmp_path


def run_alone(folder: Path) -> list[list[float]]:
    """Run the package where onnx2py cannot be imported."""
    code = (
        "import sys, numpy as np\n"
        "sys.modules['onnx2py'] = None\n"
        "from net import Model\n"
        "out = Model()(np.float32([[1, -2, 3], [4, 5, -6]]))\n"
        "print([x.tolist() for x in out])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return eval(done.stdout)


@pytest.mark.parametrize("level", ["-O0", "-O1"])
def test_a_function_computes_an_operator(here, level):
    assert cli.main(["net.onnx", "-o", "net", "--ops", "my_ops.py", level]) == 0
    for ours, theirs in zip(run_alone(here), expected()):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_its_source_is_in_the_package_and_nothing_else(here):
    onnx2py.compile_model("net.onnx", "net", ops=["my_ops.py"])
    source = Path("net/ops/custom_my_ops.py").read_text()
    assert "from .activation import relu" in source and "import math" in source
    assert "SHIFT = 0.5" in source and "def moved(x):" in source
    for text in ("implements", "unused", "onnx2py", "remark"):
        assert text not in source
    model = Path("net/model.py").read_text()
    assert 'alpha=0.3, sides=(1, 2), mode="soft"' in model


def test_check_knows_them_too(here, capsys):
    assert cli.main(["check", "net.onnx"]) == 1
    assert "give it a function with --ops" in capsys.readouterr().out
    assert cli.main(["check", "net.onnx", "--ops", "my_ops.py"]) == 0


def test_a_module_that_the_function_needs_is_required(here):
    Path("my_ops.py").write_text(OPS.replace("import math", "import ml_dtypes, math")
                                 .replace("assert y", "assert ml_dtypes and y"))  # fmt: skip
    report = onnx2py.compile_model("net.onnx", "net", ops=["my_ops.py"])
    assert report.requires == ("numpy", "ml_dtypes")


def test_a_changed_file_is_read_again(here):
    onnx2py.compile_model("net.onnx", "net", ops=["my_ops.py"])
    Path("my_ops.py").write_text(OPS.replace("SHIFT = 0.5", "SHIFT = 1.5"))
    onnx2py.compile_model("net.onnx", "net", ops=["my_ops.py"])
    assert "SHIFT = 1.5" in Path("net/ops/custom_my_ops.py").read_text()


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("def unused", "prin(1)\ndef unused", "NameError: name 'prin'"),
        ("def unused", "def (", "SyntaxError"),
        ("def unused():\n    return 1", "if SHIFT:\n    pass", "not a definition"),
        ("com.example::Blend", "com.example::", "expected 'domain::Operator'"),
        (
            "com.example::Blend",
            "Relu",
            "Relu: expected an operator that onnx2py does not implement",
        ),
        ("alpha, sides", "alpha", "it does not match blend of my_ops.py"),
        ("since=3", "since=4", "there is no rule before opset 4"),
    ],
)
def test_errors(here, capsys, old, new, words):
    assert old in OPS
    Path("my_ops.py").write_text(OPS.replace(old, new))
    assert cli.main(["net.onnx", "-o", "net", "--ops", "my_ops.py"]) == 1
    message = capsys.readouterr().err
    assert words in message and "Traceback" not in message and "a bug" not in message
    assert not Path("net").exists()


@pytest.mark.parametrize(
    "name, words",
    [
        ("missing.py", "cannot be read: No such file"),
        ("none.py", "with @implements, got none"),
    ],
)
def test_files_without_operators(here, name, words):
    Path("none.py").write_text("import numpy\n")
    with pytest.raises(onnx2py.OptionError, match=words):
        onnx2py.compile_model("net.onnx", "net", ops=[name])


def test_installed_sets_of_operators(here, monkeypatch):
    Path("offered_ops.py").write_text(OPS)
    monkeypatch.syspath_prepend(str(here))
    entry = importlib.metadata.EntryPoint("offer", "offered_ops", custom.ENTRY_POINTS)
    monkeypatch.setattr(
        custom, "entry_points", lambda group: [entry] * (group == custom.ENTRY_POINTS)
    )
    onnx2py.compile_model("net.onnx", "net")
    for ours, theirs in zip(run_alone(here), expected()):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
