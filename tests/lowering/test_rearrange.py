"""Rules of the operators that put elements in another order."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from onnx2py.ir.types import TensorType
from tests.lowering._paths import all_paths, check_all_paths
from tests.support import assert_same, compute, lowered


def ints(*values):
    return np.array(values, np.int64)


def floats(*shape):
    return np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)


def test_transpose():
    assert lowered("Transpose", ["x"], opset=1) == "x.transpose()"
    found = lowered("Transpose", ["x"], opset=13, perm=[0, 2, 1])
    assert found == "x.transpose((0, 2, 1))"


@pytest.mark.parametrize("options", [{}, {"perm": [2, 0, 1]}])
def test_transpose_agrees(options):
    check_all_paths("Transpose", [floats(2, 3, 4)], opset=13, **options)
    check_all_paths("Transpose", [floats(2, 0, 4)], opset=1, **options)


def test_concat():
    assert lowered("Concat", ["a", "b"], opset=1) == "np.concatenate((a, b), axis=1)"
    found = lowered("Concat", ["a", "b", "a"], opset=13, axis=-1)
    assert found == "np.concatenate((a, b, a), axis=-1)"
    with pytest.raises(UnsupportedError, match="attribute axis"):
        lowered("Concat", ["a", "b"], opset=4)


def test_concat_agrees():
    arrays = [floats(2, 1), floats(2, 3), floats(2, 0)]
    check_all_paths("Concat", arrays, opset=4, axis=1)
    check_all_paths("Concat", arrays, opset=13, axis=-1)
    check_all_paths("Concat", arrays[:1], opset=13, axis=0)
    check_all_paths("Concat", [ints(1), ints(2, 3)], opset=13, axis=0)
    strings = [np.array(["a"], object), np.array(["b", "c"], object)]
    check_all_paths("Concat", strings, opset=13, axis=0)


def test_concat_without_an_axis():
    for actual in all_paths("Concat", [floats(1, 2), floats(1, 1)], opset=1).values():
        assert_same(actual, [np.float32([[0, 1, 0]])])


def test_blocks():
    found = lowered("DepthToSpace", ["x"], opset=1, blocksize=2)
    assert found == "ops.depth_to_space(x, blocksize=2)"
    found = lowered("DepthToSpace", ["x"], opset=11, blocksize=2, mode="CRD")
    assert found == "ops.depth_to_space(x, blocksize=2, mode='CRD')"
    found = lowered("SpaceToDepth", ["x"], opset=13, blocksize=2)
    assert found == "ops.space_to_depth(x, blocksize=2)"


@pytest.mark.parametrize(
    "opset, options", [(1, {}), (11, {"mode": "DCR"}), (13, {"mode": "CRD"})]
)
def test_depth_to_space_agrees(opset, options):
    check_all_paths(
        "DepthToSpace", [floats(2, 8, 2, 3)], opset=opset, blocksize=2, **options
    )


def test_space_to_depth_agrees():
    check_all_paths("SpaceToDepth", [floats(2, 3, 4, 6)], opset=13, blocksize=2)


def test_space_to_depth_by_columns():
    # onnxruntime 1.32 ignores the mode that opset 28 brought
    x = floats(1, 2, 2, 2)
    found = all_paths("SpaceToDepth", [x], opset=28, blocksize=2, mode="CRD")
    for actual in found.values():
        assert_same(actual, [x.reshape(1, 8, 1, 1)])
    x = floats(2, 3, 4, 6)
    (depth,) = all_paths("SpaceToDepth", [x], opset=28, blocksize=2, mode="CRD")[
        "types"
    ]
    check_all_paths("DepthToSpace", [depth], opset=13, blocksize=2, mode="CRD")
    (back,) = all_paths("DepthToSpace", [depth], opset=13, blocksize=2, mode="CRD")[
        "types"
    ]
    assert_same(back, x)


def test_reverse_sequence():
    found = lowered("ReverseSequence", ["x", "n"], opset=10, batch_axis=0, time_axis=1)
    assert found == "ops.reverse_sequence(x, n, batch_axis=0, time_axis=1)"


@pytest.mark.parametrize("options", [{}, {"batch_axis": 0, "time_axis": 1}])
@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 2), (4, 4, 2, 3)])
def test_reverse_sequence_agrees(shape, options):
    arrays = [floats(*shape), ints(1, 4, 2, 3)]
    check_all_paths("ReverseSequence", arrays, opset=10, **options)


def test_cumulative_sum():
    constants = {"axis": np.array(1)}

    def line(dtype, constants=constants, **attributes):
        types = {"x": TensorType(dtype, None)} if dtype else {}
        return lowered(
            "CumSum",
            ["x", "axis"],
            opset=11,
            types=types,
            constants=constants,
            **attributes,
        )

    assert line("float32") == "np.cumsum(x, axis=1)"
    assert line("int32") == "np.cumsum(x, axis=1, dtype=np.int32)"
    assert line(None) == "ops.cumsum(x, 1)"
    assert line("float32", reverse=1) == "ops.cumsum(x, 1, reverse=True)"
    assert line("float32", {}, exclusive=1) == ("ops.cumsum(x, axis, exclusive=True)")


@pytest.mark.parametrize("exclusive", [0, 1])
@pytest.mark.parametrize("reverse", [0, 1])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_cumulative_sum_agrees(axis, reverse, exclusive):
    options = {"reverse": reverse, "exclusive": exclusive}
    for x in (floats(2, 3, 2), floats(2, 3).astype(np.int32), floats(2, 0)):
        check_all_paths("CumSum", [x, np.array(axis)], opset=14, **options)
        check_all_paths("CumSum", [x, ints(axis)], opset=11, **options)
    check_all_paths("CumProd", [floats(2, 3) + 1, np.array(axis)], opset=26, **options)


def test_cumulative_product():
    constants = {"axis": np.array(0)}
    found = lowered("CumProd", ["x", "axis"], opset=26, constants=constants)
    assert found == "ops.cumprod(x, 0)"


@pytest.mark.parametrize("operator, opset", [("CumSum", 14), ("CumProd", 26)])
@pytest.mark.parametrize("exclusive", [0, 1])
@pytest.mark.parametrize("reverse", [0, 1])
def test_a_scalar_accumulated_stays_a_scalar(reverse, exclusive, operator, opset):
    """As in PyTorch; NumPy makes one axis of none."""
    options = {"exclusive": exclusive, "reverse": reverse, "opset": opset}
    (y,) = compute(operator, [np.array(3, np.float32), np.array(0)], **options)
    kept = 3 if not exclusive else 0 if operator == "CumSum" else 1
    assert (y.shape, y.dtype, y.item()) == ((), np.float32, kept)
