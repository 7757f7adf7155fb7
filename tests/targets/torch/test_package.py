"""A package for PyTorch: a module that trains, moves and computes what the model does."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

import onnx2py
from benchmarks.pages import ROOT
from onnx2py import cli
from onnx2py.targets.torch.reserved import RESERVED
from tests.hostile import syntax
from tests.hostile.texts import HOSTILE
from tests.targets.torch.models import (
    FLOW,
    check,
    computed,
    drawn,
    loaded,
    model,
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
        (theirs,) = session.run(None, {"image": image}) if batch else (None,)
        with torch.inference_mode():
            ours = mnist(torch.from_numpy(image)).numpy()
        assert ours.shape == (batch, 10)
        if batch:
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(
    "name, signature",
    [
        ("mnist", "def forward(self, image: Tensor) -> Tensor:"),
        (
            "loop",
            "def forward(self, start: Tensor, *, limit: Optional[Tensor] = None) -> Outputs:",
        ),
    ],
)
def test_signatures_take_one_line_if_they_fit(name, signature):
    module = loaded(MNIST.with_name(f"{name}.onnx"), overridable=True)
    assert signature in source(module)


@pytest.mark.parametrize("count", [0, 1, 4])
@pytest.mark.parametrize("flag", [True, False])
def test_control_flow_is_pythons(count, flag):
    feeds = {"x": drawn(3), "count": np.int64(count), "flag": np.bool_(flag)}
    feeds = {name: np.asarray(value) for name, value in feeds.items()}
    module = check(model(FLOW), feeds)
    assert "for iteration in ops.iterations(count, device=self.device):" in source(
        module
    )


def test_scans_and_sequences():
    text = """net (float[3, 2] x) => (float[2] total, float[3, 2] sums, seq(float[k, 2]) parts) {
        z = Constant <value = float[2] {0, 1}> ()
        total, sums = Scan <num_scan_inputs = 1, body = step (float[2] a, float[2] e)
            => (float[2] b, float[2] c) { b = Add (a, e) c = Identity (b) }> (z, x)
        parts = SplitToSequence <axis = 0> (x) }"""
    check(model(text), {"x": drawn(3, 2)})


# ---------------------------------------------------------------------- a module


def test_it_is_a_module_in_evaluation_mode(mnist):
    assert isinstance(mnist, nn.Module) and not mnist.training
    assert all(p.requires_grad for p in mnist.parameters())
    assert sum(p.numel() for p in mnist.parameters()) == 83_514
    assert not list(mnist.buffers())


def test_gradients_reach_all_parameters_and_it_learns(mnist):
    net = type(mnist)()
    optimizer = torch.optim.SGD(net.parameters(), 1e-3)
    images = torch.from_numpy(drawn(8, 1, 28, 28))
    labels, losses = torch.arange(8), []
    for _ in range(12):
        loss = nn.functional.nll_loss(net(images).log(), labels)
        optimizer.zero_grad()
        loss.backward()
        assert all(p.grad is not None and p.grad.any() for p in net.parameters())
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]
    again = type(mnist)()
    assert not torch.equal(again.dense2.bias, net.dense2.bias)  # the file is as it was


def test_it_moves_and_changes_its_type(mnist):
    image = torch.from_numpy(drawn(2, 1, 28, 28))
    net = type(mnist)()
    half = net.to(torch.bfloat16)(image.to(torch.bfloat16))
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), mnist(image), atol=0.05, rtol=0.05)
    with pytest.raises(ValueError, match="expected float32.*got float64"):
        net(image.double())
    meta = type(mnist)(weights=None).to("meta")
    assert meta(image.to("meta")).shape == (2, 10)


@pytest.mark.parametrize("name", ["mnist", "transformer"])
def test_it_is_compiled_and_exported_whole(name):
    module = loaded(ROOT / "generated_examples" / f"{name}.onnx")
    if name == "mnist":
        inputs = (torch.from_numpy(drawn(2, 1, 28, 28)),)
    else:
        inputs = tuple(
            torch.from_numpy(drawn(*s))
            for s in [(2, 3, 32), (2, 4, 5, 8), (2, 4, 5, 8)]
        )
    expected = module(*inputs)
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(*inputs), expected)
    exported = torch.export.export(module, inputs)
    torch.testing.assert_close(exported.module()(*inputs), expected)


def test_what_takes_part_without_data_works_on_the_meta_device():
    text = """net (float[n, 3] x) => (float[n, 3] y, int64[n] r) <float[3] w = {1, 2, 3}> {
        s = Shape <start = 0, end = 1> (x)
        o = ConstantOfShape <value = float[1] {2}> (s)
        a = Constant <value = int64[1] {1}> ()
        u = Unsqueeze (o, a)
        m = Mul (x, u)
        y = Add (m, w)
        i = Constant <value = int64 {0}> ()
        n = Gather (s, i)
        one = Constant <value = int64 {1}> ()
        r = Range (i, n, one) }"""
    module = check(model(text), {"x": drawn(4, 3)})
    y, r = module.to("meta")(torch.zeros(4, 3, device="meta"))
    assert y.device.type == r.device.type == "meta" and y.shape == (4, 3)


def test_no_name_is_one_that_modules_have():
    """Names of values are in lower case."""
    taken = {name for name in dir(nn.Module()) if not name.startswith("__")}
    assert {name for name in taken if name.islower()} <= RESERVED


def test_values_called_as_parts_of_modules(tmp_path):
    nodes = "training = Relu (x) device = Exp (training) F = Sin (device) torch = Mul (F, half)"
    text = f"net (float[2] x) => (float[2] parameters) <float[2] half = {{1, 2}}> {{ {nodes} "
    text += "parameters = Add (torch, half) }"
    module = check(model(text), {"x": drawn(2)})
    assert sorted(module.state_dict()) == ["half_"]
    module.half()


# ---------------------------------------------------------------------- weights


def tensors(file: Path) -> dict[str, tuple[str, list[int], bytes]]:
    """Read a .safetensors file by its specification."""
    data = file.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__")
    found = {}
    end = 0
    for name, entry in header.items():
        start, stop = entry["data_offsets"]
        assert start == end  # no holes
        end = stop
        numbers = data[8 + size + start : 8 + size + stop]
        found[name] = (entry["dtype"], entry["shape"], numbers)
    assert 8 + size + end == len(data)
    return found


def test_weights_of_all_types(tmp_path):
    kinds = {
        "F32": np.float32, "F64": np.float64, "F16": np.float16, "I64": np.int64, "I32": np.int32,
        "I8": np.int8, "U8": np.uint8, "BOOL": np.bool_, "BF16": ml_dtypes.bfloat16,
        "F8_E4M3": ml_dtypes.float8_e4m3fn, "F8_E5M2": ml_dtypes.float8_e5m2,
    }  # fmt: skip
    arrays = {k: np.arange(300).reshape(3, 100).astype(t) for k, t in kinds.items()}
    nodes, outputs = [], []
    for kind, array in arrays.items():
        nodes.append(helper.make_node("Reshape", [kind, "shape"], [f"y{kind}"]))
        number = numpy_helper.from_array(array).data_type
        outputs.append(helper.make_tensor_value_info(f"y{kind}", number, ["m", "n"]))
    index = helper.make_tensor_value_info("shape", TensorProto.INT64, [2])
    graph = helper.make_graph(
        nodes, "net", [index], outputs,
        [numpy_helper.from_array(array, kind) for kind, array in arrays.items()],
    )  # fmt: skip
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    onnx2py.compile_model(proto, tmp_path / "net", target="torch")
    found = tensors(tmp_path / "net" / "weights.safetensors")
    assert {kind for kind, _, _ in found.values()} == {*kinds}
    for kind, shape, numbers in found.values():
        assert shape == [3, 100] and numbers == arrays[kind].tobytes()

    module = loaded(proto)
    trained = {str(p.dtype) for p in module.parameters()}
    assert trained == {
        f"torch.{n}" for n in ("float32", "float64", "float16", "bfloat16")
    }
    results = computed(module, {"shape": np.array([100, 3])})
    for array, ours in zip(arrays.values(), results):
        assert ours.dtype == array.dtype
        assert ours.tobytes() == array.tobytes() and ours.shape == (100, 3)


def test_weights_may_come_from_elsewhere(tmp_path, mnist):
    empty = type(mnist)(weights=None)
    assert not torch.equal(empty.conv1.weight, mnist.conv1.weight)  # as torch.nn begins
    state = {name: value + 1 for name, value in mnist.state_dict().items()}
    empty.load_state_dict(state)
    torch.testing.assert_close(empty.conv1.bias, mnist.conv1.bias + 1)
    with pytest.raises(FileNotFoundError):
        type(mnist)(weights=tmp_path / "none.safetensors")
    again = pickle.loads(pickle.dumps(mnist.state_dict()))
    assert again.keys() == mnist.state_dict().keys()


# ---------------------------------------------------------------------- inputs


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (np.zeros((1, 1, 28, 28), np.float32), TypeError, "expected a tensor .*got ndarray"),
        (torch.zeros(1, 1, 28, 28, dtype=torch.int64), ValueError, "got int64"),
        (torch.zeros(1, 1, 28, 27), ValueError, r"\[batch, 1, 28, 28\], got .*28, 27\]"),
        (torch.zeros(28, 28), ValueError, r"got float32\[28, 28\]"),
    ],
)  # fmt: skip
def test_inputs_are_checked(mnist, value, error, message):
    with pytest.raises(error, match=f"image: .*{message}"):
        mnist(value)


def test_inputs_share_lengths():
    module = loaded(
        model("net (float[n] x, float[n] z) => (float[n] y) { y = Add (x, z) }")
    )
    with pytest.raises(
        ValueError, match=r"z: expected float32\[n\] \(with n = 2\), got"
    ):
        module(torch.zeros(2), torch.zeros(3))


# ---------------------------------------------------------------------- tools


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("torch")
    out = str(place / "net")
    assert (
        cli.main(
            [
                str(MNIST),
                "-o",
                out,
                "--target",
                "torch",
                "--verify",
                "--sbom",
                str(place / "b.json"),
            ]
        )
        == 0
    )
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
from net.tools.commands import main
commands = ["", "info", "where conv1", "bench --repeat 1 --compile", "profile --repeat 1"]
for words in (*commands, "run --input image=x.npy -o out"):
    sys.argv[1:] = words.split()
    assert main() == 0, words
"""


def test_it_verifies_and_tests_itself(folder):
    np.save(folder / "x.npy", drawn(2, 1, 28, 28))
    printed = run(folder, COMMANDS)
    assert "probabilities: agrees" in printed and "computes conv1" in printed
    assert "weights: 8 tensors, 334,056 bytes" in printed and "median" in printed
    assert "float32[2, 10]" in printed
    assert np.load(folder / "out" / "output.npy").shape == (2, 10)
    bill = json.loads((folder / "b.json").read_text())
    names = {part["name"] for part in bill["components"]}
    assert {"torch", "weights.safetensors"} <= names


def test_a_changed_package_is_found_out(folder, tmp_path):
    assert cli.main(["verify", str(folder / "net"), str(MNIST)]) == 0
    text = (folder / "net" / "model.py").read_text()
    broken = tmp_path / "net"
    shutil.copytree(folder / "net", broken)
    (broken / "model.py").write_text(text.replace("F.relu", "torch.tanh"))
    assert cli.main(["verify", str(broken), str(MNIST)]) == 3


def test_it_may_import_pytorch_and_numpy_alone(folder, tmp_path):
    broken = tmp_path / "net"
    shutil.copytree(folder / "net", broken)
    with (broken / "model.py").open("a") as file:
        file.write("\nimport onnx\n")
    assert cli.main(["verify", str(broken), str(MNIST)]) != 0


def test_sessions_take_arrays(folder):
    code = (
        "import numpy as np; from net import InferenceSession\n"
        "session = InferenceSession('any')\n"
        "x = np.load('x.npy')\n"
        "(y,) = session.run(None, {'image': x})\n"
        "assert isinstance(y, np.ndarray) and y.shape == (2, 10)\n"
        "assert session.get_inputs()[0].type == 'tensor(float)'\n"
        "binding = session.io_binding(); binding.bind_cpu_input('image', x)\n"
        "binding.bind_output('probabilities'); session.run_with_iobinding(binding)\n"
        "np.testing.assert_array_equal(binding.copy_outputs_to_cpu()[0], y)\n"
    )
    np.save(folder / "x.npy", drawn(2, 1, 28, 28))
    run(folder, code)


# ---------------------------------------------------------------------- the compiler


def test_it_compiles_without_pytorch_and_the_same_each_time(tmp_path):
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import onnx2py; onnx2py.compile_model(sys.argv[1], sys.argv[2] + '/net', target='torch')"
    )
    folders = [tmp_path / "a", tmp_path / "b"]
    for seed, folder in enumerate(folders):
        folder.mkdir()
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONHASHSEED": str(seed),
        }
        command = [sys.executable, "-c", code, str(MNIST), str(folder)]
        subprocess.run(command, env=environment, check=True)
    first, second = (
        {p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()}
        for f in folders
    )
    assert first == second and len(first) > 20


def hostile(text: str) -> onnx.ModelProto:
    """Return a model with a text as its names."""
    proto = model(
        "net (float[n, 3] x, bool flag) => (float[n, 3] y)"
        "<float[3] w = {1, 2, 3}, int64[9] v = {1, 2, 3, 4, 5, 6, 7, 8, 9}> {"
        " a = Add (x, w) i = Size (v) b = Elu (a)"
        " y = If (flag) <then_branch = t () => (float[n, 3] p)"
        " { q = Sin (b) r = Cos (q) p = Abs (r) },"
        "  else_branch = e () => (float[n, 3] p) { p = Relu (b) }> }"
    )
    graph = proto.graph
    names = {n: f"{text}zz{n}" for n in ("x", "w", "a", "y", "v", "b", "flag")}
    for node in [
        *graph.node,
        *graph.node[-1].attribute[0].g.node,
        *graph.node[-1].attribute[1].g.node,
    ]:
        node.name = f"{text}zznode{node.op_type}"
        node.doc_string = text
        node.input[:] = [names.get(n, n) for n in node.input]
        node.output[:] = [names.get(n, n) for n in node.output]
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = names.get(value.name, value.name)
    graph.input[0].type.tensor_type.shape.dim[0].dim_param = f"{text}zzdim"
    graph.name = graph.doc_string = proto.doc_string = proto.producer_name = text or "g"
    return proto


PLAIN = ("plain", "1 plain", "plain.plain")
"""Names of weights: of a word, of none, and in a module."""


@pytest.mark.parametrize("number", range(0, len(HOSTILE), 5))
def test_no_text_gets_out_of_its_place(tmp_path, number):
    forms = []
    for place, text in enumerate((*PLAIN, HOSTILE[number])):
        out = tmp_path / str(place) / "net"
        out.parent.mkdir()
        try:
            onnx2py.compile_model(hostile(text), out, target="torch")
        except onnx2py.Onnx2pyError:
            assert place == len(PLAIN)
            return
        forms.append(syntax.of_folder(out, False))
    assert forms[-1] in forms[:-1]
