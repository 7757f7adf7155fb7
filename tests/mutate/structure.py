"""Changes of a decoded model: each breaks one promise that valid models keep."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper

from . import values

Mutation = Callable[[ModelProto, random.Random], None]
MUTATIONS: list[Mutation] = []


def mutation(function: Mutation) -> Mutation:
    """Add to the list."""
    MUTATIONS.append(function)
    return function


# ------------------------------------------------------------------ finding things


def _graphs(graph: GraphProto) -> Iterator[GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)
            for inner in attribute.graphs:
                yield from _graphs(inner)


def _graph(model: ModelProto, r: random.Random) -> GraphProto:
    return r.choice(list(_graphs(model.graph)))


def _node(model: ModelProto, r: random.Random) -> NodeProto | None:
    nodes = [node for graph in _graphs(model.graph) for node in graph.node]
    nodes += [node for function in model.functions for node in function.node]
    return r.choice(nodes) if nodes else None


def _name(model: ModelProto, r: random.Random) -> str:
    graph = _graph(model, r)
    names = [v.name for v in (*graph.input, *graph.output)]
    names += [t.name for t in graph.initializer]
    names += [name for node in graph.node for name in (*node.input, *node.output)]
    return r.choice(names) if names and r.random() < 0.8 else values.text(r)


def _tensor(model: ModelProto, r: random.Random) -> TensorProto | None:
    found = []
    for graph in _graphs(model.graph):
        found += graph.initializer
        found += [a.t for n in graph.node for a in n.attribute if a.HasField("t")]
    return r.choice(found) if found else None


# ------------------------------------------------------------------ nodes


@mutation
def drop_node(model: ModelProto, r: random.Random) -> None:
    nodes = _graph(model, r).node
    if nodes:
        del nodes[r.randrange(len(nodes))]


@mutation
def repeat_node(model: ModelProto, r: random.Random) -> None:
    nodes = _graph(model, r).node
    if nodes:
        nodes.append(r.choice(nodes))


@mutation
def shuffle_nodes(model: ModelProto, r: random.Random) -> None:
    nodes = _graph(model, r).node
    kept = [NodeProto.FromString(n.SerializeToString()) for n in nodes]
    r.shuffle(kept)
    del nodes[:]
    nodes.extend(kept)


@mutation
def rewire(model: ModelProto, r: random.Random) -> None:
    node = _node(model, r)
    if node is not None:
        names = r.choice((node.input, node.output))
        if names and r.random() < 0.8:
            names[r.randrange(len(names))] = _name(model, r)
        else:
            names.append(_name(model, r))


@mutation
def close_a_circle(model: ModelProto, r: random.Random) -> None:
    node = _node(model, r)
    if node is not None and node.input and node.output:
        node.input[r.randrange(len(node.input))] = r.choice(node.output)


@mutation
def forget_a_value(model: ModelProto, r: random.Random) -> None:
    node = _node(model, r)
    if node is not None:
        names = r.choice((node.input, node.output))
        if names:
            place = r.randrange(len(names))
            if r.random() < 0.5:
                names[place] = ""
            else:
                del names[place]


@mutation
def another_operator(model: ModelProto, r: random.Random) -> None:
    node = _node(model, r)
    if node is not None:
        schema = r.choice(onnx.defs.get_all_schemas())
        node.op_type = schema.name if r.random() < 0.9 else values.text(r)
        node.domain = schema.domain if r.random() < 0.8 else r.choice(values.DOMAINS)


# ------------------------------------------------------------------ attributes


@mutation
def change_attribute(model: ModelProto, r: random.Random) -> None:
    node = _node(model, r)
    if node is None or not node.attribute:
        return
    attribute = r.choice(node.attribute)
    kind = attribute.type if r.random() < 0.7 else r.randint(0, 14)
    name = attribute.name
    attribute.Clear()
    attribute.name, attribute.type = name, AttributeProto.UNDEFINED
    _fill(attribute, kind, r)


def _fill(attribute: AttributeProto, kind: int, r: random.Random) -> None:
    if kind == AttributeProto.FLOAT:
        attribute.f = r.choice(values.FLOATS)
    elif kind == AttributeProto.INT:
        attribute.i = values.integer(r)
    elif kind == AttributeProto.STRING:
        attribute.s = values.text(r).encode() if r.random() < 0.8 else b"\xff\xfe"
    elif kind == AttributeProto.FLOATS:
        attribute.floats.extend(values.floats(r))
    elif kind == AttributeProto.INTS:
        attribute.ints.extend(values.integers(r))
    elif kind == AttributeProto.STRINGS:
        attribute.strings.extend(
            values.text(r).encode() for _ in range(r.randint(0, 3))
        )
    elif kind == AttributeProto.TENSOR:
        attribute.t.CopyFrom(
            helper.make_tensor("t", TensorProto.FLOAT, [2], [1.0, 2.0])
        )
    attribute.type = kind if r.random() < 0.9 else r.randint(0, 14)  # type: ignore[assignment]


@mutation
def drop_attribute(model: ModelProto, r: random.Random) -> None:
    node = _node(model, r)
    if node is not None and node.attribute:
        del node.attribute[r.randrange(len(node.attribute))]


@mutation
def add_attribute(model: ModelProto, r: random.Random) -> None:
    node = _node(model, r)
    if node is None:
        return
    names = ["axis", "axes", "to", "pads", "kernel_shape", values.text(r)]
    if onnx.defs.has(node.op_type, node.domain):
        names += list(onnx.defs.get_schema(node.op_type, node.domain).attributes)
    attribute = node.attribute.add(name=r.choice(names))
    _fill(attribute, r.randint(1, 8), r)


@mutation
def repeat_attribute(model: ModelProto, r: random.Random) -> None:
    node = _node(model, r)
    if node is not None and node.attribute:
        node.attribute.append(r.choice(node.attribute))


# ------------------------------------------------------------------ versions and types


@mutation
def another_version(model: ModelProto, r: random.Random) -> None:
    where = model.opset_import
    if where and r.random() < 0.7:
        r.choice(where).version = r.choice(values.VERSIONS)
    elif where and r.random() < 0.5:
        del where[r.randrange(len(where))]
    else:
        where.add(domain=r.choice(values.DOMAINS), version=r.choice(values.VERSIONS))
    if r.random() < 0.2:
        model.ir_version = r.choice((0, 1, 2, 3, 4, 10, 99, 2**40))


@mutation
def another_type(model: ModelProto, r: random.Random) -> None:
    graph = _graph(model, r)
    kinds = [*graph.input, *graph.output, *graph.value_info]
    if kinds:
        kind = r.choice(kinds).type
        if r.random() < 0.1:
            kind.Clear()
        elif r.random() < 0.1:
            kind.sequence_type.elem_type.tensor_type.elem_type = TensorProto.FLOAT
        else:
            kind.tensor_type.elem_type = r.randint(0, 30)


@mutation
def another_shape(model: ModelProto, r: random.Random) -> None:
    graph = _graph(model, r)
    kinds = [*graph.input, *graph.output, *graph.value_info]
    if not kinds:
        return
    shape = r.choice(kinds).type.tensor_type.shape
    if shape.dim and r.random() < 0.6:
        dim = r.choice(shape.dim)
        dim.Clear()
    elif shape.dim and r.random() < 0.5:
        del shape.dim[r.randrange(len(shape.dim))]
        return
    else:
        dim = shape.dim.add()
    if r.random() < 0.6:
        dim.dim_value = values.integer(r)
    else:
        dim.dim_param = values.text(r)


# ------------------------------------------------------------------ tensors


@mutation
def damage_tensor(model: ModelProto, r: random.Random) -> None:
    tensor = _tensor(model, r)
    if tensor is None:
        return
    what = r.randrange(7)
    if what == 0:
        tensor.data_type = r.randint(0, 30)
    elif what == 1:
        tensor.raw_data = tensor.raw_data[: r.randint(0, len(tensor.raw_data))]
    elif what == 2:
        tensor.raw_data = tensor.raw_data + bytes(r.randint(1, 9))
    elif what == 3:
        tensor.float_data.extend(values.floats(r))
    elif what == 4:
        del tensor.dims[:]
        tensor.dims.extend(values.integers(r))
    elif what == 5:
        tensor.int64_data.extend(values.integers(r))
        tensor.data_type = TensorProto.INT64
    else:
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=values.text(r))
        tensor.external_data.add(key="offset", value=str(values.integer(r)))


@mutation
def extreme_elements(model: ModelProto, r: random.Random) -> None:
    """Axes, shapes, repeats, indices: small tensors of integers steer operators."""
    tensor = _tensor(model, r)
    if tensor is None or len(tensor.dims) > 1:
        return
    name, found = tensor.name, values.integers(r)
    tensor.Clear()
    scalar = len(found) == 1 and r.random() < 0.5
    tensor.CopyFrom(
        helper.make_tensor(
            name, TensorProto.INT64, [] if scalar else [len(found)], found
        )
    )


@mutation
def input_to_constant(model: ModelProto, r: random.Random) -> None:
    """Make a constant of an input: folding then meets what running would have."""
    graph = model.graph
    if not graph.input:
        return
    value = r.choice(graph.input)
    kind = value.type.tensor_type
    dims = [d.dim_value if 0 <= d.dim_value < 9 else 2 for d in kind.shape.dim][:5]
    count = 1
    for d in dims:
        count *= d
    if count > 5000 or kind.elem_type in (0, TensorProto.STRING):
        return
    steering = kind.elem_type == TensorProto.INT64
    numbers = [values.integer(r) if steering else r.randint(0, 1) for _ in range(count)]
    try:
        graph.initializer.append(
            helper.make_tensor(value.name, kind.elem_type, dims, numbers)
        )
    except (ValueError, TypeError, OverflowError, KeyError):
        return
    if r.random() < 0.7:
        kept = [v for v in graph.input if v.name != value.name]
        kept = [onnx.ValueInfoProto.FromString(v.SerializeToString()) for v in kept]
        del graph.input[:]
        graph.input.extend(kept)


@mutation
def drop_initializer(model: ModelProto, r: random.Random) -> None:
    tensors = _graph(model, r).initializer
    if tensors:
        del tensors[r.randrange(len(tensors))]


@mutation
def drop_input_or_output(model: ModelProto, r: random.Random) -> None:
    graph = _graph(model, r)
    values_ = r.choice((graph.input, graph.output))
    if values_:
        place = r.randrange(len(values_))
        if r.random() < 0.5:
            del values_[place]
        elif r.random() < 0.5:
            values_[place].name = _name(model, r)
        else:
            values_.append(values_[place])


# ------------------------------------------------------------------ graphs and functions


@mutation
def move_into_a_branch(model: ModelProto, r: random.Random) -> None:
    """Put the nodes of the graph into both branches of an If."""
    graph = model.graph
    if len(graph.node) > 40 or not graph.output:
        return
    body = GraphProto(name="b")
    body.node.extend(graph.node)
    body.output.extend(graph.output)
    condition = helper.make_tensor("c0", TensorProto.BOOL, [], [r.random() < 0.5])
    node = helper.make_node(
        "If", ["c0"], [o.name for o in graph.output], then_branch=body, else_branch=body
    )
    if r.random() < 0.5:
        graph.initializer.append(condition)
    else:
        graph.input.append(helper.make_tensor_value_info("c0", TensorProto.BOOL, []))
    del graph.node[:]
    graph.node.append(node)


@mutation
def loop_over_it(model: ModelProto, r: random.Random) -> None:
    """Put the nodes of the graph into the body of a Loop."""
    graph = model.graph
    if len(graph.node) > 40 or not graph.output:
        return
    body = GraphProto(name="b")
    body.input.append(helper.make_tensor_value_info("i0", TensorProto.INT64, []))
    body.input.append(helper.make_tensor_value_info("k0", TensorProto.BOOL, []))
    body.node.extend(graph.node)
    body.output.append(helper.make_tensor_value_info("k0", TensorProto.BOOL, []))
    body.output.extend(graph.output)
    trips = helper.make_tensor("m0", TensorProto.INT64, [], [values.integer(r)])
    graph.initializer.append(trips)
    names = [o.name for o in graph.output]
    del graph.node[:]
    graph.node.append(helper.make_node("Loop", ["m0", ""], names, body=body))


@mutation
def make_a_function(model: ModelProto, r: random.Random) -> None:
    """Turn a node into a call of a function, which may call itself."""
    node = _node(model, r)
    if node is None:
        return
    inner = NodeProto.FromString(node.SerializeToString())
    if r.random() < 0.3:
        inner.op_type, inner.domain = "F0", "f0"
    imports = [*model.opset_import, helper.make_opsetid("f0", 1)]
    outputs = [name for name in node.output if name]
    function = helper.make_function(
        "f0",
        "F0",
        list(dict.fromkeys(n for n in node.input if n)),
        outputs,
        [inner],
        imports,
    )
    model.functions.append(function)
    model.opset_import.append(helper.make_opsetid("f0", 1))
    node.op_type, node.domain = "F0", "f0"
    if r.random() < 0.7:
        del node.attribute[:]


@mutation
def refer_to_an_attribute(model: ModelProto, r: random.Random) -> None:
    node = _node(model, r)
    if node is not None and node.attribute:
        r.choice(node.attribute).ref_attr_name = values.text(r)
