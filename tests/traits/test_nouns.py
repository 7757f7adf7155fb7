"""Every operator has a noun for its results, and so has every kernel that a noun is noted for."""

from __future__ import annotations

import importlib
import keyword
import pkgutil

import torch

from onnx2py import kernels
from onnx2py.emit.names import RESERVED, snake_case
from onnx2py.lowering.registry import rules
from onnx2py.traits.nouns import KERNELS, NOUNS, noun_of


def test_every_operator_with_a_rule_has_a_noun():
    missing = sorted({operator for _, operator in rules()} - set(NOUNS))
    assert not missing, f"add to onnx2py/traits/nouns.py: {missing}"


def test_every_noun_is_of_an_operator_with_a_rule():
    assert not sorted(set(NOUNS) - {operator for _, operator in rules()})


def test_operators_are_in_alphabetical_order():
    assert list(NOUNS) == sorted(NOUNS)


def test_nouns_are_names_that_hide_nothing():
    for operator, nouns in NOUNS.items():
        assert nouns and len(set(nouns)) == len(nouns), operator
        for noun in nouns:
            assert noun.isidentifier() and noun == snake_case(noun), operator
            assert noun not in RESERVED and not keyword.iskeyword(noun), operator
            assert not noun[-1].isdigit(), f"{operator}: a number is added to {noun}"


def test_kernels_with_nouns_exist():
    modules = (m.name for m in pkgutil.iter_modules(kernels.__path__))
    names = {*vars(torch.nn.functional)}  # which packages call as well
    for module in modules:
        names.update(vars(importlib.import_module(f"onnx2py.kernels.{module}")))
    assert not set(KERNELS) - names


def test_further_results_have_the_last_noun():
    assert noun_of("", "TopK", 1) == "top_indices"
    assert noun_of("", "Split", 7) == "part"
    assert noun_of("", "Mine", 0) == ""
    assert noun_of("dot_product_attention", "MatMul", 0) == "attended"
