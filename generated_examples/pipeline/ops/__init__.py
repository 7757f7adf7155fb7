"""The operators of this model that NumPy lacks."""

from .features import scale_features
from .maps import zip_map
from .trees import tree_classifier

__all__: list[str] = ["scale_features", "tree_classifier", "zip_map"]
