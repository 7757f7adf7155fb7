"""Twins that make, shape, pick and move elements give what their kernels give."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from .support import Case, check, check_gradient, check_meta, kernel, to_numpy, twin

RANDOM = np.random.default_rng(0)
TYPES = (np.bool_, np.int8, np.uint16, np.uint32, np.uint64, np.float16)
TYPES = (*TYPES, np.int64, ml_dtypes.bfloat16, ml_dtypes.float8_e5m2)


def draw(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape)


def ints(*items: Any) -> np.ndarray:
    return np.array(items, np.int64)


X = draw(2, 3, 4)
SHAPES = [
    Case("arrays.reshape", (X, (4, -1))),
    Case("arrays.squeeze", (draw(1, 3, 1),)),
    Case("arrays.squeeze", (draw(1, 3, 1),), {"axis": -1}),
    Case("arrays.squeeze", (draw(1, 3, 1),), {"axis": (0, 2)}),
    Case("arrays.expand_dims", (X,), {"axis": 1}),
    Case("arrays.expand_dims", (X,), {"axis": (-1, 0)}),
    Case("arrays.broadcast_to", (draw(3, 1), (2, 3, 4))),
    Case("arrays.tile", (draw(2, 3), (2, 2))),
    Case("arrays.tile", (draw(3), (2, 1, 3))),
    Case("arrays.transpose", (X,)),
    Case("arrays.transpose", (X, (2, 0, 1))),
    Case("arrays.concatenate", ((X, X[:, :1]),), {"axis": 1}),
    Case("arrays.stack", ((X, X),), {"axis": -1}),
    Case("arrays.triu", (X,), {"k": 1}),
    Case("arrays.tril", (X,)),
    Case("selection.trilu", (X, -1), {"upper": False}),
    Case("arrays.getitem", (X, (slice(None, None, -1), slice(5, 0, -2)))),
    Case("arrays.getitem", (X, (..., slice(-1, -9, -3)))),
    Case("arrays.getitem", (X, (slice(1, 2), slice(None), slice(-3, None, 2)))),
    Case("arrays.cumsum", (X,), {"axis": -2}),
    Case("shape.reshape", (X, (0, -1))),
    Case("shape.reshape", (draw(0, 3), (3, 0)), {"allowzero": True}),
    Case("shape.flatten", (X,), {"axis": 2}),
    Case("shape.flatten", (X,), {"axis": 0}),
    Case("shape.flatten", (draw(),), {"axis": 0}),
    Case("shape.squeeze", (draw(1, 3, 1), (0, -3))),
    Case("shape.unsqueeze", (X, (1, -1))),
    Case("shape.expand", (draw(3, 1), (2, 1, 4))),
    Case("shape.expand", (draw(3, 4), (1,))),
    Case("shape.tile_axis", (X, 3, 1)),
    Case("arrays.transpose", (draw(),)),
    Case("slicing.slice_axes", (X, (0, -1), (9, -9), (0, -1), (1, -1))),
    Case("slicing.slice_axes", (X, (-99, 5), (2, -99), (0, 2), (1, -2))),
    Case("slicing.slice_axes", (X, (), ())),
    Case("slicing.slice_axes", (X, (1, -1), (9, -9), (1, 2), (2**63 - 1, -(2**62)))),
    Case("slicing.slice_axes", (X, (None,), (-99,), (1,), (-1,))),
    Case("slicing.split", (X, (1, 0, 3)), {"axis": -1}),
    Case("slicing.split", (draw(2, 7),), {"axis": 1, "num_outputs": 3}),
    Case("rearrange.depth_to_space", (draw(2, 8, 2, 3),), {"blocksize": 2}),
    Case(
        "rearrange.depth_to_space", (draw(2, 8, 2, 3),), {"blocksize": 2, "mode": "CRD"}
    ),
    Case("rearrange.space_to_depth", (draw(2, 2, 4, 6),), {"blocksize": 2}),
    Case(
        "rearrange.space_to_depth", (draw(2, 2, 4, 6),), {"blocksize": 2, "mode": "CRD"}
    ),
    Case("rearrange.unfold_tensor", (draw(2, 7, 2),), {"dim": 1, "size": 3, "step": 2}),
    *(
        Case("rearrange.cumsum", (x, 0), {"exclusive": e, "reverse": r})
        for x in (draw(4, 2), draw(0, 2), draw())
        for e in (False, True)
        for r in (False, True)
    ),
    Case("rearrange.cumprod", (X, -1), {"exclusive": True}),
    Case("rearrange.cumprod", (X, 1), {"reverse": True}),
    *(
        Case("padding.pad", (draw(2, 5), (1, 7, 0, 9)), {"mode": mode})
        for mode in ("constant", "edge", "reflect", "wrap")
    ),
    *(
        Case("padding.pad", (draw(3, 5), (-1, 2, 1, -2)), {"mode": mode})
        for mode in ("constant", "edge", "reflect", "wrap")
    ),
    Case("padding.pad", (draw(1, 3), (2, 0, 1, 0)), {"mode": "reflect"}),
    Case("padding.pad", (X, (1, 2), 1, (-1,))),
    Case("padding.pad", (X, (1, 2), np.array([5.0]), (1,))),
    Case("padding.pad", (draw(0, 3), (1, 0, 0, 1))),
    Case("padding.center_crop_pad", (draw(5, 4), (2, 7))),
    Case("padding.center_crop_pad", (draw(5, 4), (8,)), {"axes": (-1,)}),
    Case("control_flow.scan_elements", (X,), {"axis": 1, "reverse": True}),
    Case("control_flow.stack_scan_outputs", ([X, X + 1], X), {"axis": 1}),
    Case("control_flow.stack_scan_outputs", ([X, X + 1], X), {"reverse": True}),
    Case("control_flow.stack_scan_outputs", ([], X)),
    Case("legacy.crop", (draw(1, 2, 5, 6),), {"border": (1, 0, 2, 1)}),
    Case("legacy.crop", (draw(1, 2, 5, 6),), {"border": (1, 1, 0, 0), "scale": (2, 3)}),
    Case(
        "legacy.image_scaler", (draw(1, 2, 3, 3),), {"bias": (1.0, 2.0), "scale": 2.0}
    ),
    Case("sequence.split_to_sequence", (draw(2, 5),), {"axis": 1}),
    Case("sequence.split_to_sequence", (draw(2, 5), 2), {"axis": 1}),
    Case("sequence.split_to_sequence", (draw(2, 5), (4, 1)), {"axis": -1}),
    Case("sequence.split_to_sequence", (draw(2, 5),), {"axis": 1, "keepdims": False}),
]
INDICES = ints([0, -1], [2, 1])
PICKED = [
    Case("arrays.take", (X, INDICES), {"axis": 1}),
    Case("arrays.take", (X, (0, -1, 0)), {"axis": -1}),
    Case("indexing.gather", (X, -1), {"axis": 1}),
    Case("indexing.gather", (X, ints(1)[0:1].reshape(())), {"axis": 1}),
    Case("indexing.gather", (draw(3), ints(-1)[:1].reshape(()))),
    Case("indexing.gather", (X, INDICES.astype(np.int32)), {"axis": -2}),
    Case("indexing.gather", (X, ints().reshape(0, 2)), {"axis": 0}),
    Case("indexing.gather_elements", (draw(3, 4), ints([0, -1, 2])), {"axis": 1}),
    Case("indexing.gather_elements", (draw(3, 4), ints([0], [-3])), {"axis": 0}),
    Case(
        "arrays.take_along_axis", (draw(2, 3), ints([2, -1, 0], [1, 1, 1])), {"axis": 1}
    ),
    Case("indexing.gather_nd", (X, ints([0, 2], [-1, 1]))),
    Case("indexing.gather_nd", (X, ints(0, 2))),
    Case("indexing.gather_nd", (X, ints([[2], [-1]], [[0], [0]])), {"batch_dims": 1}),
    Case("indexing.gather_nd", (X, ints([[3]] * 3, [[-1]] * 3)), {"batch_dims": 2}),
    Case("indexing.gather_nd", (X, ints().reshape(2, 3, 0)), {"batch_dims": 1}),
    *(
        Case(
            "scatter.scatter_elements",
            (draw(3, 4), ints([0, -1, 0], [1, 1, 3]), draw(2, 3)),
            {"axis": 1, "reduction": reduction},
        )
        for reduction in ("add", "mul", "min", "max")
    ),
    Case("scatter.scatter_elements", (draw(3, 4), ints([0, -1]), draw(1, 2))),
    *(
        Case(
            "scatter.scatter_nd",
            (X, ints([0, 1], [-1, 0], [0, 1]), draw(3, 4)),
            {"reduction": reduction},
        )
        for reduction in ("add", "mul", "min", "max")
    ),
    Case("scatter.scatter_nd", (X, ints([0, 1, 2], [-1, 0, 3]), draw(2))),
    Case("scatter.scatter_nd", (X, ints(1, 2), draw(4))),
    Case("scatter.scatter_nd", (X, ints().reshape(1, 0), draw(1, 2, 3, 4))),
    Case("scatter.tensor_scatter", (draw(2, 1, 5, 3), draw(2, 1, 2, 3), ints(1, 3))),
    Case("scatter.tensor_scatter", (draw(2, 1, 5, 3), draw(2, 1, 2, 3))),
    Case(
        "scatter.tensor_scatter",
        (draw(2, 1, 5, 3), draw(2, 1, 2, 3), ints(4, 3)),
        {"mode": "circular"},
    ),
    Case("rearrange.reverse_sequence", (draw(4, 3, 2), ints(4, 1, 3))),
    Case(
        "rearrange.reverse_sequence",
        (draw(3, 4), ints(4, 0, 3)),
        {"batch_axis": 0, "time_axis": 1},
    ),
    Case("selection.top_k", (draw(3, 5), 2)),
    Case("selection.top_k", (draw(3, 5), 3), {"axis": 0, "largest": False}),
    Case("selection.one_hot", (ints([0, 5], [-1, 7]), 6, draw(2)), {"axis": 1}),
    Case("selection.one_hot", (ints(1)[:1].reshape(()), 3, draw(2))),
]
DEPENDENT = [
    Case("arrays.compress", (np.array([True, False, True]), X), {"axis": 1}),
    Case("arrays.compress", (np.array([True, False, True]), X)),
    Case("selection.compress", (X, np.array([True, False, True, True])), {"axis": 1}),
    Case("selection.compress", (X, np.array([[True], [False]]))),
    Case("selection.non_zero", (X > 0,)),
    Case("selection.non_zero", (np.array(3.0),)),
    Case("arrays.unique", (ints(3, 1, 3),)),
    *(
        Case("selection.unique", (x,), {"axis": axis, "sorted": is_sorted})
        for x in (ints([3, 1, 3], [1, 3, 1], [3, 1, 3]), draw(2, 2, 3))
        for axis in (None, 0)
        for is_sorted in (True, False)
    ),
    Case("selection.unique_in_order", (ints(5, 1, 5, 2),)),
    Case("indexing.gather", (X, ints(1, 0)), {"axis": 0}),
    Case("slicing.slice_axes", (X, ints(1), ints(9), ints(2), ints(2))),
    Case("shape.reshape", (X, ints(0, -1))),
    Case("shape.expand", (draw(3, 1), ints(2, 1, 4))),
    Case("padding.pad", (X, ints(1, 0, 0, 0, 2, 1))),
    Case("sequence.split_to_sequence", (draw(2, 5), ints(4, 1)), {"axis": 1}),
    Case("sequence.split_to_sequence", (draw(2, 5), np.array(2)), {"axis": 1}),
    Case("shape.tile_axis", (X, np.array(2), np.array([1]))),
]
MADE = [
    Case("arrays.array", (((1, 2), (3, 4)), np.dtype(np.int8))),
    Case("arrays.array", (2.5, np.dtype(np.float16))),
    Case("arrays.zeros", ((2, 0),), {"dtype": np.dtype(np.uint16)}),
    Case("arrays.ones", ((2, 3),), {"dtype": np.dtype(np.bool_)}),
    Case("arrays.full", ((2,), 0.1), {"dtype": np.dtype(np.float32)}),
    Case("arrays.full", ((2, 3), -3.4028235e38), {"dtype": np.dtype(np.float32)}),
    Case("arrays.full", ((0,), True), {"dtype": np.dtype(np.bool_)}),
    Case("arrays.arange", (5,)),
    Case("arrays.arange", (2, 9, 3)),
    Case("arrays.arange", (3, -2, 3)),
    Case("arrays.arange", (3, -2, -2)),
    Case("generate.range_", (3, 9, 2), {"dtype": np.int32}),
    Case("generate.range_", (9, 3, -4), {"dtype": np.int64}),
    Case("generate.range_", (9, 3), {"dtype": np.int64}),
    Case("generate.range_", (0.5, 2.0, 0.1), {"dtype": np.float32}),
    Case("generate.range_", (2.0, 0.5, 0.1), {"dtype": np.float64}),
    Case("generate.range_", (*(np.array(n, np.float32) for n in (0, 1, 0.1)),)),
    Case("generate.range_", (np.array([1]), np.array(4), np.array(1))),
    Case("generate.range_", (0.0, 3.0, 0.25), {"dtype": np.float16}),
]
FROM_OTHERS = [
    Case("shape.shape", (X,), {"start": 1}),
    Case("shape.size", (X,)),
    Case("generate.eye_like", (draw(3, 4),), {"k": 1}),
    Case("generate.eye_like", (draw(3, 4),), {"k": -1, "dtype": np.uint16}),
    Case("reduction_argmax.argmax", (X,), {"axis": 1}),
    Case("random.dropout_inactive", (X,), {"mask": False, "dtype": None}),
    *(
        Case(f"reduction_argmax.{name}", (x,), {"axis": 1, "select_last_index": last})
        for name in ("argmin", "argmax")
        for x in (ints([1, 2, 2, 1]), np.array([[np.nan, 1, np.nan]], np.float32))
        for last in (False, True)
    ),
    Case("arrays.argmax", (np.array([[5, 2**63, 2**64 - 1]], np.uint64),), {"axis": 1}),
    Case("arrays.argmin", (np.array([[True, False]]),), {"axis": 1, "keepdims": True}),
]


@pytest.mark.parametrize("case", [*SHAPES, *PICKED], ids=str)
def test_numbers_gradients_and_devices(case: Case) -> None:
    check(case)
    check_meta(case)
    if case.args[0] is not X or "cumprod" in case.name:
        return  # one case of each size is enough
    check_gradient(case)


@pytest.mark.parametrize("case", [*DEPENDENT, *MADE], ids=str)
def test_numbers(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", FROM_OTHERS, ids=str)
def test_what_has_no_gradient(case: Case) -> None:
    check(case)
    check_meta(case)


MOVES = [
    case
    for case in (*SHAPES, *PICKED, *DEPENDENT)
    if not case.kwargs.get("reduction")
    and not case.name.startswith(("rearrange.cum", "arrays.cumsum", "legacy.image"))
]


BY_STRIDES = (
    *("arrays.broadcast_to", "shape.expand", "indexing.gather_nd"),
    "rearrange.unfold_tensor",
)
"""Kernels that change strides with a function of NumPy that lacks floats of 8 bits."""


@pytest.mark.parametrize("dtype", TYPES)
def test_all_types_are_moved(dtype: type) -> None:
    """PyTorch moves fewer types than it holds: such twins move integers of the same bits."""
    for case in MOVES:
        args = tuple(
            (
                np.asarray(a > 0).astype(np.uint8).astype(dtype)
                if isinstance(a, np.ndarray) and a.dtype == np.float64
                else a
            )
            for a in case.args
        )
        if case.name in ("arrays.concatenate", "arrays.stack"):
            args = (
                tuple((x > 0).astype(np.uint8).astype(dtype) for x in case.args[0]),
            )
        if "unique" in case.name or "top_k" in case.name:
            continue
        if np.dtype(dtype).itemsize == 1 and case.name in BY_STRIDES:
            continue
        check(case._replace(args=args))


@pytest.mark.parametrize("dtype", [np.uint16, np.uint64, np.float16, np.bool_, np.int8])
def test_the_order_of_equal_elements(dtype: type) -> None:
    x = RANDOM.integers(0, 4, (3, 40)).astype(dtype)
    for largest in (True, False):
        check(Case("selection.top_k", (x, 17), {"largest": largest}))
    check(Case("selection.unique", (x,)))
    check(Case("selection.unique", (x,), {"axis": 1}))


def test_sequences_are_lists() -> None:
    items = [torch.ones(2), torch.zeros(3)]
    assert twin("sequence.sequence_construct")(*items) == items
    assert twin("sequence.sequence_empty")() == []
    assert twin("sequence.sequence_at")(items, torch.tensor(-1)) is items[1]
    longer = twin("sequence.sequence_insert")(items, items[1], 0)
    assert [len(x) for x in longer] == [3, 2, 3]
    assert [len(x) for x in twin("sequence.sequence_erase")(longer)] == [3, 2]
    length = twin("sequence.sequence_length")(items)
    assert (length.item(), length.dtype) == (2, torch.int64)
    assert twin("sequence.optional_has_element")(None).item() is False
    assert twin("sequence.optional_has_element")(items).item() is True
    assert (
        twin("sequence.optional_get_element")(twin("sequence.optional")(items)) is items
    )


def test_iterations() -> None:
    limits: tuple[Any, ...] = (torch.tensor(3), torch.tensor([3]), 3)
    for limit in limits:
        found = list(twin("control_flow.iterations")(limit))
        assert [x.item() for x in found] == [0, 1, 2]
    one = next(twin("control_flow.iterations")(ndim=1))
    assert (tuple(one.shape), one.dtype) == ((1,), torch.int64)


ERRORS = [
    (("shape.squeeze", torch.ones(2, 1), (0,)), ValueError),
    (("arrays.squeeze", torch.ones(2, 1), 0), ValueError),
    (("shape.unsqueeze", torch.ones(2), (0, 0)), ValueError),
    (("arrays.expand_dims", torch.ones(2), (0, -3)), ValueError),
    (("slicing.slice_axes", torch.ones(2, 2), (0, 0), (1, 1), (1, -1)), ValueError),
    (("slicing.slice_axes", torch.ones(2), (0,), (1,), (1,)), ValueError),
    (("slicing.split", torch.ones(3), (1, 1)), ValueError),
    (("padding.pad", torch.ones(3), (1,)), ValueError),
    (("generate.range_", 0, 1, 0), ValueError),
    (("sequence.sequence_insert", [], torch.ones(1), 1), IndexError),
    (("sequence.optional_get_element", None), ValueError),
    (("indexing.gather", torch.ones(2), torch.tensor([2])), IndexError),
    (("indexing.gather_nd", torch.ones(2, 2), torch.tensor([[0, 2]])), IndexError),
    (
        ("scatter.scatter_nd", torch.ones(2), torch.tensor([[2]]), torch.ones(1)),
        IndexError,
    ),
    (("selection.top_k", torch.ones(2), 3), RuntimeError),
    (
        ("casting.cast_like", torch.ones(2), torch.ones(1).to(torch.float8_e5m2)),
        TypeError,
    ),
]


@pytest.mark.parametrize("call, error", ERRORS)
def test_errors(call: tuple[Any, ...], error: type[Exception]) -> None:
    options = {"dtype": torch.int64} if call[0] == "generate.range_" else {}
    with pytest.raises(error):
        twin(call[0])(*call[1:], **options)


def test_a_scattered_index_beyond_an_axis_is_none_of_the_next_row() -> None:
    data, places = torch.zeros(2, 3), torch.tensor([[0, 3]])
    for reduction in ("none", "add", "mul", "max"):
        with pytest.raises((IndexError, RuntimeError)):
            twin("scatter.scatter_nd")(data, places, torch.ones(1), reduction=reduction)


def test_dropout_draws_as_onnx_does() -> None:
    x = RANDOM.standard_normal((5, 6)).astype(np.float32)
    for ratio in (0.5, 0.75, 0.0, np.array(0.1, np.float32)):
        expected = kernel("random.dropout")(x, ratio, True, seed=7)
        share = torch.from_numpy(ratio) if isinstance(ratio, np.ndarray) else ratio
        found = twin("random.dropout")(torch.from_numpy(x), share, True, seed=7)
        for one, other in zip(to_numpy(found), expected):
            np.testing.assert_allclose(one, other, rtol=1e-6)


def test_dropout_is_for_training() -> None:
    x = torch.randn(2000, requires_grad=True)
    y, kept = twin("random.dropout")(x, 0.25)
    assert y.equal(x) and kept.all()
    y, kept = twin("random.dropout")(x, torch.tensor(0.25), torch.tensor(True))
    assert 0.2 < 1 - kept.float().mean().item() < 0.3
    y.sum().backward()
    torch.testing.assert_close(x.grad, kept / 0.75)


def test_random_numbers() -> None:
    normal = twin("random.random_normal")((3000,), mean=2.0, scale=3.0, seed=1)
    assert abs(normal.mean().item() - 2) < 0.3
    assert abs(normal.std().item() - 3) < 0.3
    uniform = twin("random.random_uniform")((3000,), low=2.0, high=4.0)
    assert 2 <= uniform.min() < 2.1 < 3.9 < uniform.max() <= 4
    for name in ("random_normal", "random_uniform"):
        like = twin(f"random.{name}_like")
        half = torch.ones(2, 3, dtype=torch.float16)
        assert like(half, seed=3).equal(like(half, seed=3))
        assert not like(half).equal(like(half))
        assert like(half, dtype=torch.float64).dtype == torch.float64
        assert like(half.to("meta")).device.type == "meta"
    shares = torch.tensor([[0.2, 0.8]]).expand(1, 2)
    drawn = twin("random.multinomial")(shares.log(), sample_size=5000, seed=1)
    assert drawn.dtype == torch.int32
    assert abs(drawn.float().mean().item() - 0.8) < 0.03
    bits = twin("random.bernoulli")(torch.full((5000,), 0.3), dtype=torch.bool)
    assert abs(bits.float().mean().item() - 0.3) < 0.03
