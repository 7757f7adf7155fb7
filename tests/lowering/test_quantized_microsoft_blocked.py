"""onnxruntime's own operators with weights of few bits: rules, and its answers."""

import ml_dtypes
import numpy as np
import onnxruntime
import pytest
from onnx import numpy_helper

from onnx2py.errors import UnsupportedError
from tests.support import assert_same, compute, lowered, node_model

OWN = {"opset": 1, "domain": "com.microsoft"}
QUANTIZED = ["a", "b", "scales"]


@pytest.fixture
def random():
    return np.random.default_rng(7)


def floats(random, *shape):
    return random.standard_normal(shape).astype(np.float32)


def integers(random, dtype, *shape):
    info = np.iinfo(dtype)
    return np.asarray(random.integers(info.min, info.max + 1, shape)).astype(dtype)


def check_with_constants(operator, arrays, constant, rtol=1e-4, **attributes):
    """Compare where onnxruntime wants some inputs to be initializers."""
    model = node_model(operator, arrays, **OWN, **attributes)
    for index in constant:
        if arrays[index] is not None:
            name = f"x{index}"
            model.graph.initializer.append(numpy_helper.from_array(arrays[index], name))
            (declared,) = (i for i in model.graph.input if i.name == name)
            model.graph.input.remove(declared)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = {i.name for i in session.get_inputs()}
    feeds = {f"x{i}": a for i, a in enumerate(arrays) if f"x{i}" in names}
    expected = session.run(None, feeds)
    assert_same(
        compute(operator, arrays, **OWN, **attributes), expected, rtol=rtol, atol=1e-4
    )


def test_one_node_is_one_call():
    options = {"N": 8, "K": 32, "block_size": 16}
    assert (
        lowered("MatMulNBits", QUANTIZED, **options, **OWN)
        == "ops.matmul_nbits(a, b, scales, n=8, k=32, block_size=16)"
    )
    assert (
        lowered("GatherBlockQuantized", QUANTIZED, block_size=32, **OWN)
        == "ops.gather_block_quantized(a, b, scales, block_size=32)"
    )


@pytest.mark.parametrize(
    ("bits", "block_size", "level", "rounds"),
    [(4, 16, 4, True), (4, 16, 3, False), (2, 16, 4, False), (2, 32, 4, True)],
)
def test_rows_are_rounded_where_onnxruntime_does(bits, block_size, level, rounds):
    call = lowered(
        "MatMulNBits",
        QUANTIZED,
        constants={"b": np.zeros((8, 2, block_size * bits // 8), np.uint8)},
        **{"N": 8, "K": 2 * block_size, "block_size": block_size, "bits": bits},
        accuracy_level=level,
        **OWN,
    )
    assert ("int8_blocks=True" in call) == rounds


@pytest.mark.parametrize(
    "attributes",
    [{"bits": 3}, {"weight_prepacked": 1}],
)
def test_what_has_no_rule(attributes):
    options = {"N": 8, "K": 32, "block_size": 16}
    with pytest.raises(UnsupportedError, match=next(iter(attributes))):
        lowered("MatMulNBits", QUANTIZED, **options, **attributes, **OWN)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("level", [0, 4])
@pytest.mark.parametrize("packed", [True, False])
def test_products_agree(random, bits, level, packed):
    n, k, size = 5, 70, 32
    zeros = integers(random, np.uint8, n, -(-3 * bits // 8)) if packed else None
    arrays = [
        floats(random, 2, 3, k),
        integers(random, np.uint8, n, 3, size * bits // 8),
        random.uniform(-0.1, 0.1, (n, 3)).astype(np.float32),
        zeros,
        None,
        floats(random, n),
    ]
    options = {"N": n, "K": k, "block_size": size, "bits": bits}
    options["accuracy_level"] = level
    check_with_constants("MatMulNBits", arrays, (1, 2, 3), **options)


@pytest.mark.parametrize("kind", [0, 1])
def test_products_with_four_bit_floats_agree(random, kind):
    arrays = [
        floats(random, 2, 21),
        integers(random, np.uint8, 53),
        random.uniform(0.5, 2, 7).astype(np.float32),
    ]
    options = {"N": 5, "K": 21, "block_size": 16, "quant_type": kind}
    check_with_constants("MatMulBnb4", arrays, (), **options)


@pytest.mark.parametrize(
    ("kind", "bits"), [("uint8", 2), ("uint8", 8), ("int4", 4), ("float8_e4m3fn", 8)]
)
def test_rows_agree(random, kind, bits):
    dtype = np.dtype(getattr(ml_dtypes, kind, kind))
    width = 48 * bits // 8 if kind == "uint8" else 48
    data = integers(random, np.uint8, 4, width)
    zeros = integers(random, np.uint8, 4, -(-3 * bits // 8)) if bits < 9 else None
    if kind != "uint8":
        data = random.integers(-8, 8, (4, 48)).astype(dtype)
        zeros = (
            None if "float" in kind else random.integers(-8, 8, (4, 3)).astype(dtype)
        )
    arrays = [data, np.array([[1, -1], [5, 0]]), floats(random, 4, 3), zeros]
    options = {"block_size": 16, **({"bits": bits} if kind == "uint8" else {})}
    check_with_constants("GatherBlockQuantized", arrays, (0, 3), **options)
