"""ONNX's own cases through packages for PyTorch.

What is refused before anything is written is listed with the reason; what differs, likewise. The
list is strict: a case that starts to pass is an error too.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import onnx

from onnx2py import testing
from onnx2py.testing.case import Run
from onnx2py.testing.engines.targets import TargetEngine
from tests.backend.test_official_suite import DIFFERING, SUITE_OF

REFUSED = {
    "PyTorch has no arithmetic on the element type, or lacks it": (
        "test_cast*FLOAT4E2M1*",
        "test_cast*FLOAT8E8M0*",
        "test_cast_e8m0*",
        "test_*quantizelinear_float4e2m1",
    ),
    "there are no tensors of text": (
        "test_strnorm*",
        "test_string_*",
        "test_regex_full_match*",
        "test_equal_string*",
        "test_tfidfvectorizer*",
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
    "test_dft_inverse*": "where 0 is right beside 45, NumPy's sums in float32 leave 2e-7 and "
    "PyTorch's others. The tolerance is 1e-7; sums in float64 do not pass either",
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


class Checked(TargetEngine):
    """Packages for PyTorch, which leave their weights as they are."""

    def prepare(self, model: onnx.ModelProto) -> Run:
        run = super().prepare(model)
        module = run.model  # type: ignore[attr-defined]

        def checked(feeds: Mapping[str, Any]) -> Any:
            state = {name: value.clone() for name, value in module.state_dict().items()}
            outputs = run(feeds)
            for name, value in module.state_dict().items():
                assert value.equal(state[name]), name
            return outputs

        return checked


globals().update(
    cases := testing.test_cases(Checked("torch"), expected={"official": EXPECTED})
)


def test_the_suite_is_whole():
    assert len(cases) == SUITE_OF
    listed = {n for n in cases if any(fnmatchcase(n, p) for p in EXPECTED if p != "*")}
    assert len(listed) == 74
