"""A package for JAX: its parameters, its constants, input checks, commands and sessions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py
from benchmarks.pages import ROOT
from onnx2py import cli
from tests.targets.jax.models import (
    FLOW,
    KNOWN,
    check,
    computed,
    drawn,
    loaded,
    model,
    package,
    source,
)

MNIST = ROOT / "generated_examples" / "mnist.onnx"


@pytest.fixture(scope="module")
def mnist():
    return loaded(MNIST)


def test_results_are_onnxruntimes(mnist):
    session = onnxruntime.InferenceSession(MNIST, providers=["CPUExecutionProvider"])
    for batch in (1, 3, 0):
        image = drawn(batch, 1, 28, 28)
        ours = mnist(jnp.asarray(image))
        assert isinstance(ours, jax.Array) and ours.shape == (batch, 10)
        if batch:
            (theirs,) = session.run(None, {"image": image})
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_model_holds_parameters_of_any_origin(mnist):
    image = drawn(2, 1, 28, 28)
    zeros = jax.tree.map(jnp.zeros_like, mnist.params)
    other = type(mnist)(zeros)
    np.testing.assert_allclose(other(image), np.full((2, 10), 0.1), rtol=1e-6)
    whole = package(mnist)
    np.testing.assert_array_equal(whole.forward(mnist.params, image), mnist(image))
    with pytest.raises(FileNotFoundError):
        whole.load_params("/nowhere/w.safetensors")


@pytest.mark.parametrize(("count", "flag"), [(0, True), (1, False), (4, True)])
def test_control_flow_is_jaxs(count, flag):
    feeds = {"x": drawn(3), "count": np.int64(count), "flag": np.bool_(flag)}
    for text, lines in ((FLOW, "if flag:"), (KNOWN, "lax.cond(flag, ")):
        given = {name: np.asarray(value) for name, value in feeds.items()}
        assert lines in source(check(model(text), given))


def test_weights_of_all_types():
    kinds = (
        np.float32, np.float64, np.float16, np.int64, np.int8, np.uint8, np.bool_,
        ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2,
    )  # fmt: skip
    arrays = [np.arange(300).reshape(3, 100).astype(kind) for kind in kinds]
    nodes, outputs, weights = [], [], []
    for i, array in enumerate(arrays):
        nodes.append(helper.make_node("Reshape", [f"w{i}", "shape"], [f"y{i}"]))
        weights.append(numpy_helper.from_array(array, f"w{i}"))
        outputs.append(
            helper.make_tensor_value_info(f"y{i}", weights[-1].data_type, ["m", "n"])
        )
    index = helper.make_tensor_value_info("shape", TensorProto.INT64, [2])
    graph = helper.make_graph(nodes, "net", [index], outputs, weights)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    net = loaded(proto)
    for array, ours in zip(arrays, computed(net, {"shape": np.array([100, 3])})):
        assert ours.dtype == array.dtype and ours.shape == (100, 3)
        assert ours.tobytes() == array.tobytes()
    floats = {leaf.dtype.name for leaf in jax.tree.leaves(net.params)}
    assert {"float16", "float32", "bfloat16"} <= floats and "int8" not in floats
    with pytest.raises(ValueError, match="jax_enable_x64"):
        net(jnp.array([100, 3]))


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ([[0.0]], TypeError, "expected an array .*got list"),
        (jnp.zeros((1, 1, 28, 28), int), ValueError, "got int32"),
        (jnp.zeros((1, 1, 28, 27)), ValueError, r"\[batch, 1, 28, 28\], got .*28, 27\]"),
        (np.zeros((28, 28), np.float32), ValueError, r"got float32\[28, 28\]"),
    ],
)  # fmt: skip
def test_inputs_are_checked(mnist, value, error, message):
    with pytest.raises(error, match=f"image: .*{message}"):
        mnist(value)
    with pytest.raises(error, match=f"image: .*{message}"):
        jax.jit(lambda: mnist(value))()


# ---------------------------------------------------------------------- tools


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("jax")
    words = ["--target", "jax", "--verify", "--sbom", str(place / "b.json")]
    assert cli.main([str(MNIST), "-o", str(place / "net"), *words]) == 0
    np.save(place / "x.npy", drawn(2, 1, 28, 28))
    return place


def run(place: Path, code: str) -> str:
    """Run Python in the folder, with the package ``net`` on the path."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=place, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


COMMANDS = """
import sys
import numpy as np
from net.tools.commands import main
commands = ["", "info", "where conv1", "bench --repeat 1", "profile --repeat 1"]
for words in (*commands, "run --input image=x.npy -o out"):
    sys.argv[1:] = words.split()
    assert main() == 0, words

from net import InferenceSession
x = np.load("x.npy")


class Options:
    intra_op_num_threads = 1


session = InferenceSession("any", Options())
(y,) = session.run(None, {"image": x})
assert isinstance(y, np.ndarray) and y.shape == (2, 10)
np.testing.assert_array_equal(y, np.load("out/output.npy"))
assert session.get_inputs()[0].type == "tensor(float)"
binding = session.io_binding()
binding.bind_cpu_input("image", x)
binding.bind_output("probabilities")
session.run_with_iobinding(binding)
np.testing.assert_array_equal(binding.copy_outputs_to_cpu()[0], y)
"""


def test_it_verifies_and_tests_itself(folder):
    printed = run(folder, COMMANDS)
    assert "probabilities: agrees" in printed and "computes conv1" in printed
    assert "weights: 8 tensors, 334,056 bytes" in printed
    assert "jax.jit(forward): first call" in printed and "jax.jit fails" not in printed
    assert "float32[2, 10]" in printed
    bill = json.loads((folder / "b.json").read_text())
    names = {part["name"] for part in bill["components"]}
    assert {"jax", "weights.safetensors"} <= names
    assert "plain JAX" in bill["metadata"]["component"]["description"]


def test_a_changed_package_is_found_out(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")  # verification is done on the CPU
    assert cli.main(["verify", str(folder / "net"), str(MNIST)]) == 0
    text = (folder / "net" / "model.py").read_text()
    broken = tmp_path / "net"
    shutil.copytree(folder / "net", broken)
    (broken / "model.py").write_text(text.replace("jax.nn.relu", "jnp.tanh"))
    assert cli.main(["verify", str(broken), str(MNIST)]) == 3


def test_it_may_import_jax_and_numpy_alone(folder, tmp_path, capsys):
    broken = tmp_path / "net"
    shutil.copytree(folder / "net", broken)
    with (broken / "model.py").open("a") as file:
        file.write("\nimport onnx\n")
    assert cli.main(["verify", str(broken), str(MNIST)]) == 3
    assert "onnx: a package may import only" in capsys.readouterr().out


def test_it_compiles_without_jax_and_the_same_each_time(tmp_path):
    code = (
        "import sys; sys.modules['jax'] = None\n"
        "import onnx2py\n"
        "for option in ({}, {'scan_layers': True}):\n"
        "    out = f'{sys.argv[2]}/net{len(option)}'\n"
        "    onnx2py.compile_model(sys.argv[1], out, target='jax', **option)"
    )
    gpt = MNIST.with_name("gpt.onnx")
    folders = [tmp_path / "a", tmp_path / "b"]
    for seed, place in enumerate(folders):
        place.mkdir()
        more = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(seed)}
        command = [sys.executable, "-c", code, str(gpt), str(place)]
        subprocess.run(command, env={**os.environ, **more}, check=True)
    first, second = (
        {p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()}
        for f in folders
    )
    assert first == second and len(first) > 40


def test_minimal_packages_have_no_tools(tmp_path):
    onnx2py.compile_model(MNIST, tmp_path / "net", target="jax", minimal=True)
    files = {path.name for path in (tmp_path / "net").iterdir()}
    assert "model.py" in files and not {"tools", "README.md"} & files
    code = (
        "import numpy as np, net; x = np.zeros((1, 1, 28, 28), np.float32)\n"
        "assert net.Model()(x).shape == (1, 10)\n"
        "try: net.InferenceSession\n"
        "except ImportError as error: print(error)"
    )
    assert "needs the folder tools/" in run(tmp_path, code)
