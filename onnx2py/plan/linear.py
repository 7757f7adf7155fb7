"""Linear layers.

J3  A product by one matrix, or Gemm, and a bias that is added to nothing else -> ``linear``, or
    Gemm's ``c``: one call, which adds the bias in place.
"""

from __future__ import annotations

import numpy as np

from ..ir.patterns import Options
from ..ir.program import Call, Program, Statement
from ..kernels.matmul import gemm, linear, project
from .rewrite import Block, Made, Match, Rewrite, in_place, rewritten


def add_biases(program: Program) -> Program:
    """Let products take in the biases that are added to them (rule J3), in bodies too."""
    of_products = [
        Rewrite((np.add, (function, "x", "weight"), "bias"), _linear)
        for function in (project, np.matmul)
    ]
    of_gemm = (np.add, (gemm, "x", "weight", Options("how")), "bias")
    return rewritten(program, *of_products, Rewrite(of_gemm, _gemm))


def _linear(block: Block, match: Match) -> Made:
    x, product = match["x"], match.steps[1]
    before = block.values.shape(x)[:-2]
    call = product.operation
    assert isinstance(call, Call)
    # np.matmul multiplies a stack of matrices one by one, with other roundings
    is_stack = call.function is np.matmul and any(length != 1 for length in before)
    if is_stack or not _fits(block, match, columns=-1):
        return None
    return _placed(block, match, Call(linear, (x, match["weight"], match["bias"])))


def _gemm(block: Block, match: Match) -> Made:
    columns = 0 if match["how"].get("trans_b") else -1
    if match["how"].get("beta", 1) != 1 or not _fits(block, match, columns):
        return None
    args = (match["x"], match["weight"], match["bias"])
    return _placed(block, match, Call(gemm, args, match["how"]))


def _fits(block: Block, match: Match, columns: int) -> bool:
    """Whether operands have one type and the sum has the product's shape."""
    kinds = [block.values.type(match[name]) for name in ("x", "weight", "bias")]
    shapes = [kind.shape for kind in kinds if kind is not None]
    x, weight, bias = (*shapes, None, None, None)[:3]
    if x is None or weight is None or bias is None:
        return False
    if len({kind.dtype for kind in kinds if kind is not None}) != 1:
        return False
    if kinds[0] is None or kinds[0].dtype not in ("float32", "float64"):
        return False
    if len(weight) != 2 or not 1 <= len(bias) <= len(x) or len(x) < 2:
        return False
    length = weight[columns]
    return isinstance(length, int) and bias == (*[1] * (len(bias) - 1), length)


def _placed(block: Block, match: Match, call: Call) -> Made:
    """Return the call in place of the product, or of the sum if the bias is made after that."""
    total, product = match.steps[0], match.steps[1]
    bias, statement = match["bias"].name, in_place(call, match)
    early = bias in block.values.weights or _is_first(block, bias, product)
    return {id(product) if early else id(total): statement}


def _is_first(block: Block, value: str, product: Statement) -> bool:
    """Whether a value is known where a product is computed; other blocks may have made it."""
    for statement in reversed(block.statements):
        if statement is product or value in statement.outputs:
            return statement is product
    return False
