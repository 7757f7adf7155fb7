"""Rules of normalization."""

import ml_dtypes
import numpy as np
import pytest

from onnx2py import UnsupportedError
from onnx2py.ir.types import TensorType
from tests.support import assert_same, check_against_onnxruntime, compute, lowered

RNG = np.random.default_rng(2)
BATCH = ["x", "scale", "b", "mean", "var"]


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def positive(*shape):
    return RNG.uniform(0.5, 2, shape).astype(np.float32)


def batch_inputs(*shape):
    c = shape[1]
    return [normal(*shape), positive(c), normal(c), normal(c), positive(c)]


def test_k1():
    constants = {name: np.ones(3, np.float32) for name in BATCH[1:]}
    types = {"x": TensorType("float32", ("n", 3, 8, 8))}
    of = {"opset": 15, "types": types, "constants": constants}
    text = lowered("BatchNormalization", BATCH, prepared=True, **of)
    assert text == "ops.scale_and_shift(x, y.scale, y.shift)"
    of["types"] = {"x": TensorType("float32", None)}
    text = lowered("BatchNormalization", BATCH, prepared=True, **of)
    assert text == "ops.batch_normalization(x, scale, b, mean, var)"


def test_other_statistics():
    assert lowered("BatchNormalization", BATCH, opset=9, epsilon=0.001) == (
        "ops.batch_normalization(x, scale, b, mean, var, epsilon=0.001)"
    )


def test_old_versions_train_where_more_outputs_are_wanted():
    outputs = ["y", "m", "v", "sm", "sv"]
    text = "ops.batch_normalization_training(x, scale, b, mean, var)"
    assert lowered("BatchNormalization", BATCH, outputs, opset=7) == text
    assert lowered("BatchNormalization", BATCH, outputs, opset=1) == text
    assert lowered("BatchNormalization", BATCH, opset=6, is_test=1) == (
        "ops.batch_normalization(x, scale, b, mean, var)"
    )


def test_statistics_without_training_are_an_error():
    with pytest.raises(UnsupportedError, match="training_mode is 0"):
        lowered("BatchNormalization", BATCH, ["y", "m"], opset=14)


@pytest.mark.parametrize("opset", [7, 9, 14, 15])
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (0, 3, 4), (2, 3, 4, 5)])
def test_batch_normalization_agrees(opset, shape):
    check_against_onnxruntime(
        "BatchNormalization", batch_inputs(*shape), opset=opset, epsilon=0.01
    )


def test_statistics_of_each_position():
    x, (scale, b, mean, var) = normal(2, 3, 4), (positive(3, 4) for _ in range(4))
    check_against_onnxruntime(
        "BatchNormalization", [x, scale, b, mean, var], opset=7, spatial=0
    )


def test_training_agrees():
    check_against_onnxruntime(
        "BatchNormalization",
        batch_inputs(4, 3, 5),
        opset=15,
        outputs=3,
        training_mode=1,
        momentum=0.7,
    )


def test_saved_statistics_are_those_of_the_batch():
    inputs = batch_inputs(4, 3, 5)
    _, _, _, mean, var = compute("BatchNormalization", inputs, opset=7, outputs=5)
    assert_same(mean, inputs[0].mean((0, 2)))
    assert_same(var, inputs[0].var((0, 2)))


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 3, 8, 8), (2, 3, 2, 2, 2)])
@pytest.mark.parametrize("opset", [6, 22])
def test_instance_normalization_agrees(shape, opset):
    inputs = [normal(*shape), normal(shape[1]), normal(shape[1])]
    check_against_onnxruntime("InstanceNormalization", inputs, opset=opset, epsilon=0.1)


def test_layer_normalization():
    types = {"x": TensorType("float32", ("n", 4, 8))}
    names = ["x", "scale", "b"]
    assert lowered("LayerNormalization", names, opset=17, types=types, axis=2) == (
        "ops.layer_normalization(x, scale, b)"
    )
    assert lowered("LayerNormalization", names[:2], ["y", "m"], opset=17) == (
        "ops.layer_normalization_with_statistics(x, scale)"
    )
    with pytest.raises(UnsupportedError, match="stash_type"):
        lowered("LayerNormalization", names, opset=17, stash_type=10)


@pytest.mark.parametrize("axis", [-1, 1, 0, -2])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("outputs", [1, 3])
def test_layer_normalization_agrees(axis, bias, outputs):
    x = normal(2, 3, 8)
    scale, b = normal(*x.shape[axis:]), normal(*x.shape[axis:])
    check_against_onnxruntime(
        "LayerNormalization",
        [x, scale, b if bias else None],
        opset=17,
        axis=axis,
        outputs=outputs,
    )


def test_statistics_of_float16_are_float32():
    x = normal(2, 8).astype(np.float16)
    y, mean, inverse = compute(
        "LayerNormalization", [x, x[0], x[1]], opset=17, outputs=3
    )
    assert (y.dtype, mean.dtype, inverse.dtype) == (np.float16, np.float32, np.float32)


@pytest.mark.parametrize(
    ("operator", "opset", "inputs", "options"),
    [
        ("LayerNormalization", 17, 3, {}),
        ("RMSNormalization", 23, 2, {}),
        ("InstanceNormalization", 22, 3, {}),
        ("GroupNormalization", 21, 3, {"num_groups": 2}),
        ("BatchNormalization", 15, 5, {}),
        ("LpNormalization", 22, 1, {}),
    ],
)
@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float64])
def test_every_float_is_near_float32(operator, opset, inputs, options, dtype):
    x = [positive(2, 4, 4), *(positive(4) for _ in range(4))][:inputs]
    typed = [array.astype(dtype) for array in x]
    (found,) = compute(operator, typed, opset=opset, **options)
    again = [array.astype(np.float32) for array in typed]
    (wide,) = compute(operator, again, opset=opset, **options)
    assert found.dtype == dtype
    step = 1e-5 if dtype == np.float64 else 0.02  # bfloat16 has 8 bits
    np.testing.assert_allclose(found.astype(np.float32), wide, rtol=step, atol=step)


def test_groups_had_one_scale_each_in_opset_18():
    x = normal(2, 4, 3)
    scale, bias = np.array([2, 3], np.float32), np.array([0, 1], np.float32)
    check_against_onnxruntime(
        "GroupNormalization", [x, scale, bias], opset=18, num_groups=2
    )


def test_group_normalization_agrees():
    x, scale, bias = normal(2, 6, 3, 3), normal(6), normal(6)
    check_against_onnxruntime(
        "GroupNormalization", [x, scale, bias], opset=21, num_groups=3
    )


@pytest.mark.parametrize("axis", [-1, 1])
def test_rms_normalization_agrees(axis):
    x = normal(2, 3, 8)
    inputs = [x, normal(*x.shape[axis:])]
    check_against_onnxruntime("RMSNormalization", inputs, opset=23, axis=axis)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("axis", [-1, 0])
def test_lp_normalization_agrees(p, axis):
    x = normal(3, 4)
    check_against_onnxruntime("LpNormalization", [x], opset=1, p=p, axis=axis)


def test_a_norm_of_0_gives_0():
    (found,) = compute("LpNormalization", [np.zeros((2, 2), np.float32)], opset=22)
    assert not found.any()


@pytest.mark.parametrize("opset", [9, 13])
@pytest.mark.parametrize("options", [{}, {"axes": [0, 1, 2, 3]}])
def test_mean_variance_normalization_agrees(opset, options):
    x = normal(2, 3, 4, 4)
    check_against_onnxruntime("MeanVarianceNormalization", [x], opset=opset, **options)


@pytest.mark.parametrize("opset", [1, 8])
@pytest.mark.parametrize("across", [None, 0, 1])
@pytest.mark.parametrize("normalize_variance", [None, 0, 1])
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3, 4), (4, 3), (2, 3, 4, 5, 2)])
def test_mean_variance_normalization_before_it_was_specified_agrees(
    shape, normalize_variance, across, opset
):
    given = {"across_channels": across, "normalize_variance": normalize_variance}
    options = {key: value for key, value in given.items() if value is not None}
    arrays = [normal(*shape)]
    check_against_onnxruntime(
        "MeanVarianceNormalization", arrays, opset=opset, **options
    )


@pytest.mark.parametrize("options", [{}, {"axes": [-1, 0]}, {"axes": [0, 2, 3]}])
@pytest.mark.parametrize("shape", [(5,), (4, 3), (2, 3, 4)])
def test_mean_variance_normalization_over_the_axes_that_there_are(shape, options):
    arrays = [normal(*shape)]
    check_against_onnxruntime("MeanVarianceNormalization", arrays, opset=13, **options)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("opset", [9, 13])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_mean_variance_normalization_of_nothing_is_nothing(shape, opset):
    arrays = [np.zeros(shape, np.float32)]
    check_against_onnxruntime(
        "MeanVarianceNormalization", arrays, opset=opset, axes=[0]
    )


def test_mean_variance_normalization_over_no_axis_is_refused():
    arrays = [np.float32([[1, 2]])]
    with pytest.raises(ValueError, match="axes: expected axes of an input of rank 2"):
        compute("MeanVarianceNormalization", arrays, opset=13, axes=[2])
