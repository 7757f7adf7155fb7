"""A target whose twins are copies of our kernels computes the same bits."""

from __future__ import annotations

import importlib.util
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.pages import ROOT
from onnx2py import load_model, targets
from onnx2py.emit.kernel_modules import KERNELS
from onnx2py.front import read
from onnx2py.ir.program import Call
from onnx2py.ir.symbols import Symbol, kernel_of
from onnx2py.kernels import activation
from onnx2py.options import Options
from onnx2py.targets.numpy import TARGET as NUMPY
from onnx2py.targets.target import Target, rules_of
from onnx2py.traits.numpy_functions import NUMPY as FUNCTIONS

EXAMPLES = ROOT / "generated_examples"


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A target whose folder has all our kernels, and functions that call NumPy's."""
    folder = tmp_path_factory.mktemp("copied") / "kernels"
    shutil.copytree(KERNELS, folder, ignore=shutil.ignore_patterns("__*"))
    lines = ['"""NumPy."""', "", "import numpy as np"]
    for function in FUNCTIONS:
        if isinstance(function, str):
            name, call = function[1:], f"x{function}(*args, **kwargs)"
        else:
            name = function.__name__
            call = f"np.{name}(x, *args, **kwargs)"
        lines += ["", "", f"def {name}(x, *args, **kwargs):", f"    return {call}"]
    (folder / "arrays.py").write_text("\n".join(lines) + "\n")
    return Target("copied", ("numpy",), folder, NUMPY.dtypes, NUMPY.rules)


@pytest.fixture
def find_copied(copied, monkeypatch):
    names = {"copied": copied, "numpy": NUMPY}
    for module in ("front", "ship"):
        monkeypatch.setattr(f"onnx2py.{module}.find_target", names.__getitem__)


def feeds(name):
    file = EXAMPLES / name / "tools" / "records.py"
    spec = importlib.util.find_spec(f"generated_examples.{name}.tools.records")
    assert spec is not None and file.is_file()
    records = importlib.import_module(spec.name)
    return records.recorded_inputs(records.read_record())


@pytest.mark.parametrize("options", [{}, {"level": 0}, {"flat": False}], ids=str)
@pytest.mark.parametrize("name", ["mnist", "transformer", "gpt", "loop", "pipeline"])
def test_examples_compute_the_same(find_copied, name, options):
    given = feeds(name)
    file = EXAMPLES / f"{name}.onnx"
    results = [
        load_model(file, target=target, **options)(**given)
        for target in ("numpy", "copied")
    ]
    for ours, theirs in zip(*map(listed, results)):
        np.testing.assert_array_equal(ours, theirs)


def listed(result):
    return list(result) if isinstance(result, tuple) else [result]


def test_blocks_call_twins_too(copied):
    front = read(EXAMPLES / "gpt.onnx", Options())
    program = replace(front, target=copied).program()
    assert program.outline is not None and program.outline.blocks
    blocks = program.outline.blocks.values()
    statements = [*program.walk(), *(s for b in blocks for s in b.statements)]
    functions = {
        s.operation.function for s in statements if isinstance(s.operation, Call)
    }
    symbols = [f for f in functions if isinstance(f, Symbol)]
    assert len(symbols) >= 10
    others = {getattr(f, "__name__", f) for f in functions} - {s.name for s in symbols}
    assert others <= {"getitem", "shape", "size"}


def test_a_symbol_is_known_by_its_name():
    symbol = NUMPY_LIKE.function(activation.relu)
    assert symbol == Symbol("activation", "relu", "") != Symbol("arrays", "relu", "")
    assert hash(symbol) == hash(Symbol("activation", "relu", ""))
    assert (symbol.__module__, symbol.__name__) == ("twins.activation", "relu")
    again = pickle.loads(pickle.dumps(symbol))
    assert again == symbol and again.__name__ == "relu"
    assert kernel_of(again) is activation.relu and kernel_of(np.add) is np.add


def test_rules_are_chosen_by_their_numbers():
    assert [r.numbers[0] for r in rules_of("H2", "A4")] == ["A1", "H1"]
    with pytest.raises(ValueError, match="got .'Z9'"):
        rules_of("Z9")


def test_ours_is_found_by_its_name():
    assert targets.find_target("numpy") is NUMPY


NUMPY_LIKE = Target("like", ("numpy",), KERNELS / "." / ".." / "kernels")
