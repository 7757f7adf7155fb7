"""``mnist``, compiled from ``mnist.onnx`` to plain NumPy.

>>> from mnist import Model
>>> model = Model()
"""

from ._session import InferenceSession
from .model import INPUTS, OUTPUTS, Model

__all__ = ["INPUTS", "OUTPUTS", "InferenceSession", "Model"]
