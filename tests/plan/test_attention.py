"""Rules A1 to A5: attention as exporters write it out, compared with onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx.parser
import pytest

import onnx2py
from tests.support import unoptimized

KERNEL = "ops.dot_product_attention("
HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
TYPES = (
    "float[b, 2, s, 4] q, float[b, 2, 4, t] k, float[b, 2, t, 3] v, float[b, 1, s, t] m"
)
NUMBERS = """float c = {0.5}, float two = {2}, float zero = {0}, float[1] tall = {0.5},
    float n = {-2}"""

FOUND = {
    "plain": ("p = MatMul (q, k) w = Softmax (p) y = MatMul (w, v)", "q, k, v)"),
    "scaled": (
        "p = MatMul (q, k) a = Mul (p, c) w = Softmax <axis=3> (a) y = MatMul (w, v)",
        "q, k, v, scale=0.5)",
    ),
    "divided": (
        "p = MatMul (q, k) a = Div (p, two) w = Softmax (a) y = MatMul (w, v)",
        "q, k, v, scale=0.5)",
    ),
    "both scaled": (
        """a = Mul (q, c) d = Mul (n, k) p = MatMul (a, d) w = Softmax (p) y = MatMul (w, v)""",
        "q, k, v, scale=-1.0)",
    ),
    "masked": (
        "p = MatMul (q, k) a = Add (p, m) w = Softmax (a) y = MatMul (w, v)",
        "q, k, v, m)",
    ),
    "mask first, scaled": (
        """p = MatMul (q, k) d = Mul (tall, p) a = Add (m, d) w = Softmax (a)
           y = MatMul (w, v)""",
        "q, k, v, m, scale=0.5)",
    ),
    "guarded": (
        """p = MatMul (q, k) a = Add (p, m) w = Softmax (a) i = IsNaN (w)
           u = Where (i, zero, w) y = MatMul (u, v)""",
        "q, k, v, m, zero_for_nan=True)",
    ),
}


def model(nodes: str, outputs: str = "float[b, 2, s, 3] y", types: str = TYPES):
    return onnx.parser.parse_model(
        f"{HEAD} g ({types}) => ({outputs}) <{NUMBERS}> {{ {nodes} }}"
    )


def feeds(s: int, t: int, scale: float = 1.0, batch: int = 2):
    rng = np.random.default_rng(s + t)
    shapes = {"q": (2, s, 4), "k": (2, 4, t), "v": (2, t, 3), "m": (1, s, t)}
    return {
        name: (rng.normal(size=(batch, *shape)) * scale).astype(np.float32)
        for name, shape in shapes.items()
    }


def compare(made, given) -> None:
    """Compare results of the package with those of onnxruntime."""
    session = unoptimized(made)
    compiled = onnx2py.load_model(made)
    for each in given:
        expected = session.run(None, each)[0]
        actual = compiled(**each)
        np.testing.assert_allclose(
            actual if isinstance(actual, np.ndarray) else actual[0],
            expected,
            rtol=2e-5,
            atol=2e-5 * np.abs(each["v"][np.isfinite(each["v"])]).max(initial=0),
        )


def source(made, tmp_path) -> str:
    onnx2py.compile_model(made, tmp_path / "pkg")
    text = (tmp_path / "pkg/model.py").read_text()
    return " ".join(text[text.index("def __call__") :].split())


def test_attention_that_is_the_scores_of_another_stays_apart(tmp_path):
    """One call cannot stand for both: the second would need what the first has hidden."""
    nodes = """p = MatMul (q, k) w = Softmax (p) a = MatMul (w, v) u = Softmax (a)
        turned = Transpose <perm=[0, 1, 3, 2]> (v) y = MatMul (u, turned)"""
    made = model(nodes, "float[b, 2, s, t] y")
    assert source(made, tmp_path).count(KERNEL) == 1
    compare(made, [feeds(5, 7)])


@pytest.mark.parametrize("name", FOUND)
def test_found_and_equal_to_onnxruntime(tmp_path, name):
    nodes, call = FOUND[name]
    made = model(nodes)
    assert f"{KERNEL}{call}" in source(made, tmp_path).replace(", )", ")").replace(
        "( ", "("
    )
    closed = feeds(5, 7)
    closed["m"][0, :, 1] = -np.inf  # no key is to be seen
    lowest = feeds(5, 7)
    lowest["m"][:, :, 3] = np.finfo(np.float32).min
    half = feeds(5, 7)
    half["m"][:, :, :, 2:] = -np.inf
    odd = feeds(5, 7)
    odd["q"][0, 0, 0, 0], odd["v"][1, 0, 2, 1] = np.nan, np.inf
    large = feeds(5, 7)
    large["v"] *= 1e30
    sizes = [feeds(1, 1), feeds(300, 200), feeds(0, 4), feeds(3, 4, batch=0)]
    steep = [feeds(5, 7, 5.0), feeds(6, 6, 20.0)]  # exponentials leave float32
    compare(made, [*sizes, *steep, closed, lowest, half, odd, large])


@pytest.mark.parametrize(
    ("nodes", "outputs"),
    [
        (FOUND["plain"][0], "float[b, 2, s, 3] y, float[b, 2, s, t] w"),
        (FOUND["scaled"][0], "float[b, 2, s, 3] y, float[b, 2, s, t] p"),
        (FOUND["plain"][0].replace("(p)", "<axis=2> (p)"), "float[b, 2, s, 3] y"),
        (
            "p = MatMul (q, k) a = Mul (p, m) w = Softmax (a) y = MatMul (w, v)",
            "float[b, 2, s, 3] y",
        ),
        (
            "p = MatMul (q, k) w = Softmax (p) u = Mul (w, m) y = MatMul (u, v)",
            "float[b, 2, s, 3] y",
        ),
    ],
)
def test_near_misses_stay(tmp_path, nodes, outputs):
    made = model(nodes, outputs)
    assert KERNEL not in source(made, tmp_path)
    compare(made, [feeds(5, 7)])


def test_masks_that_enlarge_and_heads_that_broadcast():
    types = "float[s, 4] q, float[4, t] k, float[b, 1, t, 3] v, float[b, 2, s, t] m"
    made = model(FOUND["masked"][0], types=types)
    given = feeds(5, 7)
    given["q"], given["k"], given["v"] = (
        given["q"][0, 0],
        given["k"][0, 0],
        given["v"][:, :1],
    )
    given["m"] = np.repeat(given["m"], 2, 1)
    compare(made, [given])


def test_float64_keeps_its_digits():
    text = FOUND["scaled"][0]
    made = model(text, "double[b, 2, s, 3] y", TYPES.replace("float", "double"))
    made.graph.initializer[0].CopyFrom(
        onnx.numpy_helper.from_array(np.float64(1 / 3), "c")
    )
    given = {name: x.astype(np.float64) for name, x in feeds(5, 7).items()}
    scores = given["q"] @ given["k"] / 3
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    expected = weights / weights.sum(-1, keepdims=True) @ given["v"]
    actual = onnx2py.load_model(made)(**given)
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


def test_level_0_stays(tmp_path):
    onnx2py.compile_model(model(FOUND["plain"][0]), tmp_path / "pkg", level=0)
    assert KERNEL not in (tmp_path / "pkg/model.py").read_text()


REPEATED = """a = Unsqueeze (k, two) d = Expand (a, wide) e = Reshape (d, all_k)
    o = Transpose <perm=[0, 1, 3, 2]> (e)
    f = Unsqueeze (v, two) h = Expand (f, wide) i = Reshape (h, all_v)
    p = MatMul (q, o) """
PLAIN = "w = Softmax (p) y = MatMul (w, i)"
MASKED = "n = Add (p, m) w = Softmax (n) y = MatMul (w, i)"


def grouped(
    nodes: str,
    mask: tuple[int, ...],
    s: int,
    t: int,
    batch: int = 2,
    groups: int = 3,
    axis: int = 2,
    outputs: str = "",
):
    """Two heads of keys and values, each of which several heads of queries share."""
    heads = 2 * groups
    text = f"""{HEAD} g (float[{batch}, {heads}, {s}, 4] q, float[{batch}, 2, {t}, 4] k,
        float[{batch}, 2, {t}, 3] v, float{list(mask)} m) =>
        (float[{batch}, {heads}, {s}, 3] y{outputs})
        <int64[1] two = {{{axis}}},
        int64[5] wide = {{{", ".join("1" if i != axis else str(groups) for i in range(5))}}},
        int64[4] all_k = {{{batch}, {heads}, {t}, 4}},
        int64[4] all_v = {{{batch}, {heads}, {t}, 3}}> {{ {REPEATED} {nodes} }}"""
    rng = np.random.default_rng(s + t)
    shapes = {
        "q": (batch, heads, s, 4),
        "k": (batch, 2, t, 4),
        "v": (batch, 2, t, 3),
        "m": mask,
    }
    given = {n: rng.normal(size=z).astype(np.float32) for n, z in shapes.items()}
    return onnx.parser.parse_model(text), given


@pytest.mark.parametrize(
    "s, t, batch", [(5, 7, 2), (1, 1, 1), (150, 170, 2), (0, 4, 2)]
)
@pytest.mark.parametrize("heads", [(), (1,), (1, 1), (2, 6), (1, 6)])
def test_heads_that_share_keys_and_values(tmp_path, heads, s, t, batch):
    mask = (*(min(n, batch) for n in heads[:1] if len(heads) > 1), *heads[-1:], s, t)
    for nodes, read in ((PLAIN, "groups=3)"), (MASKED, "m, groups=3)")):
        made, given = grouped(nodes, mask, s, t, batch)
        (place := tmp_path / nodes[0]).mkdir()
        text = source(made, place)
        assert KERNEL in text and read in text and "broadcast_to" not in text, text
        steep = {name: x * 20 for name, x in given.items()}
        compare(made, [given, steep])


@pytest.mark.parametrize(
    "changes",
    [
        {"axis": 1},  # the heads take turns
        {"outputs": ", float[2, 6, 7, 3] i"},
        {"outputs": ", float[2, 6, 7, 4] e"},
    ],
)
def test_heads_that_are_repeated_otherwise(tmp_path, changes):
    made, given = grouped(PLAIN, (5, 7), 5, 7, **changes)
    assert "groups" not in source(made, tmp_path)
    compare(made, [given])


def test_keys_and_values_that_are_repeated_differently(tmp_path):
    made, given = grouped(PLAIN, (5, 7), 5, 7)
    del made.graph.node[4:7]
    made.graph.input[2].type.tensor_type.shape.dim[1].dim_value = 6
    made.graph.node[-1].input[1] = "v"
    given["v"] = np.repeat(given["v"], 3, 1)
    assert "groups" not in source(made, tmp_path)
    compare(made, [given])


def test_one_matrix_of_keys_for_all_heads():
    types = "float[b, 2, s, 4] q, float[4, t] k, float[t, 3] v, float[b, 1, s, t] m"
    for nodes in (FOUND["plain"][0], FOUND["masked"][0]):
        given = feeds(5, 7)
        given["k"], given["v"] = given["k"][0, 0], given["v"][0, 0]
        compare(model(nodes, types=types), [given])


def test_a_mask_that_gives_grouped_queries_rows():
    made, given = grouped(MASKED, (2, 7), 1, 7)
    del made.graph.output[0].type.tensor_type.shape.dim[2]
    made.graph.output[0].type.tensor_type.shape.dim.insert(
        2, onnx.TensorShapeProto.Dimension(dim_value=2)
    )
    compare(made, [given])
