"""From ONNX nodes of any opset version to calls of opset-free kernels.

One file per operator family; the rules are found by the ``lowers`` decorator.
"""

from .context import NodeContext
from .registry import find_rule, lowers, rules

__all__ = ["NodeContext", "find_rule", "lowers", "rules"]
