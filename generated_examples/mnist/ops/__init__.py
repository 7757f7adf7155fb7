"""The ONNX operators of this graph that NumPy does not have under another name."""

from .activation import relu
from .conv import conv
from .matmul import gemm
from .max_pooling import max_pool
from .softmax import softmax

__all__: list[str] = ["conv", "gemm", "max_pool", "relu", "softmax"]
