"""Models that ask for more than there is: memory, time, depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
HUGE = 1 << 40
"""Elements: 4 TB of float32."""

Bomb = Callable[[], bytes]
BOMBS: dict[str, Bomb] = {}


def bomb(name: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register what makes a file: bytes, or a model."""

    def note(make: Callable[[], Any]) -> Callable[[], Any]:
        def made() -> bytes:
            found = make()
            return found if isinstance(found, bytes) else found.SerializeToString()

        BOMBS[name] = made
        return make

    return note


def model(
    nodes: Sequence[onnx.NodeProto],
    weights: dict[str, Any] | None = None,
    *,
    output: str = "y",
    functions: Sequence[onnx.FunctionProto] = (),
    shape: Sequence[int | str] = (2,),
    opset: int = 21,
) -> onnx.ModelProto:
    """Return a model that takes ``x`` and returns ``output``, of whatever type."""
    arrays = [
        numpy_helper.from_array(np.asarray(a), n) for n, a in (weights or {}).items()
    ]
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", FLOAT, shape)],
        [onnx.ValueInfoProto(name=output)], arrays,
    )  # fmt: skip
    domains = dict.fromkeys(n.domain for n in nodes if n.domain)
    domains.update(dict.fromkeys(f.domain for f in functions))
    return helper.make_model(
        graph, ir_version=10, functions=functions,
        opset_imports=[helper.make_opsetid("", opset),
                       *(helper.make_opsetid(d, 1) for d in domains)],
    )  # fmt: skip


def node(op: str, inputs: str, outputs: str = "y", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(","), outputs.split(","), **attributes)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def simple(
    name: str, nodes: list[onnx.NodeProto], weights: dict[str, Any], **options: Any
) -> None:
    BOMBS[name] = lambda: model(nodes, weights, **options).SerializeToString()


# ------------------------------------------------------------------ 4 TB from a few bytes

ONE = np.ones(1, np.float32)
BASE = [node("Add", "x,w0", "unused")]
for label, nodes, weights in [
    ("constant_of_shape", [node("ConstantOfShape", "s")], {"s": ints(1 << 20, 1 << 20)}),
    ("expand", [node("Expand", "w,s")], {"w": ONE, "s": ints(HUGE)}),
    ("tile", [node("Tile", "w,s")], {"w": ONE, "s": ints(HUGE)}),
    ("range", [node("Range", "a,b,c")],
     {"a": np.int64(0), "b": np.int64(HUGE), "c": np.int64(1)}),
    ("range_float", [node("Range", "a,b,c")],
     {"a": np.float32(0), "b": np.float32(1), "c": np.float32(1e-30)}),
    ("resize", [node("Resize", "w,,s", mode="nearest")],
     {"w": np.ones((1, 1, 2, 2), np.float32), "s": np.float32([1, 1, 1 << 19, 1 << 19])}),
    ("resize_sizes", [node("Resize", "w,,,s", mode="linear")],
     {"w": np.ones((1, 1, 2, 2), np.float32), "s": ints(1, 1, 1 << 20, 1 << 20)}),
    ("one_hot", [node("OneHot", "i,d,v")],
     {"i": ints(1, 2), "d": np.int64(HUGE), "v": np.float32([0, 1])}),
    ("pad", [node("Pad", "w,s")], {"w": ONE, "s": ints(0, HUGE)}),
    ("eye_like", [node("ConstantOfShape", "s", "e"), node("EyeLike", "e")],
     {"s": ints(1 << 20, 1 << 20)}),
    ("outer_sum", [node("Add", "w,v")],
     {"w": np.ones((1 << 17, 1), np.float32), "v": np.ones((1, 1 << 17), np.float32)}),
    ("outer_product", [node("MatMul", "w,v")],
     {"w": np.ones((1 << 17, 1), np.float32), "v": np.ones((1, 1 << 17), np.float32)}),
    ("einsum", [node("Einsum", "w,w,w", equation="i,j,k->ijk")],
     {"w": np.ones(1 << 14, np.float32)}),
    ("center_crop_pad", [node("CenterCropPad", "w,s")], {"w": ONE, "s": ints(HUGE)}),
    ("hann_window", [node("HannWindow", "s")], {"s": np.int64(HUGE)}),
    ("affine_grid", [node("AffineGrid", "w,s")],
     {"w": np.ones((1, 2, 3), np.float32), "s": ints(1, 1, 1 << 20, 1 << 20)}),
    ("upsample_then_shape", [node("ConstantOfShape", "s", "c"), node("Shape", "c", "t"),
                             node("Expand", "w,t")], {"w": ONE, "s": ints(1 << 20, 1 << 20)}),
    ("mel_weights", [node("MelWeightMatrix", "a,b,c,d,e")],
     {"a": np.int64(1 << 20), "b": np.int64(1 << 21), "c": np.int64(8000),
      "d": np.float32(0), "e": np.float32(4000)}),
    ("gather", [node("ConstantOfShape", "s", "i"), node("Gather", "w,k", "g"),
                node("Expand", "g,s")], {"s": ints(1 << 20, 1 << 20), "w": ONE, "k": ints(0)}),
    ("product_of_unknown_shapes", [node("NonZero", "w", "n"), node("Reshape", "n,m", "f"),
      node("Add", "f,k", "s"), node("ConstantOfShape", "s")],
     {"w": np.ones(4, np.float32), "m": ints(-1), "k": ints(HUGE, HUGE, HUGE, HUGE)}),
]:  # fmt: skip
    simple(label, nodes, weights)


@bomb("doubling")
def _doubling() -> onnx.ModelProto:
    """Each node makes its input twice as long: 40 of them make 4 TB of 4 bytes."""
    names = ["w", *(f"h{i}" for i in range(40))]
    nodes = [node("Concat", f"{a},{a}", b, axis=0) for a, b in zip(names, names[1:])]
    return model([*nodes, node("Identity", "h39")], {"w": ONE})


@bomb("doubling_strings")
def _doubling_strings() -> onnx.ModelProto:
    names = ["w", *(f"h{i}" for i in range(40))]
    nodes = [node("StringConcat", f"{a},{a}", b) for a, b in zip(names, names[1:])]
    return model([*nodes, node("Identity", "h39")], {"w": np.array(["four"], object)})


@bomb("ragged_strings")
def _ragged() -> onnx.ModelProto:
    """NumPy would give each string the room of the longest: 32 GB."""
    strings = np.array(["", *["a"] * 2000, "b" * (4 << 20)], object)
    return model(
        [node("StringConcat", "t,w")], {"w": strings, "t": np.array(["c"], object)}
    )


@bomb("many_middling_folds")
def _many() -> onnx.ModelProto:
    """A thousand values of a megabyte each, and all are outputs of one sum."""
    nodes = [node("ConstantOfShape", "s", f"h{i}",
                  value=helper.make_tensor("v", FLOAT, [1], [i])) for i in range(1000)]  # fmt: skip
    return model([*nodes, node("Concat", ",".join(f"h{i}" for i in range(1000)), axis=0)],
                 {"s": ints(1 << 18)})  # fmt: skip


@bomb("huge_declared_weight")
def _declared() -> onnx.ModelProto:
    made = model([node("Add", "x,w")])
    made.graph.initializer.append(
        TensorProto(
            name="w", data_type=FLOAT, dims=[1 << 20, 1 << 20], raw_data=b"1234"
        )
    )
    return made


@bomb("overflowing_declared_weight")
def _overflow() -> onnx.ModelProto:
    made = model([node("Add", "x,w")])
    made.graph.initializer.append(
        TensorProto(name="w", data_type=FLOAT, dims=[1 << 62, 1 << 62, 0], raw_data=b"")
    )
    return made


@bomb("huge_declared_input")
def _huge_input() -> onnx.ModelProto:
    return model([node("Relu", "x")], shape=(1 << 20, 1 << 20, 1 << 20, 1 << 20))


@bomb("huge_sparse_weight")
def _sparse() -> onnx.ModelProto:
    made = model([node("Add", "x,w")])
    made.graph.sparse_initializer.append(
        helper.make_sparse_tensor(
            helper.make_tensor("w", FLOAT, [1], [1.0]),
            helper.make_tensor("i", INT64, [1], [5]),
            [1 << 20, 1 << 20],
        )
    )
    return made


@bomb("huge_sparse_constant")
def _sparse_constant() -> onnx.ModelProto:
    value = helper.make_sparse_tensor(
        helper.make_tensor("v", FLOAT, [1], [1.0]),
        helper.make_tensor("i", INT64, [1], [5]),
        [1 << 20, 1 << 20],
    )
    constant = onnx.NodeProto(op_type="Constant", output=["y"])
    constant.attribute.append(helper.make_attribute("sparse_value", value))
    return model([constant])


@bomb("rank_of_100000")
def _rank() -> onnx.ModelProto:
    return model([node("Relu", "x")], shape=(1,) * 100_000)


# ------------------------------------------------------------------ time


@bomb("long_product")
def _product() -> onnx.ModelProto:
    """A chain of products of constants, 2 * 10^12 steps each."""
    size = 1 << 13
    nodes = [node("ConstantOfShape", "s", "h0")]
    nodes += [node("MatMul", f"h{i},h{i}", f"h{i + 1}") for i in range(40)]
    return model([*nodes, node("ReduceSum", "h40")], {"s": ints(size, size)})


@bomb("regular_expression")
def _regex() -> onnx.ModelProto:
    return model(
        [node("RegexFullMatch", "t", pattern="(a|a)*(a|a)*(a|a)*b")],
        {"t": np.array(["a" * 200], object)},
    )


@bomb("endless_loop")
def _endless() -> onnx.ModelProto:
    body = helper.make_graph(
        [node("Identity", "c", "d"), node("Add", "v,v", "u")], "b",
        [helper.make_tensor_value_info("i", INT64, []),
         helper.make_tensor_value_info("c", TensorProto.BOOL, []),
         helper.make_tensor_value_info("v", FLOAT, [1])],
        [onnx.ValueInfoProto(name="d"), onnx.ValueInfoProto(name="u")],
    )  # fmt: skip
    return model(
        [node("Loop", "m,t,w", body=body)],
        {"m": np.int64(1 << 62), "t": np.bool_(True), "w": ONE},
    )


# ------------------------------------------------------------------ depth


def nested(depth: int) -> onnx.ModelProto:
    """Ifs inside each other."""
    inner = [node("Relu", "x", "r")]
    for level in range(depth):
        out = "r" if not level else f"o{level - 1}"
        graph = helper.make_graph(
            inner, f"g{level}", [], [onnx.ValueInfoProto(name=out)]
        )
        inner = [onnx.NodeProto(op_type="If", input=["c"], output=[f"o{level}"])]
        for branch in ("then_branch", "else_branch")[: 1 if level > 8 else 2]:
            attribute = inner[0].attribute.add(
                name=branch, type=onnx.AttributeProto.GRAPH
            )
            attribute.g.CopyFrom(graph)
        if level > 8:  # two of each would be 2 ** depth
            attribute = inner[0].attribute.add(
                name="else_branch", type=onnx.AttributeProto.GRAPH
            )
            attribute.g.CopyFrom(
                helper.make_graph(
                    [node("Abs", "x", "a")], "e", [], [onnx.ValueInfoProto(name="a")]
                )
            )
    return model(inner, {"c": np.bool_(True)}, output=f"o{depth - 1}")


def nested_wire(depth: int) -> bytes:
    """The same, written as bytes: protobuf itself refuses to write what is so deep."""

    def field(number: int, data: bytes) -> bytes:
        size, length = len(data), b""
        while True:
            size, low = size >> 7, size & 127
            length += bytes([low | (128 if size else 0)])
            if not size:
                return bytes([*_varint(number << 3 | 2)]) + length + data

    graph = field(1, node("Relu", "x", "y").SerializeToString()) + field(
        12, field(1, b"y")
    )
    for _ in range(depth):
        branch = field(1, b"then_branch") + field(6, graph)
        made = field(1, b"c") + field(2, b"y") + field(4, b"If") + field(5, branch)
        graph = field(1, made) + field(12, field(1, b"y"))
    return b"\x08\x0a" + field(7, graph)


def _varint(value: int) -> list[int]:
    found = []
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return [*found, value]


BOMBS["200_nested_ifs"] = lambda: nested_wire(200)
BOMBS["100000_nested_messages"] = lambda: nested_wire(5_000)


@bomb("deep_type")
def _deep_type() -> onnx.ModelProto:
    made = model([node("Relu", "x")])
    kind = made.graph.input.add(name="s").type
    for _ in range(40):
        kind = kind.sequence_type.elem_type
    kind.tensor_type.elem_type = FLOAT
    return made


# ------------------------------------------------------------------ functions


def function(name: str, *calls: str) -> onnx.FunctionProto:
    """A function that calls others, one after the other."""
    values = ["a", *(f"v{i}" for i in range(len(calls)))]
    nodes = [
        helper.make_node(call, [before], [after], domain="" if call == "Relu" else "f")
        for call, before, after in zip(calls, values, values[1:])
    ]
    return helper.make_function(
        "f", name, ["a"], [values[-1]], nodes,
        [helper.make_opsetid("", 21), helper.make_opsetid("f", 1)],
    )  # fmt: skip


def calling(*functions: onnx.FunctionProto) -> onnx.ModelProto:
    call = helper.make_node(functions[0].name, ["x"], ["y"], domain="f")
    return model([call], functions=functions)


BOMBS["recursion"] = lambda: calling(function("f0", "f0")).SerializeToString()
BOMBS["mutual_recursion"] = lambda: calling(
    function("f0", "f1"), function("f1", "f2"), function("f2", "f0")
).SerializeToString()
BOMBS["billion_laughs"] = lambda: calling(
    *(function(f"f{i}", f"f{i + 1}", f"f{i + 1}") for i in range(40)),
    function("f40", "Relu"),
).SerializeToString()
BOMBS["laughs_in_hidden_overload"] = lambda: _overloaded().SerializeToString()


def _overloaded() -> onnx.ModelProto:
    """The doubling goes through overloads, which a check by name alone would miss."""
    found = []
    for level in range(40):
        each = function(f"f{level}", "g", "g")
        each.overload = "o"
        for n in each.node:
            n.op_type, n.overload = (
                (f"f{level + 1}", "o") if level < 39 else ("Relu", "")
            )
            n.domain = "f" if level < 39 else ""
        found.append(each)
        harmless = function(f"f{level}", "Relu")
        found.append(harmless)
    made = calling(*found)
    made.graph.node[0].overload = "o"
    return made


@bomb("deep_calls")
def _deep_calls() -> onnx.ModelProto:
    return calling(
        *(function(f"f{i}", f"f{i + 1}") for i in range(2000)),
        function("f2000", "Relu"),
    )


@bomb("cycle")
def _cycle() -> onnx.ModelProto:
    return model([node("Add", "x,b", "a"), node("Relu", "a", "b"), node("Relu", "b")])


@bomb("long_cycle")
def _long_cycle() -> onnx.ModelProto:
    nodes = [node("Relu", f"h{i}", f"h{(i + 1) % 20_000}") for i in range(20_000)]
    return model([*nodes, node("Relu", "h0")])


def chain(length: int, op: str = "Relu") -> onnx.ModelProto:
    """A chain of nodes, not in order."""
    nodes = [node(op, "x" if not i else f"h{i}", f"h{i + 1}") for i in range(length)]
    return model(nodes[::-1], output=f"h{length}")
