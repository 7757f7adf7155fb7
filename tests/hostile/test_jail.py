"""With 4 GB of addresses, files that ask for more end in one error, or compile, in seconds."""

from __future__ import annotations

import pytest

from onnx2py import compile_model

from .bombs import BOMBS, chain
from .jail import SECONDS, Jail

COMPILED = {
    "range_float": "a length that is unknown beforehand: the call says what NumPy says",
    "outer_sum": "64 GB, which some machines have",
    "outer_product": "64 GB, which some machines have",
    "doubling_strings": "the call joins them",
    "ragged_strings": "they are written into the source",
    "many_middling_folds": "128 MB are folded, the rest is computed when the package is loaded",
    "long_product": "the package computes it",
    "regular_expression": "the package matches it",
    "endless_loop": "a loop is the model's own affair",
    "deep_type": "it is read, and goes no further",
}
"""Those that are no error: the compiler writes down what they ask for, and does none of it."""


@pytest.fixture(scope="module")
def jail(tmp_path_factory):
    jail = Jail(tmp_path_factory.mktemp("bombs"))
    yield jail
    jail.close()


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb(jail, name):
    file = jail.place / f"{name}.onnx"
    file.write_bytes(BOMBS[name]())
    found = jail.run(name, [str(file), "-o", str(jail.place / f"{name}_pkg"), "-q"])
    assert found.seconds < SECONDS / 2 and found.megabytes < 1000
    assert found.out == ""
    if name in COMPILED:
        assert (found.status, found.err) == (0, "")
        return
    assert found.status == 1
    first, *listed = (
        found.err.splitlines()
    )  # the values that are too large, and what to try
    assert first.startswith("onnx2py: error: ")
    assert all(line.startswith(("  ", "--max-elements")) for line in listed)
    for word in ("bug in", "Traceback", "Warning", "more memory"):
        assert word not in found.err


def test_a_long_chain_takes_its_length(tmp_path):
    """Eight times the nodes, back to front: not twelve times the work."""
    import cProfile

    calls = []
    for length in (2_500, 20_000):
        profile = cProfile.Profile()
        model = chain(length, "Neg")
        made = profile.runcall(
            compile_model, model, tmp_path / f"chain_{length}", layout=False
        )
        assert made.calls == length
        calls.append(sum(entry.callcount for entry in profile.getstats()))
    assert calls[1] < 12 * calls[0]
