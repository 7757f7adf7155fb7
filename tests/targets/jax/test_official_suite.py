"""ONNX's own cases through packages for JAX, compiled wherever their README says that they can be.

What is refused before anything is written is listed with the reason; what differs, likewise. The
list is strict: a case that starts to pass is an error too.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import jax
import onnx

from onnx2py import testing
from onnx2py.testing.case import Run
from onnx2py.testing.engines.targets import TargetEngine
from tests.backend.test_official_suite import DIFFERING, SUITE_OF

REFUSED: dict[str, tuple[str, ...]] = {
    "there are no arrays of text": (
        "test_strnorm*",
        "test_string_*",
        "test_regex_full_match*",
        "test_equal_string*",
        "test_ai_onnx_ml_label_encoder_*",
    ),
    "there is no twin of the kernel": (
        "test_image_decoder_*",
        "test_ai_onnx_ml_tree_ensemble*",
    ),
}
"""Why, and the names of the cases."""
ROUNDED = {
    "test_attention_4d_causal_fp16_expanded": "the function that attention stands for, node by "
    "node: each result is rounded to float16, and after seven of them the last digit differs by "
    "2. The tolerance is 1",
}
EXPECTED: dict[str, Any] = {
    **{name: DIFFERING[name] for name in DIFFERING if "squeezenet" not in name},
    **{
        name: {"verdict": "refused", "reason": reason}
        for reason, names in REFUSED.items()
        for name in names
    },
    **{n: {"verdict": "differs", "reason": r} for n, r in ROUNDED.items()},
    "*": "passed",
}

EAGER = {
    "test_bernoulli*": "jax.jit draws random numbers once, when it compiles",
    "squeezenet_old": "all scores are 6.8e9, where float32 has steps of 512; XLA fuses their "
    "mean with the softmax, which takes the largest, rounded, from one that is not",
}
"""Why graphs that can be traced are not compiled."""


class Engine(TargetEngine):
    """The target; ``jax.jit`` calls all functions but those whose README says that it cannot."""

    def prepare(self, model: onnx.ModelProto) -> Run:
        run = super().prepare(model)
        found = run.model  # type: ignore[attr-defined]
        module = sys.modules[type(found).__module__]
        readme = Path(str(module.__file__)).with_name("README.md")
        is_traced = "cannot trace" not in readme.read_text("utf-8")
        if is_traced and not any(fnmatchcase(model.graph.name, g) for g in EAGER):
            module.forward = jax.jit(module.forward)  # type: ignore[attr-defined]
        return run


globals().update(
    cases := testing.test_cases(Engine("jax"), expected={"official": EXPECTED})
)


def test_the_suite_is_whole() -> None:
    assert len(cases) == SUITE_OF
    listed = {n for n in cases if any(fnmatchcase(n, p) for p in EXPECTED if p != "*")}
    assert len(listed) == 47
