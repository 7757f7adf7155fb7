"""Dense layers: products of rows and a matrix, in the spellings of exporters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..ir.graph import Node
from ..ir.types import Dim
from ._shape_rules import Elements


@dataclass(frozen=True)
class Dense:
    """A product, the name of its bias or "", and the node that adds it if that is another."""

    product: Node
    bias: str
    addition: Node | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The label of the product, unless that of a MatMul of its name says the same."""
        is_same = self.product.name and self.product.operator == "MatMul"
        return () if is_same else (self.product.label,)


def restores(wanted: Elements, shape: tuple[Dim, ...]) -> bool:
    """Whether Reshape to these lengths makes a shape; the elements are as many."""
    if wanted is None or len(wanted) != len(shape) or wanted.count(-1) > 1:
        return False
    return all(
        n == -1 or (n is not None and n != 0 and n == length)
        for n, length in zip(wanted, shape)
    )


def is_plain(gemm: Node) -> bool:
    """Whether Gemm is the product of its operands as they are, and the bias."""
    given: Mapping[str, Any] = gemm.attributes
    scaled = given.get("alpha", 1.0) != 1 or given.get("beta", 1.0) != 1
    return not scaled and not given.get("transA", 0) and not given.get("transB", 0)
