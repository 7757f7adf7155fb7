"""Layers in the module tree of the original, whose state its checkpoints fit."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from torch import nn

import onnx2py
from onnx2py.emit.uses import Uses
from onnx2py.targets import find_target
from onnx2py.targets.network.tree import Leaf
from onnx2py.targets.torch.tree import BUFFER, PARAMETER, ModuleTree
from tests.targets.torch.models import check, computed, drawn, expected, loaded, source
from tests.targets.torch.networks import Attending, Net, Words, onnx_file, randomized
from tests.targets.torch.test_idioms import flat
from tests.targets.torch.test_package import tensors

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::UserWarning"
)


class Sequences(nn.Module):
    """An LSTM and a GRU whose states are given and returned."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.gru = nn.LSTM(6, 4), nn.GRU(4, 3, bias=False)

    def forward(self, x, h, c, g):
        x, (h, c) = self.lstm(x, (h, c))
        x, g = self.gru(x, g)
        return x, h, c, g


IMAGE = (torch.rand(2, 3, 13, 13),)
IDS = (torch.tensor([[1, 2, 8], [0, 4, 4]]),)
TOKENS = (torch.rand(3, 2, 8), torch.rand(4, 2, 8))
STEPS = (
    torch.rand(5, 2, 6),
    torch.rand(1, 2, 4),
    torch.rand(1, 2, 4),
    torch.rand(1, 2, 3),
)
NETWORKS = [(Net, IMAGE), (Words, IDS), (Attending, TOKENS), (Sequences, STEPS)]


@pytest.fixture(scope="module", params=NETWORKS, ids=lambda n: n[0].__name__)
def network(request):
    """A network with the inputs that it was exported for, and what became of it."""
    make, inputs = request.param
    module = randomized(make())
    return module, inputs, loaded(onnx_file(module, *inputs))


def of(make):
    """Return a network, and what became of it."""
    module = randomized(make())
    inputs = dict(NETWORKS)[make]
    return module, loaded(onnx_file(module, *inputs))


def results(module: nn.Module, inputs) -> list[torch.Tensor]:
    with torch.inference_mode():
        found = module(*inputs)
    return list(found) if isinstance(found, tuple) else [found]


def test_checkpoints_of_the_original_fit(network):
    """Another checkpoint is loaded; the results are then those of the original with it."""
    module, inputs, ours = network
    assert ours.state_dict().keys() == module.state_dict().keys()
    for key, value in module.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[key], value, rtol=0, atol=0)
    torch.testing.assert_close(results(ours, inputs), results(module, inputs))
    other = randomized(type(module)()).eval()
    again = type(ours)()
    again.load_state_dict(other.state_dict(), strict=True)
    torch.testing.assert_close(results(again, inputs), results(other, inputs))
    other.load_state_dict(ours.state_dict(), strict=True)
    torch.testing.assert_close(results(ours, inputs), results(other, inputs))


def test_gradients_are_the_originals(network):
    module, inputs, ours = network
    for each in (module, ours):
        each.zero_grad()
        found = each(*inputs)
        sum((y**2).sum() for y in (found if isinstance(found, tuple) else (found,))).backward()  # type: ignore[union-attr]
    theirs = dict(module.named_parameters())
    assert {*theirs} == {*dict(ours.named_parameters())}
    for key, parameter in ours.named_parameters():
        torch.testing.assert_close(
            parameter.grad, theirs[key].grad, rtol=1e-3, atol=1e-4
        )


def test_modules_are_of_the_original_classes():
    module, ours = of(Net)
    kinds = {
        path: type(each)
        for path, each in module.named_modules()
        if each.state_dict() and type(each).__module__.startswith("torch.nn")
    }
    kinds = {p: k for p, k in kinds.items() if k not in (nn.ModuleList, nn.Sequential)}
    assert len(kinds) == 16
    for path, kind in kinds.items():
        assert type(ours.get_submodule(path)) is kind
        assert repr(ours.get_submodule(path)) == repr(module.get_submodule(path))


def test_batch_normalization_learns_its_statistics():
    module, ours = of(Net)
    before = ours.blocks[0].bn.running_mean.clone()
    ours.train()(*IMAGE)
    module.train()(*IMAGE)
    assert not torch.equal(ours.blocks[0].bn.running_mean, before)
    state = module.state_dict()
    for key in ("running_mean", "running_var", "num_batches_tracked"):
        torch.testing.assert_close(
            ours.state_dict()[f"blocks.1.bn.{key}"], state[f"blocks.1.bn.{key}"]
        )


def test_source_of_layers():
    text = flat(source(of(Net)[1]))
    assert "self.stem = nn.ModuleList([nn.Conv2d(3, 4, 3, stride=2)])" in text
    assert "bn=nn.BatchNorm2d(4)" in text and "ln_1=nn.LayerNorm(6)" in text
    assert "fc=nn.ModuleList([nn.Linear(6, 8), nn.Linear(8, 6, bias=False)])" in text
    assert ") for _ in range(2)])" in text  # the blocks
    assert "gamma=nn.Parameter(torch.zeros(6))" in text
    assert "= self.stem[0](" in text and "= self.blocks[1].fc[0](" in text
    assert "* self.blocks[0].gamma" in text or "self.blocks[0].gamma *" in text


def test_source_of_recurrent_layers():
    text = flat(source(of(Sequences)[1]))
    assert "self.lstm = nn.LSTM(6, 4)" in text
    assert "self.gru = nn.GRU(4, 3, bias=False)" in text
    start, _, rest = text.partition(" = self.lstm(")
    assert start.endswith(")") and ", (" in start[-60:]
    assert rest.split(")")[0].count("(") == 1  # x, (h, c)
    assert ", _ = self.rnn(" in flat(source(of(Words)[1]))


def test_projections_that_attention_keeps_together_are_of_its_parameters():
    text = flat(source(of(Attending)[1]))
    assert "in_proj_weight=nn.Parameter(torch.zeros(24, 8))" in text
    assert "out_proj=nn.Linear(8, 8)" in text
    assert "F.linear(" in text and "self.own.in_proj_weight" in text


def test_tied_weights_stay_tied(tmp_path):
    module, ours = of(Words)
    assert ours.words.weight is ours.table.weight
    assert "self.words.weight = self.table.weight" in source(ours)
    onnx2py.compile_model(onnx_file(module, *IDS), tmp_path / "net", target="torch")
    stored = tensors(tmp_path / "net" / "weights.safetensors")
    assert len({"words.weight", "table.weight"} & stored.keys()) == 1
    again = type(ours)(weights=tmp_path / "net" / "weights.safetensors")
    assert again.words.weight is again.table.weight
    empty = type(ours)(weights=None)
    empty.load_state_dict(module.state_dict(), strict=True)
    assert empty.words.weight is empty.table.weight


# ---------------------------------------------------------------------- other constants


def graph(nodes, weights, dtype=np.float32) -> onnx.ModelProto:
    """Return a model of ``x`` [n, 4] and ``y`` [n, 4], with weights by name."""
    number = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    x, y = (helper.make_tensor_value_info(n, number, ["n", 4]) for n in "xy")
    constants = [
        numpy_helper.from_array(array, name) for name, array in weights.items()
    ]
    made = helper.make_graph(nodes, "net", [x], [y], constants)
    return helper.make_model(
        made, opset_imports=[helper.make_opsetid("", 21)], ir_version=10
    )


def test_constants_without_a_name_are_no_part_of_the_state(tmp_path):
    weights = {
        "fc.weight": drawn(4, 4), "onnx::Mul_3": drawn(4, seed=1),
        "val_7": drawn(4, 30, seed=5),
    }  # fmt: skip
    nodes = [
        helper.make_node("Gemm", ["x", "fc.weight"], ["a"], transB=1, name="/fc/Gemm"),
        helper.make_node("Mul", ["a", "onnx::Mul_3"], ["b"]),
        helper.make_node("Einsum", ["b", "val_7", "val_7"], ["y"], equation="ni,ij,kj->nk"),
    ]  # fmt: skip
    proto = graph(nodes, weights)
    feeds = {"x": drawn(3, 4)}
    ours = check(proto, feeds)
    assert {*ours.state_dict()} == {"fc.weight"}
    assert [*dict(ours.named_parameters())] == ["fc.weight"]
    text = flat(source(ours))
    assert "load_constants(self, WEIGHTS)" in text and "persistent=False" in text

    # the state from elsewhere does not have them
    last = helper.make_node("Identity", ["a"], ["y"])
    other = graph([nodes[0], last], {"fc.weight": weights["fc.weight"]})
    onnx2py.compile_model(other, tmp_path / "other", target="torch")
    again = type(ours)(weights=tmp_path / "other" / "weights.safetensors")
    np.testing.assert_allclose(
        computed(ours, feeds)[0],
        again(torch.from_numpy(feeds["x"])).detach(),
        rtol=1e-6,
    )


def test_every_weight_of_floats_is_a_parameter():
    """Names of other exporters have no paths."""
    weights = {
        "dense/kernel:0": drawn(4, 4), "scope/gain": drawn(4, seed=1),
        "onnx::MatMul_9": drawn(4, 4, seed=2), "/table/Constant_output_0": drawn(4, seed=3),
    }  # fmt: skip
    nodes = [
        helper.make_node("MatMul", ["x", "dense/kernel:0"], ["a"]),
        helper.make_node("Mul", ["a", "scope/gain"], ["b"], name="/scope/Mul"),
        helper.make_node("Einsum", ["b", "onnx::MatMul_9"], ["c"], equation="ni,ij->nj"),
        helper.make_node("Add", ["c", "/table/Constant_output_0"], ["y"]),
    ]  # fmt: skip
    ours = check(graph(nodes, weights), {"x": drawn(3, 4)})
    trained = dict(ours.named_parameters())
    assert {*trained} == {*ours.state_dict()} and len(trained) == 3
    ours(torch.from_numpy(drawn(3, 4))).sum().backward()
    assert all(parameter.grad is not None for parameter in trained.values())


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_layers_of_other_types(dtype):
    nodes = [helper.make_node("Gemm", ["x", "fc.weight"], ["y"], transB=1)]
    proto = graph(nodes, {"fc.weight": drawn(4, 4).astype(dtype)}, dtype)
    ours = check(proto, {"x": drawn(3, 4).astype(dtype)})
    name = np.dtype(dtype).name
    assert f"nn.Linear(4, 4, bias=False, dtype=torch.{name})" in source(ours)
    assert str(type(ours)(weights=None).fc.weight.dtype) == f"torch.{name}"


def test_layers_in_bodies():
    """The name of a branch is one of a module, too."""
    text = """net (float[n, 4] x, bool flag) => (float[n, 4] y)
        <float[4, 4] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}> {
        y = If (flag) <
            then_branch = fc () => (float[n, 4] p) {
                a = Gemm <transB = 1> (x, w) b = Sin (a) p = Exp (b) },
            else_branch = no () => (float[n, 4] p) { a = Cos (x) b = Sin (a) p = Abs (b) }> }"""
    proto = onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : 21]> {text}')
    proto.graph.initializer[0].name = "fc.weight"
    branch = proto.graph.node[0].attribute[0].g
    branch.node[0].input[1] = "fc.weight"
    for flag in (True, False):
        ours = check(proto, {"x": drawn(3, 4), "flag": np.asarray(flag)})
    assert {*ours.state_dict()} == {"fc.weight"} and isinstance(ours.fc, nn.Linear)


ODD = [
    "self.weight", "0.weight", "lambda.weight", "forward.weight", "a.0.weight", "a.b.1.weight",
    "__class__.weight", "_place.weight", "device.weight", "train.weight", "parameters.weight",
    "a.weight.weight", "1.2.weight", "999.weight", "nn.weight", "model.self.weight", "x.weight",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_paths(name):
    nodes = [
        helper.make_node("Gemm", ["x", name], ["a"], transB=1),
        helper.make_node("Gemm", ["a", "a.other.weight"], ["b"], transB=1),
        helper.make_node("Mul", ["b", "a.scale"], ["y"]),
    ]
    weights = {
        name: drawn(4, 4),
        "a.other.weight": drawn(4, 4, seed=1),
        "a.scale": drawn(4),
    }
    proto = graph(nodes, weights)
    feeds = {"x": drawn(3, 4)}
    ours = loaded(proto)
    np.testing.assert_allclose(
        computed(ours, feeds)[0], expected(proto, feeds)[0], rtol=1e-4, atol=1e-5
    )
    assert len(ours.state_dict()) == 3 and "a.other.weight" in ours.state_dict()


def test_trees():
    leaves = {
        "head": Leaf("nn.Linear(2, 3)", key="head.weight"),
        "blocks.3.fc": Leaf("nn.Linear(1, 1)", key="blocks.3.fc.weight"),
        "blocks.1": Leaf("nn.PReLU()", key="blocks.1.weight"),
        "same.0": Leaf("nn.PReLU()"),
        "same.1": Leaf("nn.PReLU()"),
        "mixed.0": Leaf("nn.PReLU()"),
        "mixed.last": Leaf("nn.Linear(4, 4)"),
        "mixed.mask": Leaf("torch.zeros(2)", BUFFER, "mixed.mask"),
        "7": Leaf("nn.Linear(5, 5)"),
        "token": Leaf("nn.Parameter(torch.zeros(2))", PARAMETER, "token"),
        "table": Leaf("torch.zeros(2)", BUFFER, "table"),
    }
    uses = Uses(find_target("torch"))
    tree = ModuleTree(leaves, uses)
    lines = {line["name"]: line["line"] for line in tree.lines()}
    assert [*lines][:2] == ["token", "table"]  # as in a state
    assert lines == {
        "head": "self.head = nn.Linear(2, 3)",
        "blocks": "self.blocks = nn.ModuleList([nn.Identity(), nn.PReLU(), nn.Identity(), "
        "Scope(fc=nn.Linear(1, 1))])",
        "same": "self.same = nn.ModuleList([nn.PReLU() for _ in range(2)])",
        "mixed": "self.mixed = Scope(mask=torch.zeros(2), last=nn.Linear(4, 4), "
        '**{"0": nn.PReLU()})',
        "7": 'self.add_module("7", nn.Linear(5, 5))',
        "token": "self.token = nn.Parameter(torch.zeros(2))",
        "table": 'self.register_buffer("table", torch.zeros(2))',
    }
    assert uses.imported("_modules") == "Scope"
    assert tree.expression("blocks.3.fc.weight") == "self.blocks[3].fc.weight"
    assert tree.expression("mixed.0") == 'self.mixed.get_submodule("0")'
