"""The operators of this model that NumPy lacks."""

from .ml_features import scaler
from .ml_maps import zip_map
from .tree_ensemble import tree_ensemble_classifier

__all__: list[str] = ["scaler", "tree_ensemble_classifier", "zip_map"]
