"""Kernels of classical machine learning and of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..kernels import (
    ml_encoders,
    ml_features,
    ml_linear,
    ml_maps,
    ml_svm,
    text,
    text_hashing,
    text_tfidf,
    text_tokenizer,
    text_tokens,
    tree_ensemble,
)
from .kernel import NEW, OTHER, Kernel

LEARNING: Mapping[Any, Kernel] = {
    ml_encoders.label_encoder: NEW,
    ml_encoders.one_hot_encoder: NEW,
    ml_features.array_feature_extractor: OTHER,
    ml_features.binarizer: NEW,
    ml_features.feature_vectorizer: OTHER,
    ml_features.imputer: NEW,
    ml_features.normalizer: NEW,
    ml_features.scaler: NEW,
    ml_linear.linear_binary_classifier: Kernel(new=True),
    ml_linear.linear_classifier: Kernel(new=True),
    ml_linear.linear_regressor: Kernel(new=True),
    ml_maps.cast_map: NEW,
    ml_maps.dict_vectorizer: NEW,
    ml_maps.zip_map: NEW,
    ml_svm.svm_classifier: Kernel(new=True),
    ml_svm.svm_linear_classifier: Kernel(new=True),
    ml_svm.svm_regressor: Kernel(new=True),
    text.regex_full_match: NEW,
    text.string_concat: NEW,
    text.string_normalizer: NEW,
    text.string_split: NEW,
    text_hashing.murmur_hash3: NEW,
    text_tfidf.tfidf_vectorizer: NEW,
    text_tokenizer.tokenize_between: NEW,
    text_tokenizer.tokenize_characters: NEW,
    text_tokenizer.tokenize_matches: NEW,
    text_tokens.bifurcation_detector: OTHER,
    text_tokens.cdist: Kernel(new=True),
    text_tokens.ngram_repeat_block: NEW,
    text_tokens.word_conv_embedding: Kernel(new=True),
    tree_ensemble.tree_ensemble: NEW,
    tree_ensemble.tree_ensemble_binary_classifier: NEW,
    tree_ensemble.tree_ensemble_classifier: NEW,
    tree_ensemble.tree_ensemble_single_class_classifier: OTHER,
}
