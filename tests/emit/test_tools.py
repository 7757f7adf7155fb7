"""What a package offers in addition to the model: watching a run, and its commands."""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

import onnx2py

NET = """<ir_version: 8, opset_import: ["" : 17, "l" : 1]>
    net (float[n, 3] x, int64 times) => (float[n, 3] y, float[k, n, 3] s)
        <float[3, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9}> {
        a = MatMul (x, w) b = Abs (a) d = l.twice (b) e = l.twice (d)
        yes = Constant <value = bool {1}> ()
        y, s = Loop (times, yes, e) <body = body (int64 i, bool go, float[n, 3] v) =>
            (bool go2, float[n, 3] v2, float[n, 3] out)
            { go2 = Identity (go) v2 = Softmax (v) out = Neg (v2) }> }
    <opset_import: ["" : 17], domain: "l">
    twice (p) => (r) { q = Add (p, p) r = Tanh (q) }"""
X = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the package ``net``, on the import path."""
    place = tmp_path_factory.mktemp("tools")
    onnx2py.compile_model(onnx.parser.parse_model(NET), place / "net")
    sys.path.insert(0, str(place))
    importlib.invalidate_caches()
    yield place
    sys.path.remove(str(place))
    for name in [m for m in sys.modules if m.split(".")[0] == "net"]:
        del sys.modules[name]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_every_value_is_what_onnxruntime_computes(folder):
    from net import Model
    from net.tools.watch import trace

    model = onnx.parser.parse_model(NET)
    for name in ("a", "b", "d", "e"):
        model.graph.output.append(onnx.ValueInfoProto(name=name))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    feeds = {"x": X, "times": np.array(3)}
    names = [value.name for value in session.get_outputs()]
    expected = dict(zip(names, session.run(None, feeds)))
    seen = trace(Model(), X, np.array(3))
    for name in ("a", "b", "d", "e", "y"):
        np.testing.assert_allclose(seen[name], expected[name], rtol=1e-5)
    np.testing.assert_allclose(seen.outputs.s, expected["s"], rtol=1e-5)


VIEWS = """<ir_version: 8, opset_import: ["" : 17]>
    net (float[n, 3] x, int64 times, seq(float[2]) items) =>
        (float[n, 2] w, float[n, 3] y, seq(float[2]) m, float[1, n, 1, 3] u)
        <int64[1] one = {1}, int64[1] zero = {0}, int64[1] two = {2}, int64[2] parts = {1, 2}> {
        f = Exp (x) v = Unsqueeze (f, one) u = Unsqueeze (v, zero)
        a, b = Split <axis = 1> (f, parts) g = Gather (f, zero) t = Transpose (g)
        c = Add (b, two_floats) d = Relu (c) w = Neg (d)
        yes = Constant <value = bool {1}> ()
        y = Loop (times, yes, f) <body = body (int64 i, bool go, float[n, 3] v1) =>
            (bool go2, float[n, 3] v2) { go2 = Identity (go) v2 = Softmax (v1) }>
        m = SequenceMap (items) <body = each (float[2] p) => (float[2] q) { q = Neg (p) }> }"""


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("times", [0, 2])
def test_every_value_is_seen_and_is_what_onnxruntime_computes(
    tmp_path, monkeypatch, level, times
):
    model = onnx.parser.parse_model(VIEWS)
    two = np.full(2, -2, np.float32)
    model.graph.initializer.append(onnx.numpy_helper.from_array(two, "two_floats"))
    name = f"views_{level}_{times}"
    onnx2py.compile_model(model, tmp_path / name, level=level)
    monkeypatch.syspath_prepend(str(tmp_path))
    package = importlib.import_module(name)
    watch = importlib.import_module(f"{name}.tools.watch")
    feeds = {"x": X, "times": np.array(times), "items": [np.ones(2, np.float32)]}
    seen = watch.trace(package.Model(), *feeds.values())
    names = watch.value_names()
    unseen = names.keys() - seen.values.keys()
    assert all(each.startswith("y_body.") for each in unseen) and (
        times == 0 or not unseen
    )
    own = {
        python: onnx_name for python, onnx_name in names.items() if "." not in python
    }
    for onnx_name in own.values():
        if onnx_name not in {value.name for value in model.graph.output}:
            model.graph.output.append(onnx.ValueInfoProto(name=onnx_name))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    for python, onnx_name in own.items():
        (expected,) = session.run([onnx_name], feeds)
        np.testing.assert_allclose(seen[python], expected, rtol=1e-6, err_msg=python)


def test_only_what_is_asked_for_is_kept(folder):
    from net import Model
    from net.tools.watch import trace

    seen = trace(Model(), X, np.array(3), capture=["b", "q", "v2"])
    assert set(seen.values) == {"b", "twice.q", "y_body.probabilities"}
    assert len(seen.values["y_body.probabilities"]) == 3  # one for each time around
    assert len(seen.values["twice.q"]) == 2  # one for each call
    np.testing.assert_array_equal(seen["v2"], seen.outputs.y)


def test_a_step_says_what_it_is_and_how_long_it_took(folder):
    from net import Model
    from net.tools.watch import trace

    steps = trace(Model(), X, np.array(0), capture=()).steps
    by_name = {name: step for step in steps for name in step.call.names}
    lines = (folder / "net" / "model.py").read_text().splitlines()
    for name in ("a", "b", "d"):
        step = by_name[name]
        assert lines[step.call.line - 1].strip().startswith(f"{name} = ")
        assert 0 <= step.own_seconds <= step.seconds < 60
        assert step.size == 24
    assert by_name["a"].call.operator == "MatMul"
    inside = [step for step in steps if "twice.q" in step.call.names]
    assert by_name["d"].seconds >= inside[0].seconds


@pytest.mark.parametrize("level", [0, 1])
def test_values_that_share_memory_with_inputs_are_read_only(level):
    text = """<ir_version: 8, opset_import: ["" : 17]>
        g (float[2, 3] x) => (float[2, 3] y) { t = Transpose (x) r = Neg (t) y = Transpose (r) }"""
    model = onnx2py.load_model(onnx.parser.parse_model(text), level=level)
    watch = importlib.import_module(f"{type(model).__module__[:-6]}.tools.watch")
    x = np.zeros((2, 3), np.float32)
    seen = watch.trace(model, x)
    for values in seen.values.values():
        with pytest.raises(ValueError, match="read-only"):
            values[-1][...] = 7
    assert not x.any()
    seen.outputs[...] = 7  # the caller's, as after a call
    assert not x.any()


def test_outputs_that_no_call_computes_have_names():
    text = """<ir_version: 8, opset_import: ["" : 17]>
        g (float[3] x) => (float[3] y, float[3] z, float[3] w) <float[3] v = {1, 2, 3}>
        { y = Identity (x) z = Neg (x) w = Identity (v) }"""
    model = onnx2py.load_model(onnx.parser.parse_model(text))
    watch = importlib.import_module(f"{type(model).__module__[:-6]}.tools.watch")
    x = np.float32([4, 5, 6])
    for seen in (
        watch.trace(model, x),
        watch.trace(model, x, capture=["y", "z", "w"]),
    ):
        assert seen["y"].tolist() == [4, 5, 6]
        assert seen["z"].tolist() == [-4, -5, -6]
        assert seen["w"].tolist() == [1, 2, 3]


def test_a_name_that_nothing_has(folder):
    from net import Model
    from net.tools.watch import trace

    with pytest.raises(
        KeyError, match="bb: no value of the graph has that name; did you"
    ):
        trace(Model(), X, np.array(0), capture=["bb"])


def test_info(folder):
    done = run(folder, "net", "info")
    assert (done.returncode, done.stderr) == (0, "")
    assert "input x: float32[n, 3]" in done.stdout
    assert "output y: float32[n, 3]" in done.stdout


def test_run_reads_and_writes_files(folder, tmp_path):
    np.save(tmp_path / "x.npy", X)
    np.savez(tmp_path / "both.npz", x=X, n=np.array(2))
    (tmp_path / "n.json").write_text("2")
    ways = [
        ["--input", f"x={tmp_path}/x.npy", "--input", f"times={tmp_path}/n.json"],
        [
            "--input",
            f"x={tmp_path}/both.npz:x",
            "--input",
            f"times={tmp_path}/both.npz:n",
        ],
    ]
    from net import Model

    expected = Model()(X, np.array(2))
    for i, way in enumerate(ways):
        done = run(folder, "net", "run", *way, "-o", str(tmp_path / f"out{i}"))
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        for name in ("y", "s"):
            found = np.load(tmp_path / f"out{i}" / f"{name}.npy")
            np.testing.assert_array_equal(found, getattr(expected, name))


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["run", "-o", "out"], "x, times: expected --input, got none"),
        (["run", "--input", "z=1.npy", "-o", "out"], "NAME one of x, times"),
        (["run", "--input", "x=missing.npy", "-o", "out"], "missing.npy"),
        (["run", "--input", "x=a.txt", "-o", "out"], "expected .npy, .npz, .json or"),
        (["bench", "--repeat", "0"], "expected an integer >= 1"),
        (["frobnicate"], "invalid choice"),
    ],
)
def test_errors_are_for_people(folder, arguments, words):
    done = run(folder, "net", *arguments)
    assert done.returncode == 2 and words in done.stderr
    assert "Traceback" not in done.stderr


def test_bench_and_profile(folder, tmp_path):
    done = run(folder, "net", "bench", "--repeat", "3")
    assert done.returncode == 0 and "3 calls: median " in done.stdout, done.stderr
    number = next(
        (
            each.get()
            for each in importlib.import_module("net._threads").state().libraries
        ),
        0,
    )
    assert ("\n1 thread: 3 calls: median " in done.stdout) == (number >= 1)
    assert (f"\n{number} threads: 3 calls: median " in done.stdout) == (number > 1)
    chrome = tmp_path / "trace.json"
    done = run(folder, "net", "profile", "--repeat", "2", "--chrome", str(chrome))
    assert done.returncode == 0, done.stderr
    assert "MatMul" in done.stdout and "total: " in done.stdout
    assert done.stdout.count(" part ") == 2  # lines and operators; all is one block
    events = json.loads(chrome.read_text())["traceEvents"]
    assert {"Tanh", "twice"} <= {event["name"] for event in events}
    assert all(event["ph"] == "X" and event["dur"] >= 0 for event in events)


@pytest.mark.parametrize(
    ("usual", "times", "words"),
    [
        (
            4,
            {None: [3.0, 2.0, 9.0], 1: [1.5]},
            "recommended: Model(threads=1), 2.0 times",
        ),
        (
            4,
            {None: [1.0], 1: [2.5, 2.0]},
            "recommended: all threads, 2.2 times as fast",
        ),
        (4, {None: [1.0], 1: [1.05]}, "one thread is as fast as all:"),
        (1, {None: [1.0]}, ""),
        (
            0,
            {None: [1.0]},
            "one thread: not measured (pip install threadpoolctl, or set",
        ),
    ],
)
def test_bench_says_which_number_of_threads_is_better_now(folder, usual, times, words):
    said = importlib.import_module("net.tools.bench").verdict(usual, times)
    assert said.startswith(words) and bool(said) == bool(words)


def test_a_model_that_cannot_take_random_inputs(tmp_path):
    text = """<ir_version: 8, opset_import: ["" : 17]> picks (float[3] x, int64[n] i, int64[m] j)
        => (float[m] y) { a = Gather (x, i) y = Gather (a, j) }"""
    onnx2py.compile_model(onnx.parser.parse_model(text), tmp_path / "picks")
    done = run(tmp_path, "picks", "bench")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "index 1 is out of bounds" in done.stderr
    assert "(with random inputs; --input NAME=FILE)" in done.stderr


def test_bench_says_when_blas_uses_half_of_the_processor(folder):
    from net.tools.bench import advice

    assert "OPENBLAS_CORETYPE=SkylakeX" in advice("fpu avx2 avx512f", "Haswell")
    assert not advice("fpu avx2 avx512f", "SkylakeX")
    assert not advice("fpu avx2 avx512_bf16", "Haswell")
    assert not advice("", "Haswell")


def test_the_kernels_that_blas_chose_are_those_asked_for(folder):
    if "openblas" not in np.show_config("dicts")["Build Dependencies"]["blas"]["name"]:
        pytest.skip("this NumPy has another BLAS than OpenBLAS")
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("on this processor OpenBLAS has other kernels to choose from")
    code = "from net.tools.bench import blas_kernels; print(blas_kernels())"
    for kernels in ("Haswell", "Sandybridge"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env={**os.environ, "OPENBLAS_CORETYPE": kernels},
            capture_output=True,
            text=True,
        )
        assert done.stdout.strip() == kernels, done.stderr


@pytest.mark.parametrize("shape", ["1, 3, 4, 6", "1, 4, 6, 3", "n, 1, h, w", "3, 4, 6"])
def test_a_picture_is_an_input(tmp_path, shape):
    text = f"""<ir_version: 8, opset_import: ["" : 17]>
        net (float[{shape}] x) => (float[{shape}] y) {{ y = Identity (x) }}"""
    onnx2py.compile_model(onnx.parser.parse_model(text), tmp_path / "same")
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    done = run(tmp_path, "same", "run", "--input", "x=p.png", "-o", "out")
    assert done.returncode == 0, done.stderr
    found = np.load(tmp_path / "out" / "output.npy")
    if shape == "n, 1, h, w":
        gray = np.asarray(Image.fromarray(pixels).convert("L"))
        expected = gray[None, None]
    else:
        expected = pixels if shape == "1, 4, 6, 3" else np.moveaxis(pixels, -1, 0)
        expected = expected[None] if "1, " in shape else expected
    np.testing.assert_allclose(found, expected / np.float32(255), rtol=1e-6)


def test_a_run_in_a_zip_can_be_watched(folder, tmp_path):
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as written:
        for path in (folder / "net").rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                written.write(path, path.relative_to(folder))
    code = (
        f"import sys; sys.path.insert(0, {str(archive)!r})\n"
        "import numpy as np\nfrom net import Model\nfrom net.tools.watch import trace\n"
        "seen = trace(Model(), np.ones((1, 3), np.float32), np.array(1))\n"
        "print(seen['b'].tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "[[12.0, 15.0, 18.0]]\n", done.stderr
