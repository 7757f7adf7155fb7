"""Derivatives of matrix products."""

from __future__ import annotations

from .registry import Step, derives
from .tape import Gradients, NoDerivative, Value


@derives("MatMul")
def matmul(step: Step) -> Gradients:
    """dY Bᵀ and Aᵀ dY; a vector is a matrix of one row, or of one column."""
    a, b = step.inputs
    tape, dy = step.tape, step.dy
    row, column = a.rank == 1, b.rank == 1
    left = tape.op("Unsqueeze", a, tape.integers([0])) if row else a
    right = tape.op("Unsqueeze", b, tape.integers([1])) if column else b
    if column:
        dy = tape.op("Unsqueeze", dy, tape.integers([-1]))
    if row:
        dy = tape.op("Unsqueeze", dy, tape.integers([-2]))
    da = tape.op("MatMul", dy, _swapped(right)).sum_to(left)
    db = tape.op("MatMul", _swapped(left), dy).sum_to(right)
    return (
        tape.op("Squeeze", da, tape.integers([0])) if row else da,
        tape.op("Squeeze", db, tape.integers([1])) if column else db,
    )


def _swapped(value: Value) -> Value:
    rank = value.rank
    return value.transpose((*range(rank - 2), rank - 1, rank - 2))


@derives("Gemm")
def gemm(step: Step) -> Gradients:
    """alpha A B + beta C, either factor transposed or not."""
    if step.version < 7 and step.attribute("broadcast"):
        raise NoDerivative(
            "broadcasting of before opset 7 has no derivative",
            "export the model at a newer opset",
        )
    a, b = step.inputs[:2]
    dy = step.dy
    alpha, beta = step.attribute("alpha", 1.0), step.attribute("beta", 1.0)
    scaled = dy if alpha == 1 else dy * alpha

    def product(one: Value, two: Value, first: bool, second: bool) -> Value:
        return step.tape.op("Gemm", one, two, transA=int(first), transB=int(second))

    at, bt = bool(step.attribute("transA", 0)), bool(step.attribute("transB", 0))
    da = product(b, scaled, bt, True) if at else product(scaled, b, False, not bt)
    db = product(scaled, a, True, at) if bt else product(a, scaled, not at, False)
    bias = step.input(2)
    if bias is None:
        return da, db
    return da, db, (dy if beta == 1 else dy * beta).sum_to(bias)


@derives("Einsum")
def einsum(step: Step) -> Gradients:
    """The same letters, the operand and the result having changed places."""
    equation = str(step.attribute("equation")).replace(" ", "")
    terms, arrow, result = equation.partition("->")
    operands = terms.split(",")
    if not arrow or "." in equation or any(len(set(t)) < len(t) for t in operands):
        raise NoDerivative(
            f"equation {equation!r}: it has none with an ellipsis, a repeated letter or "
            "without ->"
        )
    found = []
    for i, own in enumerate(operands):
        others = [
            (t, x) for j, (t, x) in enumerate(zip(operands, step.inputs)) if j != i
        ]
        known = set(result).union(*(t for t, _ in others))
        letters = "".join(letter for letter in own if letter in known)
        left = ",".join([result, *(t for t, _ in others)])
        values = [step.dy, *(x for _, x in others)]
        dx = step.tape.op("Einsum", *values, equation=f"{left}->{letters}")
        alone = [axis for axis, letter in enumerate(own) if letter not in known]
        if alone:  # a letter of this operand alone: every element counts the same
            dx = step.tape.op("Unsqueeze", dx, step.tape.integers(alone))
            dx = dx.expand(step.inputs[i].dims())
        found.append(dx)
    return found
