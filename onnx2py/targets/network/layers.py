"""Program -> Program: calls of kernels by constant weights become layers.

L1  a convolution, and a bias that is added to it -> ``Conv2d``
L2  a product by one matrix, and a bias that is added to it -> ``Linear``; of projections that
    attention keeps together -> ``F.linear``
L3  batch normalization -> ``BatchNorm2d``
L4  layer, RMS, group and instance normalization -> ``LayerNorm``, ``RMSNorm``, ``GroupNorm``,
    ``InstanceNorm2d``
L5  rows of a ``weight`` -> ``Embedding``
L6  LSTM, GRU and RNN -> one layer each; those of one module, one after the other -> one of several
L7  a transposed convolution, and a bias that is added to it -> ``ConvTranspose2d``
L8  PReLU -> ``PReLU``
L9  dropout -> ``Dropout``

Rules L10 and L11 are in :mod:`..torch.attention`.

A layer has its parameters in PyTorch's layout: matrices turned, gates in another order, biases
apart. Its path in the module tree is what names and scopes of the exporter say, see
:mod:`.paths`. Where that is the same module, with the same weights, it is one layer that is called
again. A weight that several layers read is theirs in common; where all of its numbers are equal,
each gets its own, since exporters store fresh zeros and ones once. What a layer does not do exactly
stays a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ...ir.graph import Graph
from ...ir.program import Call, Program, Statement
from ...kernels.activation import prelu
from ...kernels.conv import conv
from ...kernels.conv_transpose import conv_transpose
from ...kernels.gru import gru
from ...kernels.indexing import gather
from ...kernels.lstm import lstm
from ...kernels.matmul import gemm, matmul
from ...kernels.normalization import (
    group_normalization,
    instance_normalization,
    layer_normalization,
    rms_normalization,
)
from ...kernels.normalization_batch import batch_normalization
from ...kernels.random import dropout
from ...kernels.rnn import rnn
from ...plan.rewrite import function_of
from ...plan.traverse import with_blocks
from . import layers_conv, layers_linear, layers_normal, layers_other, layers_recurrent
from .layer import Fit
from .layers_attention import joined
from .modules import Found, Modules
from .origins import Origins
from .sites import Facts, Site
from .stacks import stacked
from .state import STATISTICS

Rule = Callable[[Site, Statement, Call], Optional[Fit]]
Join = Callable[[list[Found]], list[Found]]

RULES: Mapping[Any, Rule] = {
    conv: layers_conv.conv,
    np.matmul: layers_linear.matmul,
    matmul: layers_linear.matmul,
    gemm: layers_linear.gemm,
    batch_normalization: layers_normal.batch_norm,
    layer_normalization: layers_normal.layer_norm,
    rms_normalization: layers_normal.rms_norm,
    group_normalization: layers_normal.group_norm,
    instance_normalization: layers_normal.instance_norm,
    np.take: layers_linear.embedding,
    gather: layers_linear.embedding,
    lstm: layers_recurrent.lstm,
    gru: layers_recurrent.gru,
    rnn: layers_recurrent.rnn,
    conv_transpose: layers_conv.conv_transpose,
    prelu: layers_other.prelu,
    dropout: layers_other.dropout,
}
"""The rule for the calls of each kernel."""


def find_layers(
    program: Program,
    graph: Graph | None = None,
    rules: Mapping[Any, Rule] = RULES,
    join: Join = lambda found: joined(stacked(found)),
) -> Program:
    """Let layers stand for calls (rules L1 to L9), in bodies too.

    ``graph`` is the main graph as it was decoded, if there is one: it has the names of weights.
    ``rules`` has the rule for the calls of each kernel; ``join`` makes one layer of several.
    """
    facts = Facts.of(program)
    found: list[Found] = []

    def search(
        statements: tuple[Statement, ...], outputs: tuple[str, ...]
    ) -> Sequence[Statement]:
        found.extend(join(_search(Site(facts, statements, outputs), rules)))
        return statements

    with_blocks(program, search)
    return Modules(facts, found, Origins(graph)).program() if found else program


def _search(site: Site, rules: Mapping[Any, Rule]) -> list[Found]:
    """Return the layers among the statements of one block."""
    found = []
    for statement in site.statements:
        call, rule = statement.operation, rules.get(function_of(statement))
        if rule is not None and isinstance(call, Call):
            fit = rule(site, statement, call)
            if fit is not None and not _is_of_buffers(site, fit):
                found.append(Found(site, statement, fit))
    return found


def _is_of_buffers(site: Site, fit: Fit) -> bool:
    """Whether the exporter says that a parameter is none; a layer would train it."""
    buffers = site.facts.program.buffers
    return any(p.value in buffers and p.key not in STATISTICS for p in fit.parameters)
