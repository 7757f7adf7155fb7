"""onnx's ReferenceEvaluator as an engine."""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from ..case import Feeds, Outputs, RefusedError, Run


class ReferenceEngine:
    """Evaluates nodes one by one in Python."""

    name = "reference"

    def prepare(self, model: onnx.ModelProto) -> Run:
        """Look up the implementation of each node.

        Raises
        ------
        RefusedError
            If there is one without.
        """
        from onnx.reference import ReferenceEvaluator

        try:
            evaluator = ReferenceEvaluator(model)
        except Exception as error:  # of several types
            raise RefusedError(f"{type(error).__name__}: {error}"[:300]) from None

        def run(feeds: Feeds) -> Outputs:
            return list(evaluator.run(None, dict(feeds)))

        return run

    def versions(self) -> Mapping[str, str]:
        """Return the version of onnx."""
        return {"onnx": onnx.__version__}


ENGINE = ReferenceEngine()
