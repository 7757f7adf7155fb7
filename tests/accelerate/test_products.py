"""oneDNN's matrix products and attention against NumPy's."""

import numpy as np
import pytest

from onnx2py.accelerate import attention, products
from onnx2py.accelerate.active import accelerated, active
from onnx2py.accelerate.cache import freeze, own
from onnx2py.accelerate.table import REPLACEMENTS
from onnx2py.kernels.attention_dot_product import dot_product_attention
from onnx2py.kernels.matmul import gemm, linear, matmul, project

from .compared import assert_same, floats, in_some_order
from .test_convolution import ACTIVATIONS, finished


@pytest.fixture(autouse=True)
def every_size(monkeypatch):
    for least in ("LEAST", "LEAST_ROWS", "LEAST_ROW"):
        monkeypatch.setattr(products, least, 0)


def random_matrix(generator, rows, columns):
    """Return a matrix that is constant or not, in some order of memory."""
    matrix = floats(generator, rows, columns)
    way = generator.integers(5)
    if way == 0:
        matrix = np.asfortranarray(matrix)
    elif way == 1:
        matrix = floats(generator, rows + 2, columns + 3)[1:-1, 2:-1]
    elif way == 2:
        matrix = floats(generator, rows, columns * 2)[:, ::2]
    return freeze(matrix) if generator.random() < 0.6 else matrix


@pytest.fixture(autouse=True)
def few_products(monkeypatch):
    """Let oneDNN take attention however small it is."""
    monkeypatch.setattr(attention, "FEW", 1)


@pytest.mark.parametrize("seed", range(10))
def test_random_rows_by_matrix(seed):
    generator = np.random.default_rng(seed)
    done = 0
    for _ in range(40):
        count, k, n = generator.integers(1, 40, 3)
        outer = [(count,), (2, count), (1, 3, count), (0,)][
            generator.choice(4, p=[0.4, 0.3, 0.25, 0.05])
        ]
        x = in_some_order(generator, floats(generator, *outer, k))
        weight = random_matrix(generator, k, n)
        bias = floats(generator, n).reshape([(n,), (1, n)][generator.integers(2)])
        plus = floats(generator, *outer, n) if generator.random() < 0.5 else None
        act = ACTIVATIONS[generator.integers(len(ACTIVATIONS))]
        options = {"plus": plus, "activation": act}
        with active():
            product = REPLACEMENTS["project"](x, weight, **options)
            whole = REPLACEMENTS["linear"](x, weight, bias, **options)
            plain = REPLACEMENTS["matmul"](x, weight)
        if x.size == 0:
            assert product is None or product.size == 0
            continue
        if product is not None:
            done += 1
            assert_same(product, finished(project(x, weight), plus, act))
            assert_same(whole, finished(linear(x, weight, bias), plus, act))
            assert_same(plain, matmul(x, weight))
    assert done > 20


@pytest.mark.parametrize("seed", range(6))
def test_random_gemm(seed):
    generator = np.random.default_rng(seed)
    done = 0
    for _ in range(40):
        m, k, n = (int(size) for size in generator.integers(1, 40, 3))
        trans_a, trans_b = generator.random(2) < 0.5
        a = in_some_order(
            generator, floats(generator, *((k, m) if trans_a else (m, k)))
        )
        b = random_matrix(generator, *((n, k) if trans_b else (k, n)))
        shape = [(n,), (1, n), (m, n), (m, 1), ()][generator.integers(5)]
        c = floats(generator, *shape) if generator.random() < 0.8 else None
        options = {"trans_a": trans_a, "trans_b": trans_b}
        if generator.random() < 0.2:
            options["alpha"] = 0.5
        if generator.random() < 0.2:
            options["beta"] = 2.0
        plus = floats(generator, m, n) if generator.random() < 0.5 else None
        act = ACTIVATIONS[generator.integers(len(ACTIVATIONS))]
        with active():
            y = REPLACEMENTS["gemm"](a, b, c, plus=plus, activation=act, **options)
        if y is not None:
            done += 1
            assert_same(y, finished(gemm(a, b, c, **options), plus, act))
    assert done > 8


STACKS = [
    ((2, 3, 7, 5), (2, 3, 5, 9)),
    ((2, 3, 7, 5), (3, 5, 9)),
    ((2, 1, 7, 5), (1, 3, 5, 9)),
    ((4, 5), (3, 5, 9)),
    ((3, 1, 5), (3, 5, 1)),
    ((6, 1, 5), (6, 5, 8)),
    ((6, 9, 1), (6, 1, 8)),
    ((1, 1, 1), (1, 1, 1)),
    ((2, 2, 2, 2, 3, 4), (2, 2, 2, 2, 4, 5)),
]


@pytest.mark.parametrize(("left", "right"), STACKS)
@pytest.mark.parametrize("order", range(4))
def test_stacks(left, right, order):
    generator = np.random.default_rng(0)
    a, b = floats(generator, *left), floats(generator, *right)
    if order & 1:
        a = np.ascontiguousarray(a.swapaxes(-1, -2)).swapaxes(-1, -2)
    if order & 2:
        b = np.ascontiguousarray(np.moveaxis(b, -2, 0))
        b = np.moveaxis(b, 0, -2)
    with active():
        y = REPLACEMENTS["matmul"](a, b)
    if y is not None:
        assert_same(y, matmul(a, b))


def test_products_are_oneDNNs():  # noqa: N802
    generator = np.random.default_rng(0)
    x = floats(generator, 2, 20, 30)
    weight = floats(generator, 30, 40)
    with active():
        for b in (freeze(weight.copy()), weight, weight.T.copy().T, x.swapaxes(1, 2)):
            assert REPLACEMENTS["matmul"](x, b) is not None
        assert REPLACEMENTS["matmul"](x, x) is None
        assert REPLACEMENTS["matmul"](x, weight.astype(float)) is None
        assert REPLACEMENTS["matmul"](x, weight[0]) is None
        assert REPLACEMENTS["project"](x, weight[1:]) is None
        assert REPLACEMENTS["linear"](x, weight, np.ones(1, "f")) is None
        assert REPLACEMENTS["linear"](x, weight, np.ones((1, 1, 1, 40), "f")) is None


def test_changed_matrix():
    generator = np.random.default_rng(0)
    x, weight = floats(generator, 20, 30), floats(generator, 30, 40)
    with active():
        first = REPLACEMENTS["project"](x, weight)
        weight *= 2
        assert_same(REPLACEMENTS["project"](x, weight), 2 * first)
        assert id(weight) not in own().by_array


def test_same_matrix_both_ways():
    generator = np.random.default_rng(0)
    x, weight = floats(generator, 20, 32), freeze(floats(generator, 32, 32))
    with active():
        assert_same(REPLACEMENTS["gemm"](x, weight), x @ weight)
        assert_same(REPLACEMENTS["gemm"](x, weight, trans_b=True), x @ weight.T)


def heads_of(generator, shape, order):
    """Return [B, H, S, E], in memory so or as [B, S, H, E]."""
    x = floats(generator, *shape)
    if order:
        x = np.ascontiguousarray(x.swapaxes(-2, -3)).swapaxes(-2, -3)
    return x


MASKS = [
    None,
    (1, 1, 9, 11),
    (9, 11),
    (2, 1, 1, 11),
    (2, 6, 9, 11),
    (1, 6, 1, 11),
    (11,),
]


@pytest.mark.parametrize("most", [1 << 21, 150])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_attention(groups, scale, mask, most, monkeypatch):
    monkeypatch.setattr(attention, "LARGE", most)
    generator = np.random.default_rng(0)
    q = heads_of(generator, (2, 6, 9, 8), scale == 1)
    k = heads_of(generator, (2, 6 // groups, 11, 8), groups == 1).swapaxes(-1, -2)
    v = heads_of(generator, (2, 6 // groups, 11, 7), groups == 1)
    added = None if mask is None else floats(generator, *mask)
    options = {"scale": scale, "groups": groups}
    expected = dot_product_attention(q, k, v, added, **options)
    with active():
        y = REPLACEMENTS["dot_product_attention"](q, k, v, added, **options)
    assert_same(y, expected)
    assert y.strides == expected.strides


@pytest.mark.parametrize("zero_for_nan", [False, True])
def test_rows_without_a_key(zero_for_nan):
    generator = np.random.default_rng(0)
    q, v = floats(generator, 1, 2, 9, 8), floats(generator, 1, 2, 9, 8)
    k, mask = q.swapaxes(-1, -2), np.zeros((9, 9), np.float32)
    mask[3], mask[5, 2:] = -np.inf, -np.inf
    kernel = accelerated(dot_product_attention)
    expected = dot_product_attention(q, k, v, mask, zero_for_nan=zero_for_nan)
    with active():
        y = kernel(q, k, v, mask, zero_for_nan=zero_for_nan)
    assert_same(y[:, :, :3], expected[:, :, :3])
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-5)


def test_attention_that_is_not_taken():
    generator = np.random.default_rng(0)
    q, k = floats(generator, 2, 6, 9, 8), floats(generator, 2, 6, 8, 11)
    v, mask = floats(generator, 2, 6, 11, 7), np.zeros((1, 9, 11), np.float32)
    attend = REPLACEMENTS["dot_product_attention"]
    with active():
        assert attend(q, k, v, mask) is not None
        assert attend(q, k, v, mask.astype(float)) is None
        assert attend(q, k, v, mask != 0) is None
        assert attend(q, k[:, :1], v) is None
        assert attend(q, k, v, np.zeros((3, 1, 2, 9, 11), "f")) is None
        assert attend(q, k, v, mask[:, :4]) is None
        assert attend(q.astype(float), k, v) is None
        assert attend(q[0, 0], k[0, 0], v[0, 0]) is None
        assert attend(q, k[..., :0], v[..., :0, :]) is None


@pytest.mark.parametrize(
    ("rows", "size", "taken"),
    [(32, 64, False), (64, 64, True), (1, 512, False), (1, 1024, True)],
)
def test_small_products_are_numpys(monkeypatch, rows, size, taken):
    monkeypatch.undo()
    x, weight = np.ones((rows, size), np.float32), np.ones((size, size), np.float32)
    with active():
        y = products.project(x, freeze(weight))
    assert (y is not None) == taken
