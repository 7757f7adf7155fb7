"""Labels and categories, encoded as other ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.program import Argument, Call
from ..ir.types import DTYPES
from ..kernels import encoders
from ._ml import DOMAIN, MOST_LITERALS, class_labels
from .context import NodeContext
from .registry import lowers


@lowers("LabelEncoder", domain=DOMAIN)
def label_encoder_of_classes(node: NodeContext) -> Call:
    """1: strings to their places in one list, or back."""
    classes = node.strings("classes_strings", ())
    return _between_strings_and_integers(node, tuple(range(len(classes))), classes)


@lowers("CategoryMapper", domain=DOMAIN)
def category_mapper(node: NodeContext) -> Call:
    """Strings to integers, or back."""
    integers, strings = node.ints("cats_int64s", ()), node.strings("cats_strings", ())
    return _between_strings_and_integers(node, integers, strings)
