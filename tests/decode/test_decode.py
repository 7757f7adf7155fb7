"""Decoding: whatever storage, naming or order a file has, the graph comes out the same."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnx2py import DecodeError, LoadError
from onnx2py.decode import decode
from onnx2py.ir.graph import Graph
from onnx2py.ir.text import print_graph
from onnx2py.ir.types import EXTENSION_DTYPES, TensorType
from onnx2py.load import load


def model(
    nodes,
    inputs=("x",),
    outputs=("y",),
    *,
    opsets=(("", 17),),
    ir_version=8,
    shape=(2,),
    **options,
):
    """Make a model of float32 inputs."""
    values = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in inputs
    ]
    results = [onnx.ValueInfoProto(name=n) for n in outputs]
    graph = helper.make_graph(list(nodes), "g", values, results, **options)
    imports = [helper.make_opsetid(*entry) for entry in opsets]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir_version)


def graph_of(proto: onnx.ModelProto) -> Graph:
    return decode(load(proto)).graph


def constant(tensor: TensorProto) -> np.ndarray:
    """Decode a graph that returns a tensor, and return it."""
    proto = model([], (), [tensor.name], initializer=[tensor])
    return graph_of(proto).constants[tensor.name]


RAW = [
    name
    for name in TensorProto.DataType.keys()  # noqa: SIM118
    if name not in ("UNDEFINED", "STRING")
]


@pytest.mark.parametrize("name", RAW)
@pytest.mark.parametrize("raw", [True, False])
def test_every_element_type_in_raw_and_typed_fields(name, raw):
    kind = TensorProto.DataType.Value(name)
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    expected = np.array([[0, 1, 1], [1, 0, 1]]).astype(dtype)
    if raw:
        tensor = numpy_helper.from_array(expected, "w")
        assert tensor.HasField("raw_data")
    else:
        tensor = helper.make_tensor(
            "w", kind, expected.shape, expected.ravel().tolist()
        )
        assert not tensor.HasField("raw_data")
    array = constant(tensor)
    assert array.dtype == dtype and array.shape == (2, 3)
    np.testing.assert_array_equal(
        array.astype(np.complex128), expected.astype(np.complex128)
    )


def test_all_types_that_numpy_lacks_are_known():
    dtypes = (
        np.dtype(helper.tensor_dtype_to_np_dtype(TensorProto.DataType.Value(name)))
        for name in RAW
    )
    lacking = {dtype for dtype in dtypes if dtype.type.__module__ != "numpy"}
    assert lacking == set(EXTENSION_DTYPES.values())


def test_strings_keep_unicode():
    array = constant(
        helper.make_tensor("w", TensorProto.STRING, [2], ["é".encode(), b""])
    )
    assert array.dtype == object and array.tolist() == ["é", ""]


def test_zero_sized_and_scalar_tensors():
    assert constant(helper.make_tensor("w", TensorProto.FLOAT, [0, 3], [])).shape == (
        0,
        3,
    )
    assert constant(helper.make_tensor("w", TensorProto.FLOAT, [], [2.5])).item() == 2.5


def test_sparse_initializers_become_dense():
    values = helper.make_tensor("w", TensorProto.FLOAT, [2], [3.0, 4.0])
    for indices in (
        helper.make_tensor("i", TensorProto.INT64, [2], [1, 5]),
        helper.make_tensor("i", TensorProto.INT64, [2, 2], [0, 1, 1, 2]),
    ):
        sparse = helper.make_sparse_tensor(values, indices, [2, 3])
        node = helper.make_node("Identity", ["w"], ["y"])
        graph = graph_of(model([node], (), sparse_initializer=[sparse]))
        assert graph.constants["w"].tolist() == [[0, 3, 0], [0, 0, 4]]


@pytest.mark.parametrize(
    "dtype", [TensorProto.FLOAT, TensorProto.INT4, TensorProto.BFLOAT16]
)
def test_external_data_is_mapped(tmp_path, dtype):
    expected = np.arange(6).reshape(2, 3).astype(helper.tensor_dtype_to_np_dtype(dtype))
    tensor = numpy_helper.from_array(expected, "w")
    (tmp_path / "data.bin").write_bytes(b"padding!" + tensor.raw_data)
    length = len(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (
        ("location", "data.bin"),
        ("offset", "8"),
        ("length", str(length)),
    ):
        tensor.external_data.add(key=key, value=value)
    proto = model([], (), ["w"], initializer=[tensor])
    path = tmp_path / "m.onnx"
    path.write_bytes(proto.SerializeToString())
    array = decode(load(path)).graph.constants["w"]
    np.testing.assert_array_equal(array.astype(float), expected.astype(float))
    if dtype == TensorProto.FLOAT:
        assert not array.flags.owndata, "expected a view of the mapped file"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("missing.bin", "which is missing"),
        ("../outside.bin", "expected a file beside the model"),
        ("/outside.bin", "expected a file beside the model"),
        ("C:\\outside.bin", "expected a file beside the model"),
        ("link.bin", "got a link out of its folder"),
        ("short.bin", "expected 24 bytes"),
        ("", "expected a file beside the model"),
    ],
)
def test_external_data_elsewhere_is_refused(tmp_path, location, reason):
    (tmp_path / "outside.bin").write_bytes(bytes(24))
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "outside.bin")
    (folder / "short.bin").write_bytes(bytes(20))
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[6])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    proto = model(
        [helper.make_node("Identity", ["w"], ["y"])], (), initializer=[tensor]
    )
    (folder / "m.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(LoadError, match=reason):
        load(folder / "m.onnx")


def test_initializers_that_are_inputs_are_defaults_from_ir_version_4_on():
    weight = numpy_helper.from_array(np.ones(2, np.float32), "w")
    node = helper.make_node("Add", ["x", "w"], ["y"])
    old, new = (
        decode(
            load(
                model([node], ("x", "w"), initializer=[weight], ir_version=version),
                overridable=True,
            )
        ).graph
        for version in (3, 4)
    )
    assert (old.inputs, list(old.constants), list(old.defaults)) == (("x",), ["w"], [])
    assert (new.inputs, list(new.constants), list(new.defaults)) == (
        ("x", "w"),
        [],
        ["w"],
    )


def test_large_initializers_keep_their_types():
    weight = numpy_helper.from_array(np.ones((1000, 3), np.float32), "w")
    node = helper.make_node("MatMul", ["a", "w"], ["y"])
    proto = model([node], (), initializer=[weight])
    proto.graph.input.append(
        helper.make_tensor_value_info("a", TensorProto.FLOAT, ["n", 1000])
    )
    graph = graph_of(proto)
    assert graph.inputs == ("a",)
    assert str(graph.types["y"]) == "float32[n, 3]"


def test_both_names_of_the_default_domain():
    nodes = [
        helper.make_node("Relu", ["x"], ["h"], domain="ai.onnx"),
        helper.make_node("Abs", ["h"], ["y"]),
    ]
    graph = graph_of(model(nodes, opsets=(("ai.onnx", 13),)))
    assert [(n.operator, n.domain, n.version) for n in graph.nodes] == [
        ("Relu", "", 13),
        ("Abs", "", 13),
    ]


def test_several_domains_have_versions_of_their_own():
    nodes = [
        helper.make_node("Relu", ["x"], ["h"]),
        helper.make_node("Scaler", ["h"], ["y"], domain="ai.onnx.ml"),
        helper.make_node("Gelu", ["h"], ["z"], domain="com.microsoft"),
    ]
    graph = graph_of(model(nodes, opsets=(("", 15), ("ai.onnx.ml", 3))))
    assert [node.version for node in graph.nodes] == [15, 3, 1]


def test_conflicting_opsets_are_refused():
    with pytest.raises(DecodeError, match="expected one version, got 12 and 13"):
        graph_of(model([], ("y",), opsets=(("", 12), ("ai.onnx", 13))))


def test_an_opset_from_the_future_is_refused():
    with pytest.raises(DecodeError, match="opset of ai.onnx: expected at most"):
        graph_of(model([], ("y",), opsets=(("", 999),)))


def test_nodes_in_any_order_are_sorted():
    nodes = [
        helper.make_node("Abs", ["b"], ["y"]),
        helper.make_node("Neg", ["x"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
    ]
    assert [n.operator for n in graph_of(model(nodes)).nodes] == ["Neg", "Relu", "Abs"]


def test_a_cycle_is_refused():
    nodes = [
        helper.make_node("Add", ["x", "b"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Abs", ["b"], ["y"]),
    ]
    with pytest.raises(DecodeError, match="expected no cycle"):
        graph_of(model(nodes))


@pytest.mark.parametrize(
    ("nodes", "outputs", "reason"),
    [
        (
            [("Relu", ["nowhere"], ["y"])],
            ["y"],
            "input 'nowhere': nothing in the graph",
        ),
        ([("Relu", ["x"], ["h"])], ["y"], "output 'y': expected a node that makes it"),
        (
            [("Relu", ["x"], ["y"]), ("Abs", ["x"], ["y"])],
            ["y"],
            "'y': expected one value",
        ),
        ([("Relu", ["x"], ["x"])], ["x"], "'x': expected one value"),
    ],
)
def test_names_that_do_not_fit_are_refused(nodes, outputs, reason):
    with pytest.raises(DecodeError, match=reason):
        graph_of(model([helper.make_node(*node) for node in nodes], outputs=outputs))


def test_absent_inputs_and_outputs_in_any_position():
    node = helper.make_node("Clip", ["x", "", "x"], ["y"])
    lstm = helper.make_node(
        "LSTM", ["x", "x", "x", "", "", ""], ["", "", "c"], hidden_size=1
    )
    graph = graph_of(model([node, lstm], outputs=("y", "c"), shape=None))
    assert [n.inputs for n in graph.nodes] == [("x", "", "x"), ("x", "x", "x")]
    assert graph.nodes[1].outputs == ("", "", "c")


def test_duplicate_and_empty_node_names_are_kept():
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="same"),
        helper.make_node("Relu", ["a"], ["b"], name="same"),
        helper.make_node("Relu", ["b"], ["y"]),
    ]
    assert [n.label for n in graph_of(model(nodes)).nodes] == [
        "same: Relu",
        "same: Relu",
        "y: Relu",
    ]


def subgraph_model(inner_name: str) -> onnx.ModelProto:
    """An If whose branches both define ``inner_name`` and read the outer x."""
    branch = [
        helper.make_graph(
            [helper.make_node(operator, ["x"], [inner_name])],
            operator,
            [],
            [onnx.ValueInfoProto(name=inner_name)],
        )
        for operator in ("Relu", "Abs")
    ]
    node = helper.make_node(
        "If", ["c"], ["y"], then_branch=branch[0], else_branch=branch[1]
    )
    proto = model([node])
    proto.graph.input.append(helper.make_tensor_value_info("c", TensorProto.BOOL, []))
    return proto


def test_subgraphs_read_outer_values_and_get_names_of_their_own():
    graph = graph_of(subgraph_model("inner"))
    branches = graph.nodes[0].subgraphs
    assert [g.captures() for g in branches.values()] == [("x",), ("x",)]
    names = [g.outputs[0] for g in branches.values()]
    assert len({*names, "y"}) == 3


def test_a_name_of_an_outer_value_may_be_used_again_inside():
    graph = graph_of(subgraph_model("y"))
    inner = [g.outputs[0] for g in graph.nodes[0].subgraphs.values()]
    assert graph.nodes[0].outputs == ("y",) and "y" not in inner


def test_a_call_of_a_local_function_has_its_graph():
    text = """<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
    main (float[2] x) => (float[2] y) { y = local.twice <times: float = 3.0> (x) }
    <opset_import: ["" : 17], domain: "local">
    twice <times> (a) => (c) { b = Constant <value_float: float = @times> () c = Mul (a, b) }"""
    graph = graph_of(onnx.parser.parse_model(text))
    (call,) = graph.nodes
    assert (call.operator, call.inputs, call.calls_function) == ("twice", ("x",), True)
    body = call.subgraphs["body"]
    assert [n.operator for n in body.nodes] == ["Constant", "Mul"]
    assert body.nodes[0].attributes["value_float"] == 3.0
    assert str(graph.types[body.outputs[0]]) == str(graph.types["y"]) == "float32[2]"


def test_a_function_that_calls_itself_is_refused():
    text = """<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
    main (float[2] x) => (float[2] y) { y = local.f (x) }
    <opset_import: ["" : 17, "local" : 1], domain: "local"> f (a) => (b) { b = local.f (a) }"""
    with pytest.raises(DecodeError, match="'f': expected no recursion"):
        graph_of(onnx.parser.parse_model(text))


def test_types_are_inferred_and_symbols_kept():
    text = """<ir_version: 8, opset_import: ["" : 17]>
    main (float[batch, 3] x) => (float[n, m] y) { a = Transpose (x) y = MatMul (x, a) }"""
    graph = graph_of(onnx.parser.parse_model(text))
    assert graph.types["a"] == TensorType("float32", (3, "batch"))
    assert str(graph.types["y"]) == "float32[batch, batch]"


def test_a_wrong_declared_shape_is_not_believed():
    text = """<ir_version: 8, opset_import: ["" : 17]>
    main (float[2, 3] x) => (float[7] y) <float[9] a> { a = Relu (x) y = Abs (a) }"""
    graph = graph_of(onnx.parser.parse_model(text))
    assert str(graph.types["a"]) == str(graph.types["y"]) == "float32[2, 3]"


def test_hostile_symbols_get_plain_names():
    proto = model([helper.make_node("Relu", ["x"], ["y"])])
    dims = proto.graph.input[0].type.tensor_type.shape.dim
    dims[0].dim_param = 'n], "; import os'
    kind = graph_of(proto).types["x"]
    assert isinstance(kind, TensorType)
    assert kind.shape is not None and str(kind.shape[0]).isidentifier()


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x08\x07"])
def test_what_is_no_model_is_refused(data):
    with pytest.raises(LoadError, match="expected an ONNX model"):
        load(data)


def test_a_truncated_file_is_refused():
    weight = numpy_helper.from_array(np.ones(1000, np.float32), "w")
    proto = model(
        [helper.make_node("Identity", ["w"], ["y"])], (), initializer=[weight]
    )
    with pytest.raises(LoadError, match="damaged"):
        load(proto.SerializeToString()[:-7])


def test_the_text_of_a_graph():
    text = """<ir_version: 8, opset_import: ["" : 17]>
    main (float[2] x) => (float[2] y) <float[1] w = {2}> { y = Mul (x, w) }"""
    assert print_graph(graph_of(onnx.parser.parse_model(text))) == (
        "(x) => (y)\n  float32[1] w = {2}\n  y = Mul (x, w)"
    )


def test_an_operator_without_a_rule_is_replaced_by_its_function():
    text = """<ir_version: 10, opset_import: ["" : 17]>
    g (float[2, 3] x) => (float[2, 3] y) { y = MeanVarianceNormalization <axes = [1]> (x) }"""
    loaded = load(onnx.parser.parse_model(text))
    graph = decode(
        loaded, lambda _domain, name, _version: not name.startswith("MeanV")
    ).graph
    operators = {node.operator for node in graph.nodes}
    assert "MeanVarianceNormalization" not in operators and "Sub" in operators


def test_what_the_file_says_of_outputs_is_kept_apart():
    text = """<ir_version: 8, opset_import: ["" : 17]>
    g (float[n] x, int64[1] s) => (float[2, m] y) { y = Reshape (x, s) }"""
    graph = graph_of(onnx.parser.parse_model(text))
    assert graph.promised == (TensorType("float32", (2, "m")),)
    assert str(graph.types["y"]) == "float32[?]"
