"""Protobuf -> :class:`~onnx2py.ir.graph.Graph`.

The result is strict where files are loose: nodes are sorted, every value has one name, every
input is defined, every type is the project's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..ir.graph import Graph
from ..load import LoadedModel
from .functions import Functions
from .graph import GraphDecoder
from .inference import inferred_types
from .inlining import HasRule, with_bodies
from .limits import check_functions, check_ranks
from .opsets import normalise_domains, opsets_of
from .shared import Shared
from .signature import noted_buffers
from .sorting import sort_graphs
from .symbols import open_dims, part_repeated_symbols, symbol
from .types import value_type
from .validity import check_validity

NO_VERSION = (1 << 63) - 1


@dataclass(frozen=True)
class Metadata:
    """The metadata of the file; its text is not trusted."""

    producer: str
    producer_name: str
    domain: str
    version: int
    """The largest int64 where the file has none, as onnxruntime says."""
    opsets: Mapping[str, int]
    ir_version: int
    description: str
    graph_description: str
    properties: Mapping[str, str]
    symbols: Mapping[str, str]
    """What the file calls each dimension of its inputs and outputs that has a symbol here."""


@dataclass(frozen=True)
class DecodedModel:
    """The graph and the metadata of the file."""

    graph: Graph
    metadata: Metadata
    declared: frozenset[str] = frozenset()
    """Values whose types the file declares and inference does not know."""


def decode(loaded: LoadedModel, has_rule: HasRule = lambda *_: True) -> DecodedModel:
    """Decode a loaded model; types and shapes are inferred.

    A call of a local function is a node that has the function's graph as an attribute.

    An operator without a rule is replaced by the function that defines it in ONNX, if any.

    Raises
    ------
    DecodeError
        If the graph is not valid: a cycle, a name defined twice, an undefined input ...
    InvalidModelError
        With every node whose types or shapes contradict each other.
    LoadError
        If external data are missing.
    """
    proto = loaded.proto
    normalise_domains(proto)
    spelled = [dim.dim_param for dim in open_dims(proto)]
    part_repeated_symbols(proto)
    symbols = dict(zip((dim.dim_param for dim in open_dims(proto)), spelled))
    opsets = opsets_of(proto)
    check_functions(proto)
    sort_graphs(proto)
    check_ranks(proto)
    functions = Functions(proto)
    proto = with_bodies(proto, opsets, has_rule)
    values = (*proto.graph.value_info, *proto.graph.output)
    declared = {value.name: value_type(value) for value in values}
    buffers = dict(noted_buffers(values))
    inferred, notes = inferred_types(proto)
    shared = Shared(loaded, has_rule, functions)
    graph = GraphDecoder(opsets, notes, shared).main_graph(inferred.graph, declared)
    graph = replace(
        graph, buffers={n: b for n, b in buffers.items() if n in graph.constants}
    )
    check_validity(graph, shared.faults, shared.declared, shared.stated)
    metadata = Metadata(
        producer=f"{proto.producer_name} {proto.producer_version}".strip(),
        producer_name=proto.producer_name,
        domain=proto.domain,
        version=(
            proto.model_version if proto.HasField("model_version") else NO_VERSION
        ),
        opsets=opsets,
        ir_version=proto.ir_version,
        description=proto.doc_string,
        graph_description=proto.graph.doc_string,
        properties={entry.key: entry.value for entry in proto.metadata_props},
        symbols={symbol(name) or name: text for name, text in symbols.items()},
    )
    return DecodedModel(graph, metadata, frozenset(shared.declared))
