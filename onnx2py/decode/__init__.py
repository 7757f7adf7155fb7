"""Protobuf -> :class:`~onnx2py.ir.graph.Graph`.

The one place where the looseness of real files ends: what comes out is sorted, every
value has one name, every input is defined, every type is the project's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..ir.graph import Graph
from ..load import LoadedModel
from .functions import Functions
from .graph import GraphDecoder, Shared
from .inference import inferred_types
from .prepare import (
    HasRule,
    check_functions,
    check_ranks,
    normalise_domains,
    opsets_of,
    part_repeated_symbols,
    with_bodies,
)
from .types import value_type


@dataclass(frozen=True)
class Metadata:
    """What the file says about itself. All of it is the author's text, not to be trusted."""

    producer: str
    opsets: Mapping[str, int]
    ir_version: int
    description: str
    properties: Mapping[str, str]


@dataclass(frozen=True)
class DecodedModel:
    """The graph, and the file's metadata."""

    graph: Graph
    metadata: Metadata


def decode(loaded: LoadedModel, has_rule: HasRule = lambda *_: True) -> DecodedModel:
    """Decode a loaded model; types and shapes are inferred.

    A call of a local function is a node that has the function's graph as an attribute.

    An operator without a rule that ONNX defines by a function is replaced by its body.

    Raises
    ------
    DecodeError
        If the graph is not valid: a cycle, a name defined twice, an undefined input ...
    LoadError
        If external data is missing.
    """
    proto = loaded.proto
    normalise_domains(proto)
    part_repeated_symbols(proto)
    opsets = opsets_of(proto)
    check_functions(proto)
    check_ranks(proto)
    functions = Functions(proto)
    proto = with_bodies(proto, opsets, has_rule)
    values = (*proto.graph.value_info, *proto.graph.output)
    declared = {value.name: value_type(value) for value in values}
    inferred, promised = inferred_types(proto)
    decoder = GraphDecoder(opsets, promised, Shared(loaded, has_rule, functions))
    graph = decoder.main_graph(inferred.graph, declared)
    metadata = Metadata(
        producer=f"{proto.producer_name} {proto.producer_version}".strip(),
        opsets=opsets,
        ir_version=proto.ir_version,
        description=proto.doc_string,
        properties={entry.key: entry.value for entry in proto.metadata_props},
    )
    return DecodedModel(graph, metadata)
