"""The functions that this model calls."""

from .layers import embedding, layer_norm, linear
from .slicing import split

__all__: list[str] = ["embedding", "layer_norm", "linear", "split"]
