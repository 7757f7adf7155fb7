"""The operators of this model that NumPy lacks."""

from .activation import relu
from .conv_packed import conv_packed
from .matmul import gemm
from .pool_max import max_pool
from .softmax import softmax

__all__: list[str] = ["conv_packed", "gemm", "max_pool", "relu", "softmax"]
