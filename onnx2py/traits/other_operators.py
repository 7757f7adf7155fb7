"""Operators of ONNX's other domains."""

from __future__ import annotations

from collections.abc import Mapping

from .operator import Operator

LEARNING: Mapping[str, Operator] = {
    "ArrayFeatureExtractor": Operator(),
    "Binarizer": Operator(),
    "CastMap": Operator(),
    "CategoryMapper": Operator(),
    "DictVectorizer": Operator(needs_types=True),
    "FeatureVectorizer": Operator(),
    "Imputer": Operator(),
    "LabelEncoder": Operator(needs_types=True),
    "LinearClassifier": Operator(),
    "LinearRegressor": Operator(),
    "Normalizer": Operator(),
    "OneHotEncoder": Operator(),
    "SVMClassifier": Operator(),
    "SVMRegressor": Operator(),
    "Scaler": Operator(),
    "TreeEnsemble": Operator(needs_types=True),
    "TreeEnsembleClassifier": Operator(),
    "TreeEnsembleRegressor": Operator(),
    "ZipMap": Operator(),
}

PREVIEW: Mapping[str, Operator] = {
    "FlexAttention": Operator(),
}

TRAINING: Mapping[str, Operator] = {
    "Adagrad": Operator(counted=True),
    "Adam": Operator(counted=True),
    "Gradient": Operator(),
    "Momentum": Operator(counted=True),
}
