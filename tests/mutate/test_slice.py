"""A fixed slice of the damaged models; ``python -m tests.mutate --cases 100000`` tries more."""

from __future__ import annotations

import pytest

from .attempt import attempt
from .mutate import damaged


@pytest.mark.parametrize("start", range(0, 480, 40))
def test_it_ends_with_a_package_or_one_clear_error(tmp_path, start):
    failed = {}
    for number in range(start, start + 40):
        what, data = damaged(number)
        problem = attempt(data, tmp_path, number % 2)
        if problem:
            failed[number] = f"{what}: {problem}"
    assert not failed
