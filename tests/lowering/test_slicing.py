"""Rules of Slice and Split."""

import numpy as np
import onnx.parser
import pytest

import onnx2py
from onnx2py import UnsupportedError
from onnx2py.ir.types import TensorType
from tests.lowering._paths import all_paths, check_all_paths
from tests.support import assert_same, lowered

FAR = 2**63 - 1


def ints(*values):
    return np.array(values, np.int64)


def floats(*shape):
    return np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)


def sliced(starts, ends, axes=None, steps=None, rank=3):
    lists = {"s": starts, "e": ends, "a": axes, "t": steps}
    given = {name: ints(*items) for name, items in lists.items() if items is not None}
    names = [name if name in given else "" for name in lists]
    types = {"x": TensorType("float32", ("n",) * rank)} if rank else {}
    return lowered("Slice", ["x", *names], opset=13, types=types, constants=given)


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (((0,), (5,), (1,)), "x[:, :5]"),
        (((0,), (5,)), "x[:5]"),
        (((1,), (FAR,), (-1,)), "x[:, :, 1:]"),
        (((1,), (2**31 - 1,), (1,)), "x[:, 1:]"),
        (((-FAR - 1,), (-2,)), "x[:-2]"),
        (((0,), (FAR,), (1,), (2,)), "x[:, ::2]"),
        (((-1,), (-FAR,), (2,), (-1,)), "x[:, :, -1::-1]"),
        (((-4,), (-9,), (2,), (-1,)), "ops.slice_axes(x, (-4,), (-9,), (2,), (-1,))"),
        (((0, 1), (9, 2)), "x[:9, 1:2]"),
        (((0, 1), (-1, 2), (2, 1)), "x[:, 1:2, :-1]"),
    ],
)
def test_slice(arguments, expected):
    assert sliced(*arguments) == expected


def test_slices_of_a_whole_axis_are_left_out():
    assert sliced((0, 1), (FAR, 2)) == "x[:, 1:2]"
    assert sliced((0,), (FAR,)) == "x[:]"


def test_slice_of_axes_that_may_be_one():
    found = sliced((0, 1), (3, 4), (0, -1), rank=0)
    assert found == "ops.slice_axes(x, (0, 1), (3, 4), (0, -1))"
    assert sliced((1, 0), (3, 4), (-1, -3), rank=0) == "x[..., :4, :, 1:3]"


def test_slice_by_attributes():
    found = lowered("Slice", ["x"], opset=1, starts=[1], ends=[2], axes=[3])
    assert found == "x[:, :, :, 1:2]"


def test_slice_at_run_time():
    found = lowered("Slice", ["x", "s", "e", "", "t"], opset=10)
    assert found == "ops.slice_axes(x, s, e, None, t)"


def test_slice_reports_what_has_no_meaning():
    with pytest.raises(UnsupportedError, match="different axes"):
        sliced((0, 0), (1, 1), (1, -2))
    with pytest.raises(UnsupportedError, match="steps"):
        sliced((0,), (1,), (0,), (0,))


@pytest.mark.parametrize(
    "starts, ends, axes, steps",
    [
        ((0, 1), (2, FAR), None, None),
        ((1,), (-1,), (1,), None),
        ((-1, 0), (0, 9), (2, 0), None),
        ((-1,), (-FAR - 1,), (2,), (-1,)),
        ((FAR,), (-FAR,), (-1,), (-2,)),
        ((3,), (0,), (1,), (-2,)),
        ((-10,), (-20,), (1,), (-1,)),
        ((-10,), (20,), (1,), (1,)),
        ((2,), (1,), (0,), None),
        ((0, 0, 0), (9, 9, 9), (2, 0, 1), (3, 1, 2)),
        ((5,), (9,), (0,), (1,)),
        ((0,), (FAR,), (0,), (1,)),
    ],
)
def test_slice_agrees(starts, ends, axes, steps):
    lists = [None if v is None else ints(*v) for v in (starts, ends, axes, steps)]
    check_all_paths("Slice", [floats(3, 4, 5), *lists], opset=13)


def test_slice_by_attributes_agrees():
    options = {"starts": [0, -3], "ends": [2**31, -1], "axes": [2, 1]}
    check_all_paths("Slice", [floats(3, 4, 5)], opset=1, **options)
    check_all_paths("Slice", [floats(3, 4)], opset=1, starts=[1], ends=[2])


def test_slice_of_nothing_agrees():
    check_all_paths(
        "Slice", [floats(0, 4), ints(-1), ints(-9), ints(0), ints(-1)], opset=11
    )


def split(shape, constants=(), outputs=2, opset=13, **attributes):
    names = [f"c{i}" for i in range(len(constants))]
    return lowered(
        "Split",
        ["x", *names],
        [f"y{i}" for i in range(outputs)],
        opset=opset,
        types={"x": TensorType("float32", shape)},
        constants=dict(zip(names, constants)),
        **attributes,
    )


def test_split():
    assert split(None, [ints(2, 3)], axis=1) == "ops.split(x, (2, 3), axis=1)"
    assert split(None, opset=2, split=[2, 3]) == "ops.split(x, (2, 3))"
    assert split(None, axis=1) == "ops.split(x, axis=1, num_outputs=2)"
    assert split((4, "n")) == "ops.split(x, (2, 2))"
    assert split((5,), opset=18, num_outputs=2) == "ops.split(x, (3, 2))"
    assert lowered("Split", ["x", "s"], ["a", "b"], opset=13) == "ops.split(x, s)"


def test_split_reports_what_does_not_fit():
    with pytest.raises(UnsupportedError, match="equal parts"):
        split((5,))
    with pytest.raises(UnsupportedError, match="equal parts"):
        split((5,), outputs=4, opset=18, num_outputs=4)
    with pytest.raises(UnsupportedError, match="expected 2 lengths"):
        split((5,), [ints(1, 2, 2)])
    with pytest.raises(UnsupportedError, match="num_outputs"):
        split((5,), opset=18, num_outputs=3)


@pytest.mark.parametrize(
    "opset, lengths, options",
    [
        (2, None, {"axis": 1}),
        (2, None, {"axis": 1, "split": [1, 2, 3]}),
        (11, None, {"axis": -1}),
        (13, (0, 2, 4), {"axis": -1}),
        (13, None, {"axis": 1}),
        (18, None, {"axis": 1, "num_outputs": 3}),
        (18, (1, 1, 4), {"axis": 1}),
    ],
)
def test_split_agrees(opset, lengths, options):
    given = [] if lengths is None else [ints(*lengths)]
    check_all_paths("Split", [floats(2, 6), *given], opset=opset, outputs=3, **options)


@pytest.mark.parametrize("length", [7, 9, 2])
def test_uneven_split_agrees(length):
    options = {"opset": 18, "outputs": 2, "num_outputs": 2}
    check_all_paths("Split", [floats(length)], **options)


def test_split_into_one_part():
    check_all_paths("Split", [floats(4)], opset=18, outputs=1, num_outputs=1)


def test_split_lengths_of_opset_1():
    x = floats(3)
    for actual in all_paths(
        "Split", [x, np.float32([1, 2])], opset=1, outputs=2
    ).values():
        assert_same(actual, [x[:1], x[1:]])


def test_a_branch_that_no_call_takes_may_split_wrongly():
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 18]>
        net (bool c, float[5] x) => (float[n] y) { y = If (c) <
            then_branch = a () => (float[m] t) { t, u, v, w = Split <num_outputs = 4> (x) },
            else_branch = b () => (float[5] e) { e = Neg (x) }> }""")
    call = onnx2py.load_model(model, level=0)
    x = np.ones(5, np.float32)
    assert call(np.array(False), x).tolist() == [-1] * 5
    with pytest.raises(ValueError, match="parts of 5 in all"):
        call(np.array(True), x)
