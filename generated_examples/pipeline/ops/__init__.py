"""The ONNX operators of this graph that NumPy does not have under another name."""

from .features import scale_features
from .maps import zip_map
from .trees import tree_classifier

__all__: list[str] = ["scale_features", "tree_classifier", "zip_map"]
