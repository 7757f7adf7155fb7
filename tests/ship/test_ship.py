"""Wheels and archives: installed and run as a user would."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import runpy
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import black
import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py
from onnx2py.cli import main
from tests.typed import assert_typed

SMALL = """<ir_version: 8, opset_import: ["" : 17]>
g (float[n, 3] x) => (float[n, 2] y) <float[3, 2] w = {1, 2, 3, 4, 5, 6}> {
    h = MatMul (x, w) y = Softplus (h) }"""
X = np.array([[1, -2, 0.5]], np.float32)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package, a wheel and an archive of it; onnx2py checked it before."""
    folder = tmp_path_factory.mktemp("shipped")
    onnx.save(onnx.parser.parse_model(SMALL), str(folder / "small.onnx"))
    names = [str(folder / name) for name in ("small.onnx", "Small", "small.pyz")]
    options = ["--verify", "--wheel", str(folder), "--zipapp", names[2], "-q"]
    assert main([names[0], "-o", names[1], *options]) == 0
    np.save(folder / "x.npy", X)
    return folder


def python(folder: Path, *arguments: str, path: Path | None = None) -> str:
    """Run Python in a folder without onnx2py's own; return its output."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if path is not None:
        env["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def wheel_of(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_wheel_installs(shipped: Path, tmp_path: Path):
    site = tmp_path / "site"
    pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    python(tmp_path, *pip, str(site), str(wheel_of(shipped)))
    code = (
        "import Small, numpy; print(Small.__file__); Small.Model()(numpy.load('x.npy'))"
    )
    assert str(site) in python(shipped, "-P", "-c", code, path=site)
    assert "agree" in python(tmp_path, "-m", "Small", path=site)
    code = "from importlib.metadata import version, requires\n"
    code += "print(version('Small'), requires('Small'))"
    sha = hashlib.sha256((shipped / "small.onnx").read_bytes()).hexdigest()
    assert python(tmp_path, "-c", code, path=site).split() == [
        f"1.0+{sha[:8]}",
        "['numpy>=1.22']",
    ]


def test_the_wheel_lists_what_it_holds(shipped: Path):
    with zipfile.ZipFile(wheel_of(shipped)) as wheel:
        names = wheel.namelist()
        info = next(n for n in names if n.endswith("/RECORD")).rpartition("/")[0]
        rows = list(csv.reader(io.StringIO(wheel.read(f"{info}/RECORD").decode())))
        assert [row[0] for row in rows] == names
        for name, digest, size in rows[:-1]:
            data = wheel.read(name)
            code = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
            assert (digest, size) == (f"sha256={code.rstrip('=')}", str(len(data)))
        metadata = message_from_string(wheel.read(f"{info}/METADATA").decode())
        assert metadata["Name"] == "Small" and metadata["Requires-Python"] == ">=3.9"


def test_the_archive_runs(shipped: Path, tmp_path: Path):
    archive = tmp_path / "elsewhere.pyz"
    archive.write_bytes((shipped / "small.pyz").read_bytes())
    archive.chmod(0o444)
    assert "agree" in python(tmp_path, str(archive))
    assert "float32[n, 3]" in python(tmp_path, str(archive), "info")
    x = shipped / "x.npy"
    python(tmp_path, str(archive), "run", "--input", f"x={x}", "-o", "out")
    expected = onnx2py.load_model(shipped / "small.onnx")(X)
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "output.npy"), expected)
    assert os.access(shipped / "small.pyz", os.X_OK)


def test_the_archive_can_be_imported_from(shipped: Path, tmp_path: Path):
    code = "import Small, numpy; print(Small.Model()(numpy.ones((1, 3), 'f')).shape)"
    assert python(tmp_path, "-c", code, path=shipped / "small.pyz") == "(1, 2)\n"


def test_both_are_the_same_every_time(tmp_path: Path):
    model = onnx.parser.parse_model(SMALL)
    found = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        report = onnx2py.compile_model(
            model, folder / "same", wheel=folder, zipapp=folder / "same.pyz"
        )
        assert [s.kind for s in report.shipments] == ["wheel", "zipapp"]
        assert all(s.size == s.path.stat().st_size for s in report.shipments)
        found.append([s.path.read_bytes() for s in report.shipments])
    assert found[0] == found[1]


EXAMPLES = Path(__file__).parents[2] / "generated_examples"


@pytest.mark.parametrize("name", ["mnist", "transformer", "gpt", "loop", "pipeline"])
def test_a_single_file_is_the_package(tmp_path: Path, name: str):
    """It computes what was recorded, with nothing beside it, and is as clean."""
    file = tmp_path / f"alone_{name}.py"
    onnx2py.compile_model(EXAMPLES / f"{name}.onnx", tmp_path / name, single_file=file)
    assert runpy.run_path(str(file), run_name="x")["OUTPUTS"]
    alone = tmp_path / "elsewhere" / file.name
    alone.parent.mkdir()
    file.rename(alone)
    code = f"""
import sys
sys.path[:0] = [{str(alone.parent)!r}, {str(EXAMPLES)!r}]
import alone_{name} as alone, numpy as np, {name} as package
from {name}.tools.records import read_record, recorded_inputs
given = recorded_inputs(read_record())
results = [m.Model()(**given) for m in (alone, package)]
for one, two in zip(*([r] if len(alone.OUTPUTS) == 1 else r for r in results)):
    assert str(one) == str(two) and np.shape(one) == np.shape(two)
session = alone.InferenceSession()
feeds = {{spec.name: given[spec.python_name] for spec in alone.INPUTS if spec.python_name in given}}
print(len(session.run(None, feeds)), len(alone.OUTPUTS))
"""
    one, two = python(tmp_path, "-c", code).split()
    assert one == two
    assert python(tmp_path, str(alone)).startswith("The graph ")
    source = alone.read_text("utf-8")
    mode = black.Mode(target_versions={black.TargetVersion.PY39})
    assert black.format_str(source, mode=mode) == source
    assert_typed(alone.parent, [alone.name])


CLASHES = """<ir_version: 8, opset_import: ["" : 17]>
g (float[n, 4] x) => (float[n, 4] y) <int64[1] axes = {1}, int64[2] k = {0, 2}> {
    a = Cast <to = 7> (x) b = Cast <to = 1> (a) c = Mod <fmod = 1> (x, b) d = Round (x)
    e = Max (c, d, b) f = Min (e, x) s = ReduceSum (f, axes) t = Sum (f, s, x)
    m = Softmax (t) p = Pow (m, x) h = Hardmax (p)
    i = CumSum (h, one) one = Constant <value_int = 1> ()
    j = Clip (i) l = LayerNormalization (t, w) w = Constant <value_floats = [1.0, 2.0, 3.0, 4.0]> ()
    y = Where (q, l, j) q = Less (x, f) }"""
"""Operators called as what Python or typing has, and with helpers of the same names."""


@pytest.mark.parametrize("level", [0, 1])
def test_names_that_clash_in_a_single_file(tmp_path: Path, level: int):
    model = onnx.parser.parse_model(CLASHES)
    file = tmp_path / "alone.py"
    onnx2py.compile_model(model, tmp_path / "clashing", single_file=file, level=level)
    found = runpy.run_path(str(file), run_name="alone")
    x = np.linspace(1.3, 6.9, 12, dtype=np.float32).reshape(3, 4)
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(
        None, {"x": x}
    )
    np.testing.assert_allclose(found["Model"]()(x), expected[0], rtol=1e-5, atol=1e-6)


def test_a_single_file_whose_blocks_choose_kernels(tmp_path: Path):
    """The choices stand at the top of model.py and name operators."""
    rng = np.random.default_rng(0)
    weights, lines, value = [], [], "x"
    for i, d in enumerate((1, 2, 1, 2)):
        w = rng.normal(size=(8, 8, 3, 3)).astype(np.float32)
        weights.append(onnx.numpy_helper.from_array(w, f"w{i}"))
        lines += [
            f"c{i} = Conv <pads = [{d}, {d}, {d}, {d}], dilations = [{d}, {d}]> ({value}, w{i})",
            f"r{i} = Relu (c{i}) s{i} = Sigmoid (r{i})",
            f"t{i} = Add (s{i}, {value}) u{i} = Tanh (t{i})",
        ]
        value = f"u{i}"
    head = '<ir_version: 8, opset_import: ["" : 17]> g (float[1, 8, 9, 9] x)'
    text = f"{head} => (float[1, 8, 9, 9] y) {{ {' '.join(lines)} y = Neg ({value}) }}"
    model = onnx.parser.parse_model(text)
    model.graph.initializer.extend(weights)
    file = tmp_path / "alone.py"
    onnx2py.compile_model(model, tmp_path / "net", single_file=file)
    assert '= {"kernel": ops.' in (tmp_path / "net" / "model.py").read_text()
    found = runpy.run_path(str(file), run_name="alone")
    x = rng.normal(size=(1, 8, 9, 9)).astype(np.float32)
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(
        None, {"x": x}
    )
    np.testing.assert_allclose(found["Model"]()(x), expected[0], rtol=1e-4, atol=1e-5)


def test_a_single_file_describes_itself_as_the_package_does(tmp_path: Path):
    text = """<ir_version: 8, opset_import: ["" : 17]>
        g (float[N, 3] x) => (float[N, 3] y) { y = Exp (x) }"""
    file = tmp_path / "one.py"
    model = onnx.parser.parse_model(text)
    onnx2py.compile_model(model, tmp_path / "net", single_file=file)
    alone = subprocess.run([sys.executable, file], capture_output=True, text=True)
    lines = alone.stdout.splitlines()
    assert lines[-2:] == ["x: float32[N, 3]", "y: float32[N, 3]"]
    command = [sys.executable, "-m", "net", "info"]
    info = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert info.stdout.splitlines()[-2:] == [
        f"input {lines[-2]}",
        f"output {lines[-1]}",
    ]


def test_weights_too_large_for_a_single_file(tmp_path: Path):
    text = SMALL.replace("float[3, 2] w = {1, 2, 3, 4, 5, 6}", "float[3, 400000] w")
    model = onnx.parser.parse_model(text.replace("float[n, 2]", "float[n, 400000]"))
    big = np.zeros((3, 400_000), np.float32)
    model.graph.initializer.append(onnx.numpy_helper.from_array(big, "w"))
    del model.graph.value_info[:]
    with pytest.raises(
        onnx2py.OutputError, match="at most 4 MB .* got 4.6 MB; --zipapp"
    ):
        onnx2py.compile_model(model, tmp_path / "big", single_file=tmp_path / "big.py")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["zipapp", "single_file"])
def test_what_cannot_be_written_is_said_before_any_work(tmp_path: Path, option: str):
    model = onnx.parser.parse_model(SMALL)
    with pytest.raises(onnx2py.OutputError, match="expected a folder that can be"):
        onnx2py.compile_model(
            model, tmp_path / "small", **{option: tmp_path / "missing" / "file.py"}
        )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_not_overwritten(tmp_path: Path):
    model = onnx.parser.parse_model(SMALL)
    (tmp_path / "here").mkdir()
    with pytest.raises(onnx2py.OutputError, match="here: expected a file, or nothing"):
        onnx2py.compile_model(model, tmp_path / "small", zipapp=tmp_path / "here")


def test_the_command_says_what_it_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    onnx.save(onnx.parser.parse_model(SMALL), str(tmp_path / "small.onnx"))
    options = ["--zipapp", str(tmp_path / "small.pyz")]
    assert (
        main([str(tmp_path / "small.onnx"), "-o", str(tmp_path / "small"), *options])
        == 0
    )
    size = (tmp_path / "small.pyz").stat().st_size
    said = capsys.readouterr().out
    assert f"zipapp: {tmp_path / 'small.pyz'}, " in said and size > 1000
