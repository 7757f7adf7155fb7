"""What onnxruntime makes of a drawn node, computed by itself and as exactly as it can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..case import NoAnswerError
from ..oracles import WITHOUT_NUMPY, onnxruntime_session, values_of
from ..tolerance import is_extension
from .case import NodeCase
from .saturation import is_inexact


def expected_outputs(case: NodeCase) -> list[Any]:
    """Return onnxruntime's results, each operator by itself.

    It is fed no types of ``ml_dtypes``: for it, such inputs are initializers.

    Raises
    ------
    NoAnswerError
        If it does not.
    """
    case = case.stand_in or case
    case = _with_initializers(case, is_extension)
    if is_inexact(case):
        # The one way to exact sums there: signed weights become unsigned, if constant.
        case = _with_initializers(case, lambda dtype: dtype == np.int8)
    try:
        session = _session(case)
        if any(output.type in WITHOUT_NUMPY for output in session.get_outputs()):
            # No OrtValue can be made of strings.
            case = _with_initializers(case, lambda dtype: dtype.kind in "UO")
            session = _session(case)
        return values_of(session, case.feeds)
    except Exception as error:  # its errors have no common type
        raise NoAnswerError(str(error).splitlines()[0][:300]) from None


def _session(case: NodeCase) -> Any:
    return onnxruntime_session(case.model(), exact_bytes=is_inexact(case))


def _with_initializers(
    case: NodeCase, concerns: Callable[[np.dtype[Any]], bool]
) -> NodeCase:
    """Return the case with the inputs of some dtypes as initializers."""
    chosen = {
        i
        for i, value in enumerate(case.inputs)
        if isinstance(value, np.ndarray) and concerns(value.dtype)
    }
    return replace(case, initializers=case.initializers | chosen)
