"""The operators of this model that NumPy lacks."""

from .activation_gelu import gelu_tanh
from .matmul import linear
from .normalization import layer_normalization
from .slicing import split
from .softmax import softmax

__all__: list[str] = ["gelu_tanh", "layer_normalization", "linear", "softmax", "split"]
