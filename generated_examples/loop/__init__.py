"""``collatz``, compiled from ``loop.onnx`` to plain NumPy.

>>> from loop import Model
>>> model = Model()
"""

from ._session import InferenceSession
from .model import INPUTS, OUTPUTS, Model

__all__ = ["INPUTS", "OUTPUTS", "InferenceSession", "Model"]
