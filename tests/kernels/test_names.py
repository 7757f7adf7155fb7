"""Kernels carry the names that engineers search for: ONNX's, in snake case."""

from __future__ import annotations

import ast
import pkgutil
import re
from pathlib import Path

import pytest

import onnx2py.kernels

FOLDER = Path(onnx2py.kernels.__path__[0])
MODULES = [m.name for m in pkgutil.iter_modules([str(FOLDER)])]
OPERATOR = re.compile(
    r"^ *ONNX: https://(?:onnx\.ai/onnx/operators/(?:onnx_\w*?_(\w+)\.html| \((\w+): .*)"
    r"|github\.com/microsoft/onnxruntime/\S+#com\.microsoft\.(\w+))$",
    re.MULTILINE,
)
OTHERWISE = {
    "combine_from_axis": "Add, Sub ... of opset 1 differ in their broadcasting alone",
    "contract": "one product of an Einsum",
    "cube": "Pow whose exponent is 3",
    "fake_quantize": "QuantizeLinear, DequantizeLinear: what frameworks call it",
    "inverse": "of com.microsoft, described beside Det",
    "iterations": "the head of the for that a Loop becomes",
    "linear": "MatMul and Add, as frameworks call it",
    "local_response_normalization": "LRN, spelled out",
    "max_pool_channels_last": "NhwcMaxPool, spelled out",
    "mixture_of_experts": "MoE, spelled out",
    "multiply": "MatMul of float32, which an engine may compute",
    "project": "MatMul by one matrix, which is most often a projection",
    "scale_and_shift": "BatchNormalization after its parameters were merged",
    "shuffle_channels": "Reshape, Transpose and Reshape, as frameworks call it",
    "skip_rms_normalization": "Skip*Simplified*LayerNormalization: the field says RMS",
    "rms_normalization_with_statistics": "SimplifiedLayerNormalization, likewise",
    "stack_scan_outputs": "the end of the for that a Loop becomes",
    "tokenize_between": "Tokenizer with separators",
    "tokenize_characters": "Tokenizer with one empty separator",
    "tokenize_matches": "Tokenizer with an expression",
    "unpack_bnb4": "the weights of MatMulBnb4",
    "unpack_nbits": "the weights of MatMulNBits",
}
"""Kernels without their operator's words in their name, and why."""


def functions(module):
    tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    return [n for n in tree.body if isinstance(n, ast.FunctionDef)]


def operators(function):
    found = OPERATOR.findall(ast.get_docstring(function) or "")
    return ["".join(groups) for groups in found]


def words(operator):
    """Return the words of an operator's name: MatMulNBits -> mat, mul, n, bits."""
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+\d*|\d+", operator)


def names_it(name, operator):
    pattern = ".*".join(re.escape(word.lower()) for word in words(operator))
    return re.search(pattern, name.replace("_", "")) is not None


@pytest.mark.parametrize(
    ("name", "operator"),
    [("conv_integer", "ConvInteger"), ("col2im", "Col2Im"), ("is_inf", "IsInf")],
)
def test_the_words_of_an_operator_in_a_name(name, operator):
    assert names_it(name, operator)
    assert not names_it("number_range", operator)


def test_a_kernel_is_named_after_its_operator():
    without = {
        f.name
        for module in MODULES
        for f in functions(module)
        if (all_of := operators(f)) and not any(names_it(f.name, o) for o in all_of)
    }
    assert without == set(OTHERWISE)


def test_every_link_to_an_operator_is_understood():
    for module in MODULES:
        for function in functions(module):
            text = ast.get_docstring(function) or ""
            links = re.findall(r"^ *ONNX: .*$", text, re.MULTILINE)
            assert len(operators(function)) == len(links), function.name


def test_no_file_hides_a_function_of_another():
    """``ops/__init__.py`` imports functions: a file of that name must be the one it is in."""
    for module in MODULES:
        for function in functions(module):
            if not function.name.startswith("_"):
                assert function.name == module or function.name not in MODULES, module
