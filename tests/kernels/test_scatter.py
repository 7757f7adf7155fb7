"""Elements replaced by index, by hand."""

import numpy as np
import pytest

from onnx2py.kernels import scatter as kernels

INDICES, UPDATES = np.array([1, 1, -1]), np.array([5, 6, 7])


@pytest.mark.parametrize(
    "reduction, expected",
    [
        ("none", [3, 6, 7]),
        ("add", [3, 14, 10]),
        ("mul", [3, 90, 21]),
        ("min", [3, 3, 3]),
        ("max", [3, 6, 7]),
    ],
)
def test_reductions(reduction, expected):
    x = np.full(3, 3)
    y = kernels.scatter_elements(x, INDICES, UPDATES, reduction=reduction)
    assert y.tolist() == expected
    y = kernels.scatter_nd(x, INDICES[:, None], UPDATES, reduction=reduction)
    assert y.tolist() == expected
    assert x.tolist() == [3, 3, 3]


def test_scatter_along_an_axis():
    y = kernels.scatter_elements(
        np.zeros((2, 3)), np.array([[2, 0]]), np.array([[1, 2]]), axis=1
    )
    assert y.tolist() == [[2, 0, 1], [0, 0, 0]]


def test_scatter_of_slices():
    y = kernels.scatter_nd(np.zeros((3, 2)), np.array([[2]]), np.array([[1, 2]]))
    assert y.tolist() == [[0, 0], [0, 0], [1, 2]]


def test_scatter_outside():
    with pytest.raises(IndexError):
        kernels.scatter_elements(np.zeros(2), np.array([2]), np.ones(1))
    with pytest.raises(IndexError):
        kernels.scatter_nd(np.zeros(2), np.array([[-3]]), np.ones(1), reduction="add")


UFUNCS = {"add": np.add, "mul": np.multiply, "min": np.minimum, "max": np.maximum}


def one_by_one(ufunc, y, places, updates):
    """Combine element by element, in NumPy's order of indices."""
    y = y.copy()
    for index in np.ndindex(updates.shape[: len(updates.shape) - y.ndim + len(places)]):
        place = tuple(int(p[index]) for p in places)
        y[place] = ufunc(y[place], updates[index])
    return y


@pytest.mark.parametrize("reduction", UFUNCS)
@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "i8", "u1", "?"])
@pytest.mark.parametrize("rows, columns", [(700, 2), (1, 1500), (400, 90), (0, 5)])
def test_many_updates_are_combined_in_their_order(reduction, dtype, rows, columns):
    rng = np.random.default_rng(0)
    indices = rng.integers(-7, 7, (rows, columns)).astype(rng.choice(["i4", "i8"]))
    updates = (rng.standard_normal((rows, columns)) * 3).astype(dtype)
    x = np.ones((7, columns + 1), dtype)
    y = kernels.scatter_elements(x, indices, updates, reduction=reduction)
    grid = (indices, np.broadcast_to(np.arange(columns), indices.shape))
    expected = one_by_one(UFUNCS[reduction], x, grid, updates)
    assert y.dtype == dtype and y.tobytes() == expected.tobytes()
    y = kernels.scatter_elements(x.T, indices.T, updates.T, axis=1, reduction=reduction)
    assert np.array_equal(y, expected.T, equal_nan=x.dtype.kind == "f")


@pytest.mark.parametrize("reduction", UFUNCS)
def test_many_slices_are_combined_in_their_order(reduction):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((3, 4, 5, 6)).astype("f4")
    updates = rng.standard_normal((8, 9, 5, 6)).astype("f4")
    updates[3, 2, 1, 0] = np.nan
    indices = rng.integers(-3, 3, (8, 9, 2))
    places = (indices[..., 0], indices[..., 1])
    with np.errstate(all="ignore"):
        y = kernels.scatter_nd(x, indices, updates, reduction=reduction)
        expected = one_by_one(UFUNCS[reduction], x, places, updates)
    assert np.isnan(y).any() and np.array_equal(y, expected, equal_nan=True)
    whole = kernels.scatter_nd(
        x, np.zeros(0, int), np.ones(x.shape, "f4"), reduction="max"
    )
    assert np.array_equal(whole, np.maximum(x, 1))


def test_many_updates_outside():
    for bad in (3, -4):
        indices = np.zeros((2000, 1), np.int64)
        indices[1500] = bad
        with pytest.raises(IndexError):
            kernels.scatter_elements(
                np.zeros((3, 1)), indices, np.ones((2000, 1)), reduction="add"
            )
        with pytest.raises(IndexError):
            kernels.scatter_nd(np.zeros(3), indices, np.ones(2000), reduction="add")


def test_sums_of_half_floats_are_rounded_once():
    updates = np.full(3000, 0.1, np.float16)
    y = kernels.scatter_elements(
        np.zeros(1, np.float16), np.zeros(3000, int), updates, reduction="add"
    )
    assert y.dtype == np.float16 and y[0] == np.float16(3000 * float(updates[0]))


def test_tensor_scatter():
    cache, update = np.zeros((2, 3, 1)), np.array([[[1], [2]], [[3], [4]]])
    found = kernels.tensor_scatter(cache, update, np.array([1, 0]))
    assert found[..., 0].tolist() == [[0, 1, 2], [3, 4, 0]]
    with pytest.raises(IndexError):
        kernels.tensor_scatter(cache, update, np.array([2, 0]))
    found = kernels.tensor_scatter(cache, update, np.array([2, 0]), mode="circular")
    assert found[..., 0].tolist() == [[2, 0, 1], [3, 4, 0]]
    assert not cache.any()
