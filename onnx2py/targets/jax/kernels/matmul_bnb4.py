"""Products with weights of 4-bit floats, quantized in blocks."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._precision import widened

_FP4 = (0.0, 1 / 192, 2 / 3, 1.0, 1 / 3, 1 / 2, 1 / 6, 1 / 4)
_NF4 = (
    *(-1.0, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343),
    *(-0.091050036, 0.0, 0.0795803, 0.1609302, 0.2461123, 0.33791524, 0.44070983),
    *(0.562617, 0.72295684, 1.0),
)
"""Values of the 4-bit codes: FP4 has a sign and three bits, NF4 normal quantiles."""


def matmul_bnb4(
    a: Array,
    b: Array,
    absmax: Array,
    *,
    n: int,
    k: int,
    block_size: int,
    quant_type: int,
    trans_b: bool = True,
) -> Array:
    """Return ``a @ w.T`` (``a @ w`` without ``trans_b``), ``w`` [n, k] having 4 bits.

    Parameters
    ----------
    a : [D..., k], or [D..., n] without ``trans_b``
    b : uint8[ceil(n * k / 2)]
        The first number of a byte is in its highest bits.
    absmax : [ceil(n * k / block_size)]
        Factor of the numbers of each block.
    quant_type : 0 for FP4, 1 for NF4

    Returns
    -------
    y : [D..., n], or [D..., k]
    """
    values = _NF4 if quant_type else (*_FP4, *(-value for value in _FP4))
    table = jnp.array(values, jnp.float32)
    pairs, size = b.reshape(-1), n * k
    codes = jnp.stack((pairs >> 4, pairs & 15), axis=-1).reshape(-1)
    scales = jnp.repeat(widened(absmax).reshape(-1), block_size)
    w = (table[codes[:size]] * scales[:size]).reshape(n, k)
    return jnp.matmul(widened(a), w.T if trans_b else w).astype(a.dtype)
