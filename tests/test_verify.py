"""Packages against their models: inputs, oracles, isolation, verdicts, the golden record."""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py
from onnx2py import VerifyError, compile_model, load_model, pipeline
from onnx2py.cli import main
from onnx2py.ir.types import TensorType
from onnx2py.verification import oracle
from onnx2py.verification.comparison import compare
from onnx2py.verification.inputs import Signature, random_cases
from onnx2py.verification.isolation import run_isolated
from tests.typed import assert_typed

NET = """<ir_version: 8, opset_import: ["" : 17]>
g (float[N, 3] x) => (float[N, 3] y) { z = Sigmoid (x) y = Softmax (z) }"""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parse(text: str) -> onnx.ModelProto:
    return onnx.parser.parse_model(text)


def graph(text: str, opset: int = 17) -> onnx.ModelProto:
    return parse(f'<ir_version: 8, opset_import: ["" : {opset}]> {text}')


def check(package: str = "pkg") -> subprocess.CompletedProcess[str]:
    """Run a package's own check."""
    return subprocess.run(
        [sys.executable, "-m", package], capture_output=True, text=True, timeout=60
    )


def plant(monkeypatch, module: str, old: str, new: str) -> None:
    """Let the compiler write another source than its kernels have."""
    original = pipeline.build_package

    def planted(*args, **kwargs):
        package = original(*args, **kwargs)
        text = package.files[module]
        assert isinstance(text, str) and old in text
        package.files[module] = text.replace(old, new)
        return package

    monkeypatch.setattr(pipeline, "build_package", planted)


# ---------------------------------------------------------------------- verdicts


def test_a_wrong_kernel_is_found(here, capsys, monkeypatch):
    """The kernel's source in the package differs from the kernel that folds constants."""
    onnx.save(graph("g (float[4] x) => (float[4] y) { y = Relu (x) }"), "net.onnx")
    plant(monkeypatch, "ops/activation.py", "np.maximum", "np.minimum")
    assert main(["net.onnx", "-o", "pkg", "--verify"]) == 3
    assert "DIFFERS" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change, words",
    [
        ("y * y.dtype.type(1.002)", "DIFFERS: expected at most 1.0e-03 of the scale"),
        ("y.astype(np.float64)", "expected float32[2, 3], got float64[2, 3]"),
        ("y[:1]", "expected float32[2, 3], got float32[1, 3]"),
        ("y.tolist()", "expected float32[2, 3], got a sequence of 2"),
        ("np.where(y > 0, np.nan, y)", "NaN or infinity expected or found in 6 of 6"),
        ("1 // 0", "the package FAILS: ZeroDivisionError"),
        (
            "__import__('onnx')",
            "a package may import only NumPy and the standard library",
        ),
    ],
)
def test_a_wrong_package_is_made_but_differs(here, capsys, monkeypatch, change, words):
    onnx.save(parse(NET), "net.onnx")
    plant(monkeypatch, "model.py", "return y", f"return {change}")
    if "np.where" in change:
        plant(monkeypatch, "model.py", "np.nan, y)", "np.float32(np.nan), y)")
    assert main(["net.onnx", "-o", "pkg", "--verify"]) == 3
    out, err = capsys.readouterr()
    assert words in out
    assert err.splitlines() == [
        "onnx2py: error: the package differs from the model",
        "try: onnx2py verify pkg net.onnx --per-node",
    ]
    assert Path("pkg/model.py").is_file()
    assert not Path("pkg/tools/golden").exists()
    assert sorted(p.name for p in here.iterdir()) == ["net.onnx", "pkg"]


def test_a_difference_within_the_tolerance_agrees(here, monkeypatch):
    plant(monkeypatch, "model.py", "return y", "return y * y.dtype.type(1.002)")
    report = compile_model(parse(NET), "pkg", verify=True, rtol=0.01)
    assert report.agrees and report.verification is not None
    (result,) = report.verification.outputs
    assert 0.001 < result.difference.relative < 0.003
    assert check().returncode == 0  # the record has the tolerance too


F32 = np.float32


@pytest.mark.parametrize(
    "actual, expected, agrees",
    [
        (np.array([1e3, 0.5], F32), np.array([1e3, 0.0], F32), True),
        (np.array([1e3, 2.0], F32), np.array([1e3, 0.0], F32), False),
        (np.array([1e-8], F32), np.array([0.0], F32), False),
        (np.array([0.0], F32), np.array([1e-9], F32), False),
        (np.array([1e-9], F32), np.array([1.0001e-9], F32), True),
        (np.array([2e-42], F32), np.array([1e-42], F32), False),
        (np.array([3e-45], F32), np.array([0.0], F32), True),
        (np.array([1.2e-7], np.float16), np.array([0.0], np.float16), True),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf]), True),
        (np.array([np.nan, np.inf]), np.array([np.nan, -np.inf]), False),
        (np.array([np.nan, 0.0]), np.array([0.0, np.nan]), False),
        (np.array([2**62 + 1]), np.array([2**62]), False),
        (np.array([True]), np.array([False]), False),
        (np.array(["a", "b"], object), np.array(["a", "b"], object), True),
        (np.array(["a", "b"], object), np.array(["a", "B"], object), False),
        (np.array(["1", "0.30000001"], object), np.array(["1.00001", "3e-1"], object), True),
        (np.array(["1000", "0.3"], object), np.array(["1000", "0.31"], object), False),
        (np.array(["1000000"], object), np.array(["1000001"], object), False),
        (np.array(["0.5 "], object), np.array(["0.5"], object), False),
        (np.array(["inf"], object), np.array(["INF"], object), False),
        (np.array([1 + 1j]), np.array([1 - 1j]), False),
        (np.zeros((0, 3), F32), np.zeros((0, 3), F32), True),
        (np.zeros((0, 3), F32), np.zeros((0, 4), F32), False),
        (np.array([1, 2], np.int32), np.array([1, 2], np.int64), False),
        ([np.ones(2, F32)], [np.ones(2, F32), np.ones(1, F32)], False),
        ([{1: 0.5, 2: 0.25}], [{1: 0.5, 2: 0.25}], True),
        ([{1: 0.5, 2: 0.25}], [{1: 0.5, 2: 0.26}], False),
        ([{1: 0.5}], [{2: 0.5}], False),
        (None, None, True),
        (None, np.ones(1, F32), False),
        (np.array([1.0], ml_dtypes.bfloat16), np.array([1.0078], ml_dtypes.bfloat16), True),
        (np.array([1.0], ml_dtypes.bfloat16), np.array([1.03], ml_dtypes.bfloat16), False),
        (np.array([3], ml_dtypes.int4), np.array([3], ml_dtypes.int4), True),
        (np.array([3], ml_dtypes.int4), np.array([4], ml_dtypes.int4), False),
    ],
)  # fmt: skip
def test_comparison(actual, expected, agrees):
    found = compare(actual, expected, 1e-3)
    assert (not found.reason) == agrees, found


# ---------------------------------------------------------------------- isolation


def package(folder: Path, body: str) -> Path:
    """Write a package by hand, as small as can be."""
    folder.mkdir()
    spec = (
        "from collections import namedtuple\nS = namedtuple('S', 'name python_name')\n"
    )
    text = f"INPUTS = [S('x', 'x')]\nOUTPUTS = [S('y', 'y')]\n{body}\n"
    (folder / "__init__.py").write_text(spec + text)
    return folder


MODEL = "class Model:\n    def __call__(self, x):\n        "


@pytest.mark.parametrize("name", ["onnx", "onnx2py", "ml_dtypes", "google", "pytest"])
def test_nothing_but_numpy_can_be_imported(tmp_path, name):
    folder = package(tmp_path / "pkg", f"import {name}\n{MODEL}return x")
    outcome = run_isolated(folder, [{"x": np.ones(2)}], ["numpy"], 60)
    assert outcome.error == (
        f"ModuleNotFoundError: {name}: a package may import only NumPy and the standard "
        "library"
    )


def test_a_library_may_look_for_what_it_does_not_need(tmp_path):
    body = (
        "from importlib.metadata import version\nfrom importlib.util import find_spec\n"
        "found = [find_spec('onnx'), find_spec('numpy').name, version('numpy')]\n"
        f"if found != [None, 'numpy', {np.__version__!r}]:\n    raise ValueError(found)\n"
        f"{MODEL}return x"
    )
    folder = package(tmp_path / "pkg", body)
    assert run_isolated(folder, [{"x": np.ones(2)}], ["numpy"], 60).error == ""


def test_numpy_and_the_standard_library_can_be_imported(tmp_path):
    body = f"import json, math, sqlite3, numpy.fft, numpy.linalg\n{MODEL}return x * 2"
    folder = package(tmp_path / "pkg", body)
    outcome = run_isolated(folder, [{"x": np.ones(2)}], ["numpy"], 60)
    assert outcome.error == ""
    np.testing.assert_array_equal(outcome.cases[0][0], [2, 2])


def test_what_a_package_requires_can_be_imported(tmp_path):
    folder = package(tmp_path / "pkg", f"import ml_dtypes, PIL.Image\n{MODEL}return x")
    outcome = run_isolated(
        folder, [{"x": np.ones(2)}], ["numpy", "ml_dtypes", "PIL"], 60
    )
    assert outcome.error == ""


@pytest.mark.parametrize(
    "value",
    [
        np.array([["a\0", "größte", "\ud800"]], object),
        np.array(3.5, np.float16),
        np.array([[1, -2]], ml_dtypes.bfloat16),
        np.array([1, -2], ml_dtypes.int4),
        np.zeros((0, 3), np.int8),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        [np.ones(2), np.zeros((1, 2), np.uint8)],
        [{1: 0.5, 2: float("nan")}, {"a": "b"}],
    ],
)
def test_values_arrive_as_they_are(tmp_path, value):
    folder = package(tmp_path / "pkg", f"{MODEL}return x")
    outcome = run_isolated(folder, [{"x": value}], ["numpy", "ml_dtypes"], 60)
    assert outcome.error == ""
    found = outcome.cases[0][0]
    assert not compare(found, value, 0).reason or "nan" in repr(value)
    assert repr(found) == repr(value)


def test_the_time_limit(tmp_path):
    folder = package(tmp_path / "pkg", f"{MODEL}\n        while True: pass")
    with pytest.raises(VerifyError, match="done in 0.5 seconds"):
        run_isolated(folder, [{"x": np.ones(2)}], ["numpy"], 0.5)


def test_an_interpreter_that_dies(tmp_path):
    folder = package(tmp_path / "pkg", f"import os\n{MODEL}os._exit(7)")
    outcome = run_isolated(folder, [{"x": np.ones(2)}], ["numpy"], 60)
    assert outcome.error == "the interpreter stopped with 7"


# ---------------------------------------------------------------------- inputs


def save_set(folder: Path, x, y=None) -> None:
    folder.mkdir(parents=True)
    for name, value in (("input_0", x), ("output_0", y)):
        if value is not None:
            data = numpy_helper.from_array(value).SerializeToString()
            (folder / f"{name}.pb").write_bytes(data)


X = np.array([[1, 2, 3], [3, 2, 1], [0, 0, 0], [5, -5, 0]], np.float32)
Z = 1 / (1 + np.exp(-X))
Y = np.exp(Z) / np.exp(Z).sum(1, keepdims=True)


def test_data_sets_beside_the_model_are_found(here):
    onnx.save(parse(NET), "net.onnx")
    for i in (0, 2, 10):
        save_set(here / f"test_data_set_{i}", X + F32(i) * 0, Y)
    found = compile_model("net.onnx", "pkg", verify=True).verification
    assert found is not None and found.agrees
    assert found.inputs == "test_data_set_0, test_data_set_2, test_data_set_10"
    assert found.oracle == "onnxruntime and recorded outputs"
    np.testing.assert_array_equal(np.load("pkg/tools/golden/input_0.npy"), X)


def test_recorded_outputs_count(here, capsys):
    onnx.save(parse(NET), "net.onnx")
    save_set(here / "test_data_set_0", X, Y)
    save_set(here / "test_data_set_1", X, Y + F32(0.01))
    assert main(["net.onnx", "-o", "pkg", "--verify"]) == 3
    assert "1.0e-02" in capsys.readouterr().out


def test_data_sets_of_another_model_are_passed_over(here):
    onnx.save(parse(NET), "net.onnx")
    save_set(here / "test_data_set_0", np.ones((1, 7), F32))
    found = compile_model("net.onnx", "pkg", verify=True).verification
    assert found is not None and found.agrees
    assert found.inputs == "random inputs, seed 0 (N = 2)"
    assert "expected float32[N, 3], got float32[1, 7]" in found.notes[0]


TWO = "g (float[2] first, float[2] second) => (float[2] y) { y = Sub (first, second) }"
A, B = np.array([5, 6], F32), np.array([1, 4], F32)


def write_inputs(how: str) -> list[str]:
    """Write A and B to files; return the arguments that name them."""
    if how == "npz":
        np.savez("in.npz", second=B, first=A)
        return ["in.npz"]
    if how == "files in order":
        np.save("p.npy", A)
        np.save("q.npy", B)
        return ["p.npy", "q.npy"]
    if how == "files by name":
        np.save("first.npy", A)
        np.save("second.npy", B)
        return ["second.npy", "first.npy"]
    if how == "one .pb, one .npy":
        Path("p.pb").write_bytes(numpy_helper.from_array(A).SerializeToString())
        np.save("q.npy", B)
        return ["p.pb", "q.npy"]
    Path("folder").mkdir()
    np.save("folder/input_0.npy", A)
    np.save("folder/second.npy", B)
    return ["folder"]


@pytest.mark.parametrize(
    "how", ["npz", "files in order", "files by name", "one .pb, one .npy", "a folder"]
)
def test_given_inputs(here, how):
    paths = write_inputs(how)
    report = compile_model(graph(TWO), "pkg", verify=True, data=paths)
    assert report.agrees
    np.testing.assert_array_equal(np.load("pkg/tools/golden/input_0.npy"), A)
    np.testing.assert_array_equal(np.load("pkg/tools/golden/input_1.npy"), B)
    np.testing.assert_array_equal(np.load("pkg/tools/golden/output_0.npy"), A - B)


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("missing.npy", None, "expected a readable .npy file: No such file"),
        ("missing", None, "got no such file"),
        ("x.txt", b"1 2 3", "expected a folder, a .npy, .npz or .pb file"),
        ("x.npy", b"not an array", "expected a readable .npy file"),
        ("x.npz", b"not a zip", "expected a readable .npz file"),
        ("x.pb", b"\xff\xff\xff", "expected a readable .pb file"),
        ("x.npy", np.ones((2, 3), np.float64), "expected float32[N, 3], got float64[2, 3]"),
        ("x.npy", np.ones((2, 4), np.float32), "expected float32[N, 3], got float32[2, 4]"),
        ("x.npy", np.array([{}]), "allow_pickle=False"),
    ],
)  # fmt: skip
def test_given_inputs_that_are_none(here, capsys, name, content, words):
    onnx.save(parse(NET), "net.onnx")
    if isinstance(content, np.ndarray):
        np.save(name, content)
    elif content is not None:
        Path(name).write_bytes(content)
    before = sorted(here.iterdir())
    assert main(["net.onnx", "-o", "pkg", "--data", name]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("onnx2py: error: ") and words in err
    assert err.count("\n") == 1
    assert sorted(here.iterdir()) == before


@pytest.mark.parametrize(
    "text",
    [
        "g (bool[3] x) => (bool[3] y) { y = Not (x) }",
        "g (string[3] x, string[3] z) => (bool[3] y) { y = Equal (x, z) }",
        "g (int64[N] i, float[4, 2] t) => (float[N, 2] y) { y = Gather (t, i) }",
        "g (float16[A, B] x, float16[B, C] z) => (float16[A, C] y) { y = MatMul (x, z) }",
        "g (seq(float[2]) x) => (float[4] y) { y = ConcatFromSequence <axis = 0> (x) }",
        "g (seq(float[N]) x) => (float[M] y) { y = ConcatFromSequence <axis = 0> (x) }",
        "g (optional(float[N]) x) => (bool y) { y = OptionalHasElement (x) }",
        "g (float[1, 1, H, W] x) => (float[1, 1, a, b] y)"
        "{ y = MaxPool <kernel_shape = [40, 40]> (x) }",
    ],
)
def test_random_inputs_of_many_types(here, text):
    found = compile_model(graph(text, 19), "pkg", verify=True).verification
    assert found is not None and found.agrees, found
    assert found.oracle == "onnxruntime"


DECODER = """g (float[1, p, 4] past, float[1, t, 4] x, int64[1, pt] mask)
    => (float[1, pt, 4] y) <int64[1] last = {2}> { k = Concat <axis = 1> (past, x)
    m = Unsqueeze (mask, last) c = Cast <to = 1> (m) y = Mul (k, c) }"""


@pytest.mark.parametrize("symbol", ["pt", "p+t", "p + 4"])
def test_a_length_may_be_the_sum_of_others(here, symbol):
    model = graph(DECODER)
    model.graph.input[2].type.tensor_type.shape.dim[1].dim_param = symbol
    if symbol == "p + 4":
        model.graph.input[1].type.tensor_type.shape.dim[1].dim_value = 4
    found = compile_model(model, "pkg", verify=True).verification
    assert found is not None and found.agrees, found
    assert found.oracle == "onnxruntime"


def test_no_axis_is_as_long_as_a_recording_unless_there_may_be_one():
    def longest(*kinds: TensorType) -> int:
        signature = Signature(
            {f"x{i}": k for i, k in enumerate(kinds)}, frozenset(), {}
        )
        cases = random_cases(signature, 0)
        return max(size for c in cases for x in c.feeds.values() for size in x.shape)

    ids, mask = TensorType("int64", (1, "t")), TensorType("int64", (1, "pt"))
    assert longest(ids, mask, TensorType("float32", (1, "p", 4))) == 1024
    assert longest(ids, TensorType("float32", (1, "samples"))) == 16000


def test_optional_inputs_are_left_out(here):
    model = graph("g (float[2] x, float[2] w) => (float[2] y) { y = Mul (x, w) }")
    model.graph.initializer.append(numpy_helper.from_array(A, "w"))
    assert compile_model(model, "pkg", verify=True).agrees
    assert not Path("pkg/tools/golden/input_1.npy").exists()
    assert check().returncode == 0


def test_seeds_differ(here):
    for seed in (1, 1, 2):
        compile_model(parse(NET), "pkg", verify=True, seed=seed)
        yield_ = np.load("pkg/tools/golden/input_0.npy")
        Path(f"{len(list(here.glob('*.bin')))}.bin").write_bytes(yield_.tobytes())
    first, again, other = (Path(f"{i}.bin").read_bytes() for i in range(3))
    assert first == again != other


def test_inputs_that_no_oracle_takes(here, capsys):
    text = "g (int64[1] s, float[6] x) => (float[n] y) { y = Reshape (x, s) }"
    onnx.save(graph(text.replace("int64[1] s", "int64[3] s")), "net.onnx")
    assert main(["net.onnx", "-o", "pkg", "--verify"]) == 1
    message = capsys.readouterr().err
    assert (
        "expected an oracle that takes random inputs, got none: onnxruntime" in message
    )
    assert message.endswith("--data\n")
    assert [p.name for p in here.iterdir()] == ["net.onnx"]


def test_without_onnxruntime_the_reference_evaluator_is_asked(here, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    found = compile_model(parse(NET), "pkg", verify=True).verification
    assert found is not None and found.agrees
    assert found.oracle == "onnx's reference evaluator"
    assert found.notes == ("onnxruntime cannot be asked: it is not installed",)


def test_where_onnxruntime_gives_up_the_reference_evaluator_is_asked(here):
    """onnxruntime has no Sin of bfloat16."""
    text = "g (bfloat16[3] x) => (bfloat16[3] y) { y = Sin (x) }"
    found = compile_model(graph(text, 22), "pkg", verify=True).verification
    assert found is not None and found.agrees, found
    assert found.oracle == oracle.ReferenceEvaluator.name
    assert "onnxruntime cannot be asked" in found.notes[0]
    done = check()
    assert done.returncode == 0 and "y: agrees" in done.stdout, done


# ---------------------------------------------------------------------- the golden record


def test_a_package_checks_itself(here):
    compile_model(parse(NET), "pkg", verify=True)
    done = check()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("y: agrees, largest difference ")
    source = Path("pkg/model.py").read_text()
    Path("pkg/model.py").write_text(source.replace("return y", "return 1.01 * y"))
    done = check()
    assert done.returncode == 1
    assert done.stdout.startswith("y: DIFFERS, largest difference ")


def test_a_package_without_a_record(here):
    compile_model(parse(NET), "pkg")
    assert check().stdout.startswith("outputs: not checked")


LARGE = """g (float[300, 300] x, int64[300, 300] i, string[2] s, bool[2] c)
    => (float[300, 300] y, int64[300, 300] j, string[2] t, bool[2] d)
    { y = Exp (x) j = Abs (i) t = Identity (s) d = Not (c) }"""


def test_large_inputs_are_drawn_again(here):
    compile_model(graph(LARGE), "pkg", verify=True, seed=5)
    size = sum(p.stat().st_size for p in Path("pkg/tools/golden").iterdir())
    assert size < 30_000
    done = check()
    assert done.returncode == 0, done
    assert [line.split(",")[0] for line in done.stdout.splitlines()] == [
        "y: agrees", "j: agrees", "t: agrees", "d: agrees"
    ]  # fmt: skip
    record = Path("pkg/tools/golden/record.json")
    record.write_text(record.read_text().replace('"seed": 5', '"seed": 6'))
    assert "y: DIFFERS" in check().stdout


def test_large_given_inputs_are_not_recorded(here):
    np.save("x.npy", np.ones((300, 300), F32))
    model = graph("g (float[300, 300] x) => (float[300, 300] y) { y = Exp (x) }")
    report = compile_model(model, "pkg", verify=True, data=["x.npy"])
    assert report.agrees and report.verification is not None
    assert "the inputs are too large" in report.verification.notes[0]
    assert not Path("pkg/tools/golden").exists()


def test_sequences_are_named_as_not_recorded(here):
    text = """g (float[4] x) => (float[4] y, seq(float[2]) s)
        { y = Abs (x) s = SplitToSequence (x, two) }"""
    model = graph(text)
    two = numpy_helper.from_array(np.array(2), "two")
    model.graph.initializer.append(two)
    report = compile_model(model, "pkg", verify=True)
    assert report.agrees
    done = check()
    assert done.returncode == 0, done
    assert done.stdout.splitlines()[1] == "s: not recorded"


def test_an_optional_input_is_recorded(here):
    text = "g (optional(float[2]) x) => (bool y) { y = OptionalHasElement (x) }"
    assert compile_model(graph(text, 18), "pkg", verify=True).agrees
    done = check()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("y: agrees, compared exactly")


def test_maps_are_recorded_as_their_values(here):
    types = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])
    out = onnx.ValueInfoProto(name="y")
    out.type.CopyFrom(
        helper.make_sequence_type_proto(
            helper.make_map_type_proto(
                TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, [])
            )
        )
    )
    node = helper.make_node(
        "ZipMap", ["x"], ["y"], domain="ai.onnx.ml", classlabels_int64s=[30, 10, 20]
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
    model = helper.make_model(
        helper.make_graph([node], "g", [types], [out]),
        opset_imports=opsets,
        ir_version=8,
    )
    assert compile_model(model, "pkg", verify=True).agrees
    recorded = np.load("pkg/tools/golden/output_0.npy")
    x = np.load("pkg/tools/golden/input_0.npy")
    np.testing.assert_array_equal(recorded, x[:, [1, 2, 0]])
    assert check().stdout.startswith("y: agrees")


def test_the_check_passes_mypy(here):
    compile_model(graph("g (bfloat16[3] x) => (bfloat16[3] y) { y = Neg (x) }"), "pkg")
    assert_typed(here, ["pkg/__main__.py"], "--python-version", "3.10")


# ---------------------------------------------------------------------- load_model


def test_load_model(here, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(here))
    model = load_model(parse(NET))
    assert len(list(here.iterdir())) == 1
    np.testing.assert_allclose(model(X), Y, rtol=1e-5)
    other = load_model(graph(TWO))
    np.testing.assert_array_equal(other(A, B), A - B)
    np.testing.assert_allclose(model(x=X), Y, rtol=1e-5)
    name = type(model).__module__.partition(".")[0]
    folder = Path(sys.modules[name].__file__).parent
    assert folder.is_dir() and name in sys.modules
    del model, other
    gc.collect()
    assert not folder.exists() and name not in sys.modules
    assert not list(here.iterdir())


def test_load_model_maps_large_weights(here):
    weight = np.arange(400_000, dtype=F32)
    model = graph("g (float[400000] x) => (float[400000] y) { y = Add (x, w) }")
    model.graph.initializer.append(numpy_helper.from_array(weight, "w"))
    loaded = load_model(model)
    np.testing.assert_array_equal(loaded(weight), 2 * weight)


def test_load_model_can_verify(here, monkeypatch):
    np.testing.assert_allclose(load_model(parse(NET), verify=True)(X), Y, rtol=1e-5)
    plant(monkeypatch, "model.py", "return y", "return y * y")
    with pytest.raises(VerifyError, match="differs from the model"):
        load_model(parse(NET), verify=True)


def test_load_model_of_a_bad_model_leaves_nothing(here, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(here))
    with pytest.raises(onnx2py.LoadError):
        load_model(b"")
    assert not list(here.iterdir())
