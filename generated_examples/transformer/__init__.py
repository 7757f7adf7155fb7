"""``transformer_block``, compiled from ``transformer.onnx`` to plain NumPy.

>>> from transformer import Model
>>> model = Model()
"""

from ._session import InferenceSession
from .model import INPUTS, OUTPUTS, Model

__all__ = ["INPUTS", "OUTPUTS", "InferenceSession", "Model"]
