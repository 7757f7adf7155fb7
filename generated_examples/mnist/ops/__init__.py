"""The operators of this model that NumPy lacks."""

from .activation import relu
from .matmul import gemm
from .max_pooling import max_pool
from .packed_conv import conv_packed
from .softmax import softmax

__all__: list[str] = ["conv_packed", "gemm", "max_pool", "relu", "softmax"]
