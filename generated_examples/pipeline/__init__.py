"""``pipeline``, compiled from ``pipeline.onnx`` to plain NumPy.

>>> from pipeline import Model
>>> model = Model()
"""

from ._session import InferenceSession
from .model import INPUTS, OUTPUTS, Model

__all__ = ["INPUTS", "OUTPUTS", "InferenceSession", "Model"]
