"""Layers: calls by weights of one module become calls of functions of its parameters.

L1  a convolution, and a bias that is added to it -> ``ops.convolution(x, params["conv"])``
L2  a product by one matrix, and a bias that is added to it -> ``ops.linear(x, params["fc"])``
L3  batch normalization -> ``ops.batch_norm``
L4  layer, RMS, group and instance normalization -> ``ops.layer_norm`` ...
L5  rows of a ``weight`` -> ``ops.embedding(ids, params["wte"])``
L7  a transposed convolution -> ``ops.transposed_convolution``

They are those of PyTorch's target, with the matrices of products as they are multiplied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...emit.calls import CallWriter
from ...ir.program import Call, Statement
from ...kernels.conv import conv
from ...kernels.conv_transpose import conv_transpose
from ...kernels.indexing import gather
from ...kernels.matmul import gemm, matmul
from ...kernels.normalization import (
    group_normalization,
    instance_normalization,
    layer_normalization,
    rms_normalization,
)
from ...kernels.normalization_batch import batch_normalization
from ..network import layers_conv, layers_linear, layers_normal
from ..network.constructors import written_arguments
from ..network.layer import Fit, Layer
from ..network.layers import Rule
from ..network.layers_conv import with_bias
from ..network.sites import Site
from .flow import own_function

MODULE = "layers"
"""The file of the functions."""
FUNCTIONS = {
    "Conv": "convolution",
    "ConvTranspose": "transposed_convolution",
    "Embedding": "embedding",
    "Linear": "linear",
    "BatchNorm": "batch_norm",
    "LayerNorm": "layer_norm",
    "RMSNorm": "rms_norm",
    "GroupNorm": "group_norm",
    "InstanceNorm": "instance_norm",
}
"""By the names of layers without the number of their axes."""
_NEEDED = {"GroupNorm": ("num_groups",)}
"""What a function takes of the lengths that a constructor gets; the weights say the others."""
_TOLD_BY_WEIGHTS = frozenset(["bias", "affine"])


def product(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L2: a product by one matrix, and the bias that is added to it."""
    x, matrix = call.args
    weight = site.parameters({"weight": matrix}, x)
    if not weight or call.kwargs or weight[0].array.ndim != 2 or not site.shape(x):
        return None
    size, out = weight[0].array.shape
    fit = Fit("Linear", (x,), weight, (size, out))
    return with_bias(site, statement, fit, out, 0)


def product_of_gemm(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L2: Gemm likewise, whose bias is a row."""
    x, matrix, *bias = call.args
    given = {"weight": matrix, "bias": bias[0] if bias else None}
    found = site.parameters(given, x)
    if not found or set(call.kwargs) - {"trans_b"} or found[0].array.ndim != 2:
        return None
    weight = found[0]
    if call.kwargs.get("trans_b"):
        if site.facts.sharers[weight.value] > 1:
            return None  # others read it as it is, such as a table of embeddings
        weight = replace(weight, array=weight.array.T, is_moved=True)
    size, out = weight.array.shape
    rows = found[1:]
    if any(row.array.shape not in ((out,), (1, out)) for row in rows):
        return None
    parameters = (weight, *map(layers_linear.flat, rows))
    return with_bias(
        site, statement, Fit("Linear", (x,), parameters, (size, out)), out, 0
    )


RULES: Mapping[Any, Rule] = {
    conv: layers_conv.conv,
    np.matmul: product,
    matmul: product,
    gemm: product_of_gemm,
    batch_normalization: layers_normal.batch_norm,
    layer_normalization: layers_normal.layer_norm,
    rms_normalization: layers_normal.rms_norm,
    group_normalization: layers_normal.group_norm,
    instance_normalization: layers_normal.instance_norm,
    np.take: layers_linear.embedding,
    gather: layers_linear.embedding,
    conv_transpose: layers_conv.conv_transpose,
}
"""The rule for the calls of each kernel."""


def layer_call(writer: CallWriter, layer: Layer) -> str:
    """Return the call of a function of the parameters of a module."""
    call = writer.call
    assert writer.operands is not None
    given = [*map(writer.argument, layer.inputs(call))]
    params = _params(writer, layer)
    kind = re.sub(r"[123]d\Z", "", layer.name)
    _, options = written_arguments(layer.name, call.kwargs)
    needed = {name: call.kwargs[name] for name in _NEEDED.get(kind, ())}
    given.append(params)
    for name, value in {**needed, **options}.items():
        if name not in _TOLD_BY_WEIGHTS:
            given.append(f"{name}={writer.argument(value)}")
    function = own_function(MODULE, FUNCTIONS[kind], writer.uses)
    return f"{function}({', '.join(given)})"


def _params(writer: CallWriter, layer: Layer) -> str:
    """Return the parameters of a module; where some are tied to others, one by one."""
    assert writer.operands is not None
    spelling = writer.operands.spelling
    weights = layer.weights(writer.call)
    texts = {name: spelling.expression(value) for name, value in weights.items()}
    module = spelling.modules[layer.path]
    if all(text == f'{module}["{name}"]' for name, text in texts.items()) and texts:
        return module
    return "{" + ", ".join(f'"{name}": {text}' for name, text in texts.items()) + "}"
