"""A target of another distribution: found, used and refused like ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest

import onnx2py
from benchmarks.pages import ROOT
from onnx2py import cli
from onnx2py.errors import OptionError, UnsupportedError
from onnx2py.targets import find_target, target_names
from tests.targets import foreign

MNIST = ROOT / "generated_examples" / "mnist.onnx"
LACKING = """<ir_version: 10, opset_import: ["" : 22]>
    net (float[n] x, double[2] h, float16[3] unread) => (float[n] y, double[2] z) {
        a = Relu (x)
        one = Erf (a)
        two = Sinh (one)
        z = Add (h, h)
        b = Greater (two, one)
        most = ReduceMax <keepdims = 0> (x)
        go = Greater (most, most)
        y = If (go) <
            then_branch = yes () => (float[n] w) { w = Erf (two) },
            else_branch = no () => (float[n] v) { v = Relu (two) }>
    }"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The folder where the distribution is installed."""
    folder = tmp_path / "site"
    foreign.install(folder)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    sys.modules.pop("plainly_onnx2py", None)


@pytest.mark.parametrize("options", [[], ["-O0"], ["--flat"]], ids=str)
def test_mnist_runs_on_it(installed, tmp_path, options):
    out = tmp_path / "net"
    assert cli.main([str(MNIST), "-o", str(out), "--target", "plainly", *options]) == 0
    assert "import plainly" in (out / "ops" / "conv.py").read_text()
    assert "unused" not in (out / "ops" / "activation.py").read_text()

    library = tmp_path / "library"
    library.mkdir()
    foreign.install_library(library)
    x = np.random.default_rng(0).random((3, 1, 28, 28), np.float32)
    np.save(tmp_path / "x.npy", x)
    code = (
        "import sys, numpy as np\n"
        "sys.modules['onnx2py'] = None\n"
        "from net import Model\n"
        "np.save('y.npy', Model()(np.load('x.npy')))"
    )
    path = os.pathsep.join(map(str, (library, tmp_path)))
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": path}, check=True
    )
    session = onnxruntime.InferenceSession(MNIST, providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {session.get_inputs()[0].name: x})
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), expected, atol=1e-5)


def test_it_is_listed_and_what_its_packages_import(installed, tmp_path):
    assert target_names() == ["numpy", "torch", "jax", "plainly"]
    report = onnx2py.compile_model(MNIST, tmp_path / "net", target="plainly")
    assert report.requires == ("numpy", "plainly")
    assert "plainly" not in sys.modules


def test_all_that_it_lacks_is_reported_before_anything_is_written(installed, tmp_path):
    model = onnx.parser.parse_model(LACKING)
    with pytest.raises(UnsupportedError) as caught:
        onnx2py.compile_model(model, tmp_path / "net", target="plainly")
    problems = {(p.node, p.operator): p.what for p in caught.value.problems}
    assert problems == {
        ("h", "input"): "target plainly has no element type float64",
        ("unread", "input"): "target plainly has no element type float16",
        ("one", "Erf (opset 22)"): "target plainly has no ops.erf",
        ("two", "Sinh (opset 22)"): "target plainly has no np.sinh",
        ("z", "Add (opset 22)"): "target plainly has no element type float64",
        ("most", "ReduceMax (opset 22)"): "target plainly has no ops.reduce_max",
        ("go", "Greater (opset 22)"): "target plainly has no np.greater",
        ("w", "Erf (opset 22)"): "target plainly has no ops.erf",
    }
    assert "--target numpy" in str(caught.value) and "--outputs" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_check_lists_the_same(installed, tmp_path, capsys):
    onnx.save(onnx.parser.parse_model(LACKING), tmp_path / "net.onnx")
    command = ["check", str(tmp_path / "net.onnx"), "--target", "plainly"]
    assert cli.main(command) == 1
    text = capsys.readouterr().out
    assert "target plainly has no ops.erf" in text and "h: input: target" in text
    assert cli.main([*command, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    unsupported = {o["operator"] for o in report["operators"] if o["problems"]}
    assert unsupported == {"Erf", "Sinh", "Add", "ReduceMax", "Greater"}
    assert len(report["problems"]) == 2 and not report["supported"]
    assert cli.main(["check", str(MNIST), "--target", "plainly"]) == 0
    assert "requires numpy, plainly" in capsys.readouterr().out


def test_loops_need_functions_too(installed, tmp_path):
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
        net (int64 n, float[2] x) => (float[2] y, float[k, 2] all) {
            y, all = Loop (n, , x) <body = step (int64 i, bool go, float[2] a)
                => (bool on, float[2] b, float[2] c)
                { on = Identity (go) b = Relu (a) c = Relu (b) }>
        }""")
    with pytest.raises(
        UnsupportedError, match="no ops.iterations and no ops.stack_scan_outputs"
    ):
        onnx2py.compile_model(model, tmp_path / "net", target="plainly")


def test_an_unknown_target_is_refused(installed, tmp_path):
    with pytest.raises(
        OptionError,
        match=r"of numpy, torch, jax, plainly, got 'plain'; is it 'plainly'",
    ):
        onnx2py.compile_model(MNIST, tmp_path / "net", target="plain")
    with pytest.raises(OptionError, match="target: expected a name, got 3"):
        onnx2py.compile_model(MNIST, tmp_path / "net", target=3)


DIALECT = """
from dataclasses import replace
from onnx2py.targets.numpy_dialect import NumpyDialect


class Plain(NumpyDialect):
    def array(self, array, uses):
        return f"{uses.library('plainly')}.{super().array(array, uses)}"

    @property
    def frame(self):
        folder = Path(__file__).parent / "templates"
        return replace(super().frame, folder=str(folder))


TARGET = replace(TARGET, dialect=Plain(), title="Plainly")
"""


def test_it_has_a_dialect_and_templates_of_its_own(tmp_path, monkeypatch):
    site = tmp_path / "site"
    foreign.install(site, foreign.TARGET + DIALECT)
    templates = site / "plainly_onnx2py" / "templates"
    templates.mkdir()
    (templates / "README.md.j2").write_text("# {{ package }} for {{ library }}\n")
    monkeypatch.syspath_prepend(str(site))
    text = """<ir_version: 8, opset_import: ["" : 17]> net (float[2] x) => (float[2] y)
        <float[2] w = {1, 2}> { y = Mul (x, w) }"""
    onnx2py.compile_model(
        onnx.parser.parse_model(text), tmp_path / "net", target="plainly"
    )
    source = (tmp_path / "net" / "model.py").read_text()
    assert "self.w = plainly.np.array([1.0, 2.0], np.float32)" in source
    assert "ops.arrays.multiply(x, self.w)" in source
    assert (tmp_path / "net" / "README.md").read_text() == "# net for Plainly\n"
    foreign.install_library(tmp_path)
    code = (
        "import numpy as np; from net import Model; print(Model()(np.float32([3, 4])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "[3. 8.]\n", done.stderr
    sys.modules.pop("plainly_onnx2py", None)


@pytest.mark.parametrize(
    "source, message",
    [
        ("import nothing_of_that_name", "cannot be imported: ModuleNotFoundError"),
        (
            "TARGET = 3",
            "expected a Target of that name at plainly_onnx2py:TARGET, got 3",
        ),
        (foreign.TARGET.replace('"plainly"', '"other"', 1), "of that name"),
    ],
)
def test_a_distribution_that_is_wrong_is_named(tmp_path, monkeypatch, source, message):
    foreign.install(tmp_path, source)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(OptionError, match=f"target 'plainly': .*{message}"):
        find_target("plainly")
    sys.modules.pop("plainly_onnx2py", None)
