"""The official cases that draw random numbers: compared by their distribution.

Their expected outputs are one draw of another generator, "for informational purpose".
"""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from onnx.backend.base import BackendRep
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.case.test_case import TestCase

import onnx2py.backend

DRAWS = 300
SEED = 1
DEVIATIONS = 5
"""How many standard deviations a mean may be off: by chance once in 1.7 million times."""


def bernoulli_cases() -> list[TestCase]:
    """Return the six of them: with and without a seed, as a node and as its body."""
    # All cases: to collect those of one operator would hide the others from the suite.
    cases = collect_testcases()
    return [case for case in cases if case.name.startswith("test_bernoulli")]


def test_there_are_six_cases():
    assert len(bernoulli_cases()) == 6


@pytest.fixture
def seeded(monkeypatch):
    """Give each generator without a seed the next of a row of seeds."""
    seeds, make = count(SEED), np.random.default_rng
    monkeypatch.setattr(
        np.random,
        "default_rng",
        lambda seed=None: make(next(seeds) if seed is None else seed),
    )


@pytest.mark.parametrize("case", bernoulli_cases(), ids=lambda case: case.name)
def test_draws_have_the_probabilities_of_the_input(case, seeded):
    check_draws(case, onnx2py.backend.prepare(case.model))


def check_draws(case: TestCase, prepared: BackendRep) -> None:
    """Draw a number of times, and compare the sum with the one to expect."""
    inputs, (expected,) = case.data_sets[0]
    probabilities = np.asarray(inputs[0], np.float64)
    if "expanded" in case.name:
        # The body compares the wrong way round: a random number greater than p makes 1.
        # ONNX's text of the operator says "1 is produced with probability p".
        probabilities = 1 - probabilities
    draws = np.stack([prepared.run(inputs)[0] for _ in range(DRAWS)])
    assert draws.dtype == expected.dtype
    assert draws.shape[1:] == expected.shape
    assert set(np.unique(draws)) <= {0, 1}
    if "seed" in case.name:
        assert (draws == draws[0]).all()
        draws = draws[:1]
    else:
        assert (draws != draws[0]).any()
    calls = len(draws)
    variance = (probabilities * (1 - probabilities)).sum() * calls
    off = abs(draws.astype(np.float64).sum() - probabilities.sum() * calls)
    assert off < DEVIATIONS * variance**0.5
