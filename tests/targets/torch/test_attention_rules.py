"""Rules L10 and L11: attention as PyTorch's function, compared with onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from tests.targets.torch.models import check, computed, drawn, expected, loaded, source
from tests.targets.torch.versions import VERSION

HEAD = '<ir_version: 10, opset_import: ["" : 23]>'
INPUTS = (
    "float[b, 2, s, 4] q, float[b, 2, t, 4] k, float[b, 2, t, 3] v, "
    "bool[b, 1, s, t] seen, int64[b, 1, 1, t] padded, float[b, 1, s, t] m"
)
NUMBERS = """float half = {0.5}, float one = {1}, float zero = {0}, int64 nothing = {0},
    int64 step = {1}, float low = {-3.4028234663852886e38}, float ten = {-10000},
    float none = {-inf}, int64[1] at0 = {0}, int64[1] at1 = {1}, int64[3] wide = {0, 0, 0}"""
TURNED = "o = Transpose <perm = [0, 1, 3, 2]> (k) p = MatMul (q, o) r = Mul (p, half)"
END = "w = Softmax (a) y = MatMul (w, v)"
FUNCTION, TWIN = "F.scaled_dot_product_attention(", "ops.dot_product_attention("
LENGTHS = """ls = Shape <start = 2, end = 3> (q) lt = Shape <start = 2, end = 3> (k)
    st = Concat <axis = 0> (ls, lt) s0 = Squeeze (ls) t0 = Squeeze (lt)"""
CAUSAL = f"""{LENGTHS} i = Range (nothing, s0, step) j = Range (nothing, t0, step)
    ic = Unsqueeze (i, at1) jr = Unsqueeze (j, at0) later = Greater (jr, ic)"""

WITH_A_KEY = {
    "no mask": "a = Identity (r)",
    "lowest number": "n = Where (seen, zero, low) a = Add (r, n)",
    "what is left of a number": "c = Cast <to = 9> (padded) f = Cast <to = 1> (c) "
    "g = Sub (one, f) n = Mul (g, low) a = Add (r, n)",
    "any whole number": "f = Cast <to = 1> (padded) g = Sub (one, f) n = Mul (g, ten) "
    "a = Add (r, n)",
    "later keys": f"{CAUSAL} n = Where (later, none, zero) a = Add (r, n)",
    "lower triangle": f"{LENGTHS} e = Expand (one, st) l = Trilu <upper = 0> (e) "
    "d = Equal (l, zero) n = Where (d, none, l) a = Add (r, n)",
    "later keys in a mask of bool": f"{CAUSAL} z = Not (later) x = And (z, z) "
    "n = Where (x, zero, none) a = Add (n, r)",
}
MAYBE_WITHOUT = {
    "an input": "a = Add (r, m)",
    "minus infinity": "n = Where (seen, zero, none) a = Add (r, n)",
    "products that overflow": "f = Cast <to = 1> (padded) g = Sub (one, f) n = Mul (g, low) "
    "a = Add (r, n)",
    "two of the lowest": "n = Where (seen, zero, low) x = Add (n, n) a = Add (r, x)",
    "later keys and others": f"{CAUSAL} x = Or (later, seen) n = Where (x, none, zero) "
    "a = Add (r, n)",
    "this key too": f"{CAUSAL} x = GreaterOrEqual (jr, ic) n = Where (x, none, zero) "
    "a = Add (r, n)",
    "keys in another order": f"{CAUSAL} i2 = Neg (jr) i3 = Add (i2, t0) x = Greater (i3, ic) "
    "n = Where (x, none, zero) a = Add (r, n)",
    "a part of the keys": f"{LENGTHS} e = Expand (one, st) l = Trilu <upper = 0> (e) "
    "f = Slice (l, at1, lt, at1) d = Equal (f, zero) g = Where (d, none, f) "
    "h = Pad (g, pads) a = Add (r, h)",
}  # fmt: skip


def model(nodes: str, inputs: str = INPUTS, output: str = "float[b, 2, s, 3] y"):
    numbers = f"{NUMBERS}, int64[4] pads = {{0, 1, 0, 0}}"
    return onnx.parser.parse_model(
        f"{HEAD} net ({inputs}) => ({output}) <{numbers}> {{ {nodes} }}"
    )


def feeds(s: int = 5, t: int = 6, batch: int = 2) -> dict[str, np.ndarray]:
    """Return inputs; a mask leaves no key to some queries."""
    seen = np.random.default_rng(s).random((batch, 1, s, t)) < 0.6
    seen[:, :, 0] = False
    mask = np.where(seen, 0.25, -np.inf).astype(np.float32)
    padded = np.ones((batch, 1, 1, t), np.int64)
    padded[:1] = 0
    padded[1:, ..., t // 2 :] = -3
    return {
        "q": drawn(batch, 2, s, 4),
        "k": drawn(batch, 2, t, 4, seed=1),
        "v": drawn(batch, 2, t, 3, seed=2),
        "seen": seen,
        "padded": padded,
        "m": mask,
    }


def flat(module) -> str:
    return " ".join(source(module).split()).replace("( ", "(")


@pytest.mark.parametrize("name", WITH_A_KEY)
def test_a_mask_that_leaves_a_key(name):
    proto = model(f"{TURNED} {WITH_A_KEY[name]} {END}")
    module = check(proto, feeds())
    text = flat(module)
    assert f"{FUNCTION}q, k, v" in text and TWIN not in text
    assert "transpose(" not in text and "scale=" not in text
    for given in (feeds(1, 6), feeds(7, 4), feeds(5, 1), feeds(5, 6, 0)):
        check_all(module, proto, given)


@pytest.mark.parametrize("name", MAYBE_WITHOUT)
def test_a_mask_that_may_leave_none(name):
    proto = model(f"{TURNED} {MAYBE_WITHOUT[name]} {END}")
    module = loaded(proto)
    text = flat(module)
    assert TWIN in text and FUNCTION not in text
    check_all(module, proto, feeds())
    for given in (feeds(7, 4), feeds(4, 7)):
        check_all(module, proto, given)


def check_all(module, proto, given) -> None:
    (ours,), (theirs,) = computed(module, given), expected(proto, given)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_row_without_keys_is_nan_before_and_after():
    """What the rule must not touch: PyTorch's function makes zeros of it from 2.5 on."""
    proto = model(f"{TURNED} {MAYBE_WITHOUT['an input']} {END}")
    (ours,) = computed(loaded(proto), feeds())
    assert np.isnan(ours[:, :, 0]).all() and not np.isnan(ours[:, :, 1:]).any()
    q, k, v, mask = (torch.from_numpy(feeds()[name]) for name in ("q", "k", "v", "m"))
    made = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask)
    assert made[:, :, 0].isnan().all() == (VERSION < (2, 5))


def test_the_scale_is_written_unless_it_is_usual():
    for number, more in (("0.5", ")"), ("0.25", ", scale=0.25)")):
        nodes = f"c = Constant <value = float {{{number}}}> () {TURNED} a = Identity (r) {END}"
        module = loaded(model(nodes.replace("(p, half)", "(p, c)")))
        assert f"{FUNCTION}q, k, v{more}" in flat(module)


def test_keys_turned_together_with_heads_are_turned_once():
    inputs = INPUTS.replace("float[b, 2, t, 4] k", "float[b, t, 2, 4] k")
    nodes = TURNED.replace("[0, 1, 3, 2]", "[0, 2, 3, 1]")
    given = {**feeds(), "k": drawn(2, 6, 2, 4)}
    module = check(model(f"{nodes} a = Identity (r) {END}", inputs), given)
    assert "k.transpose(1, 2)" in flat(module)


def test_turned_keys_that_something_else_reads_stay():
    output = "float[b, 2, s, 3] y, float[b, 2, 4, t] o"
    module = loaded(model(f"{TURNED} a = Identity (r) {END}", output=output))
    assert f"{FUNCTION}q, o.mT, v" in flat(module)
    given = feeds()
    ours = computed(module, given)
    np.testing.assert_array_equal(ours[1], given["k"].swapaxes(2, 3))


REPEATED = """wk = Constant <value = int64[5] {1, 2, 3, 6, 4}> ()
    ak = Constant <value = int64[4] {1, 6, 6, 4}> () two = Constant <value = int64[1] {2}> ()
    k1 = Unsqueeze (k, two) k2 = Expand (k1, wk) k3 = Reshape (k2, ak)
    v1 = Unsqueeze (v, two) v2 = Expand (v1, wk) v3 = Reshape (v2, ak)
    o = Transpose <perm = [0, 1, 3, 2]> (k3) p = MatMul (q, o) r = Mul (p, half)
    a = Identity (r) w = Softmax (a) y = MatMul (w, v3)"""


def test_heads_that_share_keys():
    inputs = "float[1, 6, 5, 4] q, float[1, 2, 6, 4] k, float[1, 2, 6, 4] v"
    given = {
        "q": drawn(1, 6, 5, 4),
        "k": drawn(1, 2, 6, 4, seed=1),
        "v": drawn(1, 2, 6, 4, seed=2),
    }
    module = check(model(REPEATED, inputs, "float[1, 6, 5, 4] y"), given)
    text = flat(module)
    assert "k.repeat_interleave(3, dim=-3), v.repeat_interleave(3, dim=-3))" in text


OWN = {
    "plain": ("y = Attention (q, k, v)", "q, k, v)"),
    "causal": (
        "y = Attention <is_causal = 1> (q, k, v)",
        "q, k, v, is_causal=True)",
    ),
    "scale": ("y = Attention <scale = 0.25> (q, k, v)", "q, k, v, scale=0.25)"),
    "mask": (
        f"{LENGTHS} n = Expand (half, st) y = Attention (q, k, v, n)",
        "q, k, v, n)",
    ),
    "bool": (
        f"{CAUSAL} x = Not (later) y = Attention (q, k, v, x)",
        "q, k, v, x)",
    ),
}


@pytest.mark.parametrize("name", OWN)
def test_attention_of_onnx(name):
    nodes, call = OWN[name]
    proto = model(nodes)
    module = loaded(proto)
    assert f"{FUNCTION}{call}" in flat(module)
    for given in (feeds(), feeds(7, 4), feeds(4, 7)):
        check_all(module, proto, given)


@pytest.mark.parametrize(
    "nodes",
    [
        "y = Attention (q, k, v, seen)",
        "y = Attention (q, k, v, m)",
        "n = Where (seen, zero, one) y = Attention <is_causal = 1> (q, k, v, n)",
        "y = Attention <softcap = 2.0> (q, k, v)",
    ],
)
def test_attention_of_onnx_that_stays(nodes):
    proto = model(nodes)
    module = loaded(proto)
    assert FUNCTION not in source(module) and "ops.attention(" in flat(module)
    check_all(module, proto, feeds())


def test_masks_that_enlarge_stay():
    inputs = "float[1, 1, 5, 4] q, float[1, 1, 6, 4] k, float[1, 1, 6, 3] v, bool[2, 2, 5, 6] seen"
    nodes = f"{TURNED} n = Where (seen, zero, low) a = Add (r, n) {END}"
    given = {
        "q": drawn(1, 1, 5, 4),
        "k": drawn(1, 1, 6, 4),
        "v": drawn(1, 1, 6, 3),
        "seen": np.ones((2, 2, 5, 6), bool),
    }
    proto = model(nodes, inputs, "float[2, 2, 5, 3] y")
    module = loaded(proto)
    assert FUNCTION not in source(module)
    check_all(module, proto, given)


def test_gradients_pass_the_mask():
    proto = model(f"{TURNED} {WITH_A_KEY['later keys']} {END}")
    module = loaded(proto)
    given = {k: torch.from_numpy(v) for k, v in feeds().items()}
    given["q"].requires_grad_()
    module(**given).sum().backward()
    assert given["q"].grad is not None and given["q"].grad.abs().sum() > 0
