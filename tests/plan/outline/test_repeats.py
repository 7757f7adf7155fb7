"""Runs of numbers that repeat, compared with a search that looks everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx2py.plan.outline.repeats import Repeats

NUMBERS = st.lists(st.integers(0, 3), min_size=1, max_size=40)


@given(NUMBERS, st.integers(1, 12))
def test_runs_have_one_key_if_and_only_if_they_are_equal(numbers, length):
    if length > len(numbers):
        return
    keys = Repeats(np.array(numbers)).keys(length)
    runs = [tuple(numbers[i:][:length]) for i in range(len(numbers) - length + 1)]
    assert len(keys) == len(runs)
    assert len({*zip(keys.tolist(), runs)}) == len({*runs}) == len({*keys.tolist()})


@given(NUMBERS)
def test_candidates_are_equal_runs_that_do_not_overlap(numbers):
    seen = set()
    for _, length, places in Repeats(np.array(numbers)).candidates(
        2, np.ones(len(numbers), int)
    ):
        runs = {tuple(numbers[p : p + length]) for p in places}
        assert len(runs) == 1
        assert len(places) > 1
        assert all(b - a >= length for a, b in zip(places, places[1:]))
        assert (length, *runs) not in seen
        seen.add((length, *runs))


@given(NUMBERS)
def test_bounds_fall_and_hold(numbers):
    bounds = []
    for bound, length, places in Repeats(np.array(numbers)).candidates(
        2, np.ones(len(numbers), int)
    ):
        bounds.append(bound)
        assert (len(places) - 1) * length <= len(numbers)
    assert bounds == sorted(bounds, reverse=True)


@pytest.mark.parametrize("period", [3, 5])
def test_all_phases_of_a_period_are_candidates(period):
    numbers = [9, *[*range(period)] * 4, 8]
    found = {
        (length, places[0])
        for _, length, places in Repeats(np.array(numbers)).candidates(
            2, np.ones(len(numbers), int)
        )
    }
    assert {(period, 1 + phase) for phase in range(period)} <= found


def test_a_run_of_one_number_is_no_trouble():
    assert [*Repeats(np.zeros(500, int)).candidates(2, np.ones(500, int))]
