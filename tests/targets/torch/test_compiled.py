"""Modules whose flow does not depend on data can be compiled whole, and exported."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from onnx.parser import parse_model
from torch import nn

from .models import drawn, loaded, model, source
from .networks import Attending, Net, Words, onnx_file, randomized
from .versions import EXPORTED_NORMS, fails_with

LOOP = """net (float[2, 3] x) => (float[2, 3] y, float[4, 2, 3] each)
    <int64 four = {4}, bool yes = {1}> {
    y, each = Loop (four, yes, x) <body = step (int64 i, bool c, float[2, 3] a)
        => (bool d, float[2, 3] b, float[2, 3] e) {
            half = Constant <value = float {0.5}> ()
            n = Cast <to = 1> (i) m = Mul (n, half) q = Sin (a)
            b = Add (q, m) e = Identity (b) d = Constant <value = bool {1}> () }> }"""
BRANCH = """net (float[n, 3] x) => (float[n, 3] y) {
    n = Size (x) six = Constant <value = int64 {6}> () many = Greater (n, six)
    y = If (many) <then_branch = t () => (float[n, 3] p) { p = Relu (x) },
                   else_branch = e () => (float[n, 3] p) { q = Sin (x) p = Abs (q) }> }"""
SCAN = """net (float[4, 3] x) => (float[3] last, float[4, 3] sums) {
    zero = Constant <value = float[3] {0, 1, 2}> ()
    last, sums = Scan <num_scan_inputs = 1, body = step (float[3] a, float[3] e)
        => (float[3] b, float[3] c) { d = Tanh (e) b = Add (a, d) c = Identity (b) }> (zero, x) }"""
LENGTHS = """net (float[n, t, 6] x) => (float[n, t, 2, 3] y, float[t] z) {
    s = Shape <start = 0, end = 2> (x) two = Constant <value = int64[2] {2, 3}> ()
    to = Concat <axis = 0> (s, two) y = Reshape (x, to)
    i = Constant <value = int64 {1}> () t = Gather (s, i)
    zero = Constant <value = int64 {0}> () r = Range (zero, t, i) z = Cast <to = 1> (r) }"""
SIZES = """net (float[1, 2, h, w] x) => (float[1, 2, h, w] y, float[1, 2, k, w] z) {
    p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) s = Shape (x)
    r = Resize <mode = "nearest"> (p, , , s) y = Add (r, x)
    three = Constant <value = int64[1] {3}> () axis = Constant <value = int64[1] {2}> ()
    n = Shape <start = 2, end = 3> (x) both = Concat <axis = 0> (n, three)
    k = ReduceMin (both) z, place = TopK <axis = 2> (x, k) }"""
FUSED = """<ir_version: 10, opset_import: ["" : 17, "com.microsoft" : 1]>
    net (float[b, t, 4] x) => (float[b, t, 4] y)
    <float[4] g = {1, 2, 3, 4}, int64[2] ends = {0, 1}, int64[2] heads = {2, 2}> {
        h = com.microsoft.SkipLayerNormalization (x, x, g) s = Shape (h)
        lead = Gather (s, ends) to = Concat <axis = 0> (lead, heads) k = Reshape (h, to)
        y = Reshape (k, s) }"""
CHOICE = """net (float[3] x) => (float[3] y) {
    s = ReduceSum <keepdims = 0> (x) zero = Constant <value = float {0}> ()
    above = Greater (s, zero)
    y = If (above) <then_branch = t () => (float[3] p) { p = Relu (x) },
                    else_branch = e () => (float[3] p) { p = Neg (x) }> }"""


def net() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """Convolutions, batch normalization, linear layers."""
    module, x = randomized(Net()), torch.randn(2, 3, 13, 13)
    return loaded(onnx_file(module, x)), (x,)


def words() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """An embedding and LSTMs."""
    module, ids = randomized(Words()), torch.randint(0, 9, (2, 5))
    return loaded(onnx_file(module, ids)), (ids,)


def attending() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    x, y = torch.randn(4, 2, 8), torch.randn(5, 2, 8)
    return loaded(onnx_file(randomized(Attending()), x, y)), (x, y)


def text(graph: str, *shape: int):
    def make() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
        return loaded(model(graph)), (torch.from_numpy(drawn(*shape)),)

    return make


CASES = {
    "layers": net,
    "recurrent": words,
    "attention": attending,
    "loop": text(LOOP, 2, 3),
    "if": text(BRANCH, 2, 3),
    "if_of_more": text(BRANCH, 3, 3),
    "scan": text(SCAN, 4, 3),
    "lengths": text(LENGTHS, 2, 5, 6),
    "sizes": text(SIZES, 1, 2, 8, 6),
    "fused": lambda: (loaded(parse_model(FUSED)), (torch.from_numpy(drawn(2, 5, 4)),)),
}


@pytest.fixture(autouse=True)
def recurrent_layers_are_traced():
    torch._dynamo.reset()
    with torch._dynamo.config.patch(
        allow_rnn=True
    ):  # Dynamo leaves them out by default
        yield


@pytest.fixture(params=CASES)
def made(request):
    return CASES[request.param]()


RECURRENT = fails_with(2, 6, "PyTorch 2.6 does not compile recurrent layers whole")


@pytest.fixture(
    params=[
        pytest.param(name, marks=RECURRENT if name == "recurrent" else ())
        for name in CASES
    ]
)
def compilable(request):
    return CASES[request.param]()


def assert_same(found, expected) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_it_compiles_whole(compilable):
    module, inputs = compilable
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    assert_same(compiled(*inputs), module(*inputs))


def test_it_is_exported(made):
    module, inputs = made
    assert_same(torch.export.export(module, inputs).module()(*inputs), module(*inputs))


def test_gradients_are_the_same_when_compiled():
    module, (x,) = net()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    gradients = []
    for call in (module, compiled):
        module.zero_grad()
        call(x).square().sum().backward()
        gradients.append({n: p.grad.clone() for n, p in module.named_parameters()})
    assert len(gradients[0]) > 20
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-4)


def test_lengths_stay_symbolic():
    module, (x,) = CASES["lengths"]()
    n, t = (torch.export.Dim(name, min=2, max=50) for name in "nt")
    program = torch.export.export(module, (x,), dynamic_shapes=({0: n, 1: t},))
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager", dynamic=True)
    for shape in ((2, 5, 6), (7, 3, 6)):
        x = torch.from_numpy(drawn(*shape))
        assert_same(program.module()(x), tuple(module(x)))
        assert_same(compiled(x), module(x))


def test_a_fixed_number_of_rounds_is_written():
    module, (x,) = CASES["loop"]()
    assert "in ops.iterations(4, device=self.device):" in source(module)
    assert [y.device.type for y in module.to("meta")(x.to("meta"))] == ["meta"] * 2


@pytest.mark.parametrize("dynamo", [False, pytest.param(True, marks=EXPORTED_NORMS)])
def test_it_is_exported_to_onnx_again(dynamo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where older exporters leave reports
    module, (x,) = net()
    torch.onnx.export(module, (x,), "net.onnx", dynamo=dynamo, verbose=False)
    session = onnxruntime.InferenceSession(
        "net.onnx", providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    expected = module(x).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_what_depends_on_data_says_so():
    module = loaded(model(CHOICE))
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    with pytest.raises(Exception, match="[Dd]ata-dependent|Dynamic control flow"):
        compiled(torch.ones(3))
    assert_same(module(torch.ones(3)), torch.ones(3))
