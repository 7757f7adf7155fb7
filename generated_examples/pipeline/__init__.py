"""``pipeline``, compiled from ``pipeline.onnx`` to plain NumPy.

>>> from pipeline import Model
>>> model = Model()
"""

from typing import TYPE_CHECKING, Any

from .model import INPUTS, OUTPUTS, Model

if TYPE_CHECKING:
    from ._session import InferenceSession

__all__ = ["INPUTS", "OUTPUTS", "InferenceSession", "Model"]


def __getattr__(name: str) -> Any:
    """Import the session on first use: ``Model`` does not need it."""
    if name == "InferenceSession":
        from ._session import InferenceSession

        return InferenceSession
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
