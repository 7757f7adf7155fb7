"""The ONNX operators of this graph that NumPy does not have under another name."""

from .gelu import gelu_tanh
from .generate import number_range
from .matmul import project
from .normalization import layer_normalization
from .shape import shape
from .slicing import split
from .softmax import softmax

__all__: list[str] = [
    "gelu_tanh",
    "layer_normalization",
    "number_range",
    "project",
    "shape",
    "softmax",
    "split",
]
