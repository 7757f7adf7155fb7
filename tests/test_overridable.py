"""Inputs with a default are weights, unless they are asked for; onnxruntime says what they are."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import onnx2py
import onnx2py.backend
from onnx2py import cli
from onnx2py.errors import DecodeError, VerifyError

from .support import parsed, unoptimized

W = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 10]], np.float32)
B = np.array([0.5, -1, 2], np.float32)
X = np.array([[1, -2, 3], [0.5, 0, -1]], np.float32)

TEXT = """g (float[3, 3] w, float[n, 3] x, float[k] b) => (float[n, 3] y)
    <float[3, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 10}, float[3] b = {0.5, -1, 2}> {
    m = MatMul (x, w) s = Add (m, b) y = Relu (s) }"""

LINE = "  2 inputs have defaults and became weights; --overridable keeps them"


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The current folder, with the model in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    onnx.save(parsed(TEXT), "net.onnx")
    return tmp_path


def package_of(model: Any) -> Any:
    return importlib.import_module(type(model).__module__.rpartition(".")[0])


def session_of(proto: onnx.ModelProto, **options: Any) -> Any:
    """Return a session whose package lives as long as it does."""
    model = onnx2py.load_model(proto, **options)
    session = package_of(model).InferenceSession()
    session.lasting = model
    return session


def described(session: Any) -> Any:
    return [
        [(arg.name, arg.type, arg.shape) for arg in getattr(session, get)()]
        for get in ("get_inputs", "get_overridable_initializers")
    ]


# ---------------------------------------------------------------------- the package


@pytest.mark.parametrize("level", [0, 1])
def test_a_model_takes_only_inputs_without_a_default(level):
    model = onnx2py.load_model(parsed(TEXT), level=level)
    assert list(inspect.signature(model).parameters) == ["x"]
    (expected,) = unoptimized(parsed(TEXT)).run(None, {"x": X})
    np.testing.assert_array_equal(model(X), expected)
    with pytest.raises(TypeError, match="unexpected keyword argument 'w'"):
        model(X, w=W)


def test_the_source_is_that_of_a_model_which_does_not_list_its_weights(tmp_path):
    listed, plain = parsed(TEXT), parsed(TEXT)
    for i in (2, 0):
        del plain.graph.input[i]
    sources = []
    for name, proto in {"listed": listed, "plain": plain}.items():
        onnx2py.compile_model(proto, tmp_path / name)
        source = (tmp_path / name / "model.py").read_text()
        sources.append(source[source.index("from __future__") :])
    assert sources[0] == sources[1]
    assert "Optional[Annotated" not in sources[0]


@pytest.mark.parametrize("level", [0, 1])
def test_with_overridable_callers_may_pass_other_values(level):
    ours = session_of(parsed(TEXT), level=level, overridable=True)
    theirs = unoptimized(parsed(TEXT))
    assert described(ours) == described(theirs)
    for feeds in ({"x": X}, {"x": X, "b": B * 3}, {"x": X, "w": -W, "b": B[::-1]}):
        (actual,), (expected,) = (each.run(None, feeds) for each in (ours, theirs))
        np.testing.assert_allclose(actual, expected, rtol=1e-6)


def test_inputs_that_the_options_name_stay():
    model = onnx2py.load_model(parsed(TEXT), inputs=("x", "b"))
    assert list(inspect.signature(model).parameters) == ["x", "b"]
    (expected,) = unoptimized(parsed(TEXT)).run(None, {"x": X, "b": B + 1})
    np.testing.assert_array_equal(model(X, b=B + 1), expected)


def test_a_bound_input_has_the_bound_value(tmp_path):
    report = onnx2py.compile_model(
        parsed(TEXT), tmp_path / "net", bind={"w": -W}, verify=True
    )
    assert report.agrees
    assert report.fixed_inputs == ("b",)
    (expected,) = unoptimized(parsed(TEXT)).run(None, {"x": X, "w": -W})
    model = onnx2py.load_model(parsed(TEXT), bind={"w": -W})
    np.testing.assert_array_equal(model(X), expected)


@pytest.mark.parametrize("declared", ["float[4]", "double[3]", "float", "float[k, k]"])
@pytest.mark.parametrize("ir_version", [3, 8])
@pytest.mark.parametrize("overridable", [False, True])
def test_a_default_of_another_type_is_refused(declared, ir_version, overridable):
    text = f"g (float[3] x, {declared} b) => (float[3] y) {{ y = Add (x, b) }}"
    proto = parsed(text, ir_version=ir_version)
    proto.graph.initializer.append(numpy_helper.from_array(B, "b"))
    with pytest.raises(Exception, match="FAIL"):
        unoptimized(proto)
    with pytest.raises(DecodeError, match=r"input 'b': expected a default of type"):
        onnx2py.load_model(proto, overridable=overridable)


@pytest.mark.parametrize("external", [False, True])
def test_large_weights_become_weights_too(here, external):
    weight = np.arange(3000, dtype=np.float32).reshape(3, 1000)
    proto = parsed("""g (float[n, 3] x, float[3, 1000] w) => (float[n, 1000] y)
        { y = MatMul (x, w) }""")
    proto.graph.initializer.append(numpy_helper.from_array(weight, "w"))
    expected = unoptimized(proto).run(None, {"x": X})
    onnx.save(proto, "large.onnx", save_as_external_data=external, size_threshold=1)
    model = onnx2py.load_model("large.onnx")
    assert list(inspect.signature(model).parameters) == ["x"]
    np.testing.assert_array_equal(model(X), expected[0])


# ---------------------------------------------------------------------- sessions


def test_sessions_list_what_onnxruntime_lists():
    ours, theirs = session_of(parsed(TEXT)), unoptimized(parsed(TEXT))
    assert described(ours) == described(theirs)
    assert described(ours)[1] == [
        ("w", "tensor(float)", [3, 3]),
        ("b", "tensor(float)", ["k"]),
    ]
    for feeds in ({"x": X}, {"x": X, "b": None}):
        actual, expected = (each.run(None, feeds)[0] for each in (ours, theirs))
        np.testing.assert_array_equal(actual, expected)


def run_async(session: Any, feeds: Any) -> None:
    session.run_async(None, feeds, lambda *_: None, None)


def run_bound(session: Any, feeds: Any) -> None:
    binding = session.io_binding()
    for name, array in feeds.items():
        binding.bind_cpu_input(name, array)
    binding.bind_output("y")
    session.run_with_iobinding(binding)


CALLS = {
    "run": lambda session, feeds: session.run(None, feeds),
    "run_async": run_async,
    "run_with_ort_values": lambda session, feeds: session.run_with_ort_values(
        None, feeds
    ),
    "run_with_iobinding": run_bound,
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("value", [B, B + 1])
def test_a_value_for_what_became_a_weight_is_an_error(call, value):
    session = session_of(parsed(TEXT))
    with pytest.raises(ValueError, match=r"b: expected no value.*--overridable"):
        CALLS[call](session, {"x": X, "b": value})


def test_names_of_weights_cannot_break_out(tmp_path):
    hostile = '"""\n\\" + exit(7) #\x1b[2J'
    proto = parsed(
        "g (float[n, 3] x, float[3] b) => (float[n, 3] y) { y = Add (x, b) }"
    )
    proto.graph.initializer.append(numpy_helper.from_array(B, hostile))
    proto.graph.input[1].name = proto.graph.node[0].input[1] = hostile
    session = session_of(proto, layout=True)
    (listed,) = session.get_overridable_initializers()
    assert listed.name == hostile
    with pytest.raises(ValueError, match="--overridable") as error:
        session.run(None, {"x": X, hostile: B})
    assert str(error.value).isprintable()


# ---------------------------------------------------------------------- old files


@pytest.mark.parametrize("overridable", [False, True])
def test_up_to_ir_version_3_no_caller_can_pass_other_values(overridable, tmp_path):
    proto = parsed(TEXT, opset=8, ir_version=3)
    ours, theirs = session_of(proto, overridable=overridable), unoptimized(proto)
    assert described(ours) == described(theirs)
    assert described(ours)[1] == []
    actual, expected = (each.run(None, {"x": X})[0] for each in (ours, theirs))
    np.testing.assert_array_equal(actual, expected)
    for session in (ours, theirs):
        with pytest.raises(Exception, match="Invalid input name: w"):
            session.run(None, {"x": X, "w": W})
    report = onnx2py.compile_model(proto, tmp_path / "net", overridable=overridable)
    assert report.fixed_inputs == ()  # it is as it always was


# ---------------------------------------------------------------------- messages


def test_the_command_says_so_in_one_line(here, capsys):
    assert cli.main(["net.onnx", "-o", "net"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[2] == LINE and err == ""
    assert cli.main(["net.onnx", "-o", "net", "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert cli.main(["net.onnx", "-o", "net", "--overridable"]) == 0
    assert "became" not in capsys.readouterr().out
    assert cli.main(["net.onnx", "-o", "net", "--inputs", "x,w"]) == 0
    (line,) = (s for s in capsys.readouterr().out.splitlines() if "became" in s)
    assert line == "  1 input has a default and became a weight; --overridable keeps it"


def test_reports_name_the_inputs(here, capsys):
    assert cli.main(["net.onnx", "-o", "net", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fixed_inputs"] == ["w", "b"]
    assert onnx2py.compile_model("net.onnx", "net").fixed_inputs == ("w", "b")
    assert onnx2py.inspect_model("net.onnx").fixed_inputs == ("w", "b")
    assert cli.main(["check", "net.onnx"]) == 0
    line = LINE.replace("became", "become")
    assert line in capsys.readouterr().out.splitlines()
    assert cli.main(["check", "net.onnx", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [value["name"] for value in found["inputs"]] == ["x"]
    assert found["fixed_inputs"] == ["w", "b"]


def test_packages_say_so(here):
    onnx2py.compile_model("net.onnx", "net", report="net.html", single_file="one.py")
    readme = " ".join(Path("net/README.md").read_text().split())
    assert "The ONNX file has 2 more inputs, with defaults. They are weights" in readme
    assert "inputs that became weights" in Path("net.html").read_text()
    command = [sys.executable, "-m", "net", "run", "--input", "w=w.npy", "-o", "out"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "w: expected no value" in done.stderr and "--overridable" in done.stderr
    session = importlib.import_module("one").InferenceSession()
    assert len(session.get_overridable_initializers()) == 2


# ---------------------------------------------------------------------- verification


def data(folder: str, **arrays: np.ndarray) -> str:
    """Write recorded values as onnx's tools do."""
    Path(folder).mkdir()
    for name, array in arrays.items():
        tensor = numpy_helper.from_array(array)
        Path(folder, f"{name}.pb").write_bytes(tensor.SerializeToString())
    return folder


def test_recorded_defaults_are_no_difference(here):
    np.savez("all.npz", x=X, w=W, b=B)
    for name, array in {"x": X, "w": W, "b": B}.items():
        np.save(f"{name}.npy", array)
    sets: list[list[str]] = [
        ["all.npz"],
        ["x.npy"],
        ["b.npy", "x.npy", "w.npy"],
        [data("by_number", input_0=W, input_1=X, input_2=B)],
        [data("required", input_0=X)],
        [data("by_name", w=W, x=X)],
    ]
    for paths in sets:
        report = onnx2py.compile_model("net.onnx", "net", data=paths, verify=True)
        assert report.agrees, paths
    for i, array in enumerate((W, X, B)):
        np.save(f"nameless{i}.npy", array)
    files = [f"nameless{i}.npy" for i in range(3)]
    report = onnx2py.compile_model("net.onnx", "net", data=files, verify=True)
    assert report.agrees


@pytest.mark.parametrize("other", [B + 1, B[:2], B.astype(np.float64)])
def test_recorded_values_other_than_the_default_are_refused(here, other):
    np.savez("all.npz", x=X, b=other)
    expected = r"all.npz: input 'b': expected its default.*--overridable"
    with pytest.raises(VerifyError, match=expected):
        onnx2py.compile_model("net.onnx", "net", data=["all.npz"], verify=True)


def test_with_overridable_recorded_values_are_compared(here):
    np.savez("all.npz", x=X, b=B + 1)
    how: dict[str, Any] = {"data": ["all.npz"], "overridable": True}
    assert onnx2py.compile_model("net.onnx", "net", verify=True, **how).agrees
    assert onnx2py.verify_existing("net", "net.onnx", **how).agrees
    onnx2py.compile_model("net.onnx", "fixed")
    found = onnx2py.verify_existing("fixed", "net.onnx", **how)
    assert "'b': expected an input of the package" in found.failure
    assert onnx2py.verify_existing("fixed", "net.onnx", per_node=True).agrees


def test_data_beside_the_model_with_other_values_are_noted(here):
    data("test_data_set_0", input_0=W, input_1=X, input_2=B + 1)
    report = onnx2py.compile_model("net.onnx", "net", verify=True)
    assert report.agrees and report.verification is not None
    assert any("--overridable keeps it" in note for note in report.verification.notes)


# ---------------------------------------------------------------------- other front ends


def test_the_stand_in_for_onnxruntime(here):
    code = """
import json, sys, numpy as np, onnxruntime as ort
options = ort.SessionOptions()
options.add_free_dimension_override_by_name("k", 3)
session = ort.InferenceSession("net.onnx", options, providers=["CPUExecutionProvider"])
listed = [(a.name, a.type, a.shape) for a in session.get_overridable_initializers()]
try:
    ran = session.run(None, {"x": np.ones((1, 3), "f"), "b": np.ones(3, "f")})[0].tolist()
except Exception as error:
    ran = [type(error).__name__, str(error)]
print(json.dumps([listed, ran]))
"""

    def answers(path: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-P", "-c", code],
            env={"PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    expected = answers("")
    report = onnx2py.compile_shim(["net.onnx"], "fixed")
    assert report.models[0].report.fixed_inputs == ("w", "b")
    listed, ran = answers("fixed")
    assert listed == expected[0]
    assert ran[0] == "InvalidArgument" and "--overridable" in ran[1]
    onnx2py.compile_shim(["net.onnx"], "kept", overridable=True)
    assert answers("kept") == expected


def test_the_backend_takes_the_values_of_all_inputs():
    """``onnx.backend.base`` cannot ask for them, and feeds inputs by position."""
    prepared = onnx2py.backend.prepare(parsed(TEXT))
    theirs = unoptimized(parsed(TEXT))
    (expected,) = theirs.run(None, {"x": X})
    np.testing.assert_array_equal(prepared.run([X])[0], expected)
    (expected,) = theirs.run(None, {"x": X, "w": -W, "b": B})
    np.testing.assert_array_equal(prepared.run([-W, X, B])[0], expected)
    np.testing.assert_array_equal(prepared.run({"x": X, "w": -W})[0], expected)
    with pytest.raises(ValueError, match="inputs: expected at most 3, got 4"):
        prepared.run([W, X, B, B])
