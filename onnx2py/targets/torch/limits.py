"""What twins cannot compute: over more axes than PyTorch has, and types that it cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir.program import Call
from ...ir.program_text import function_path
from ...ir.symbols import kernel_of
from ...ir.types import TensorType, ValueType
from ...kernels.col2im import col2im
from ...kernels.conv import conv
from ...kernels.conv_fused import fused_conv
from ...kernels.conv_integer import conv_integer, qlinear_conv
from ...kernels.conv_transpose import conv_transpose
from ...kernels.conv_transpose_dynamic import conv_transpose_with_dynamic_pads
from ...kernels.quantized import qlinear_conv_channels_last
from ...kernels.quantized_gather import gather_block_quantized
from ...kernels.sampling import grid_sample

MOST = 3
"""The spatial axes of PyTorch's convolutions and samples."""

_LIMITED = frozenset(
    [
        *(col2im, conv, conv_integer, conv_transpose, conv_transpose_with_dynamic_pads),
        *(fused_conv, grid_sample, qlinear_conv, qlinear_conv_channels_last),
    ]
)

_NARROW = frozenset(["uint4", "uint2"])


def limit_of(call: Call, kinds: Sequence[ValueType | None]) -> str:
    """Say what PyTorch lacks for a call, "" if that is nothing.

    ``kinds`` are the types of its result and its arguments, of which none has more axes.
    """
    kernel = kernel_of(call.function)
    dtypes = {kind.dtype for kind in kinds if isinstance(kind, TensorType)}
    if kernel is gather_block_quantized and dtypes & _NARROW:
        # They are carried by bytes, which hold several numbers there.
        return f"{function_path(kernel)} of {', '.join(sorted(dtypes & _NARROW))}"
    if kernel not in _LIMITED:
        return ""
    rank = max(
        (kind.rank or 0 for kind in kinds if isinstance(kind, TensorType)), default=0
    )
    is_cubic = call.kwargs.get("mode") == "cubic"
    if rank - 2 <= (MOST - 1 if is_cubic else MOST):
        return ""
    return f"{function_path(kernel)} over {rank - 2} axes{' by cubics' * is_cubic}"
