"""onnxruntime as its users have it: with all optimizations, on one thread."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

import onnx

from ..case import Feeds, Outputs, RefusedError, Run
from ..oracles import onnxruntime_session, values_of


class OnnxRuntimeEngine:
    """Sessions of onnxruntime."""

    name = "onnxruntime"

    def prepare(self, model: onnx.ModelProto) -> Run:
        """Make a session.

        Raises
        ------
        RefusedError
            If onnxruntime does not take the model.
        """
        try:
            session = onnxruntime_session(model, optimized=True)
        except Exception as error:  # its errors have no common type
            raise RefusedError(str(error).splitlines()[0][:300]) from None

        def run(feeds: Feeds) -> Outputs:
            return values_of(session, feeds)

        return run

    def versions(self) -> Mapping[str, str]:
        """Return its version."""
        return {"onnxruntime": metadata.version("onnxruntime")}


ENGINE: Any = OnnxRuntimeEngine()
