"""A model that has a string in every place that has one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, STRING, BOOL = TensorProto.FLOAT, TensorProto.STRING, TensorProto.BOOL


class Places:
    """Hands out strings, and notes where they went."""

    def __init__(self, text: str, plain: bool = False) -> None:
        self.given, self.plain = text, plain
        self.places: list[str] = []

    def text(self, place: str) -> str:
        """Return a string that may be the same elsewhere, or empty."""
        self.places.append(place)
        return f"plain {place}" if self.plain else self.given

    def name(self, place: str) -> str:
        """Return a string that has to be unique and not empty: the place comes after the string."""
        self.places.append(place)
        # zz: no name of the package's own files, which would be numbered together with it.
        return f"{'plain ' if self.plain else self.given}zz{place}"


def full_model(places: Places) -> onnx.ModelProto:
    """Build it."""
    text, name = places.text, places.name
    x, c, d, s, w, b, t = (
        name(place)
        for place in (
            "input x",
            "input c",
            "default d",
            "input s",
            "weight",
            "bias",
            "strings",
        )
    )
    weights = [
        numpy_helper.from_array(np.arange(60, dtype=np.float32).reshape(3, 20), w),
        numpy_helper.from_array(np.arange(20, dtype=np.float32), b),
        numpy_helper.from_array(np.float32([2]), d),
        helper.make_tensor(t, STRING, [6], [f"{text('string tensor')}.".encode()] * 6),
    ]
    for weight in weights:
        weight.doc_string = text("doc of a tensor")
    domain = f"{text('domain')}d"
    nodes = [*_nodes(places, x, c, d, s, w, b, t, domain)]
    inputs = [
        helper.make_tensor_value_info(
            x, FLOAT, [text("dim") or "n", 3], text("doc of x")
        ),
        helper.make_tensor_value_info(c, BOOL, []),
        helper.make_tensor_value_info(s, STRING, [1]),
        helper.make_tensor_value_info(d, FLOAT, [1]),
    ]
    inputs[0].type.denotation = text("denotation")
    inputs[0].type.tensor_type.shape.dim[0].denotation = text("denotation of a dim")
    outputs = [n.output[0] for n in nodes if n.metadata_props]
    graph = helper.make_graph(
        nodes, text("graph") or "g", inputs, [onnx.ValueInfoProto(name=o) for o in outputs],
        weights, text("doc of the graph"),
    )  # fmt: skip
    graph.metadata_props.add(
        key=text("key of the graph"), value=text("value of the graph")
    )
    graph.quantization_annotation.add(tensor_name=text("annotated"))
    made = helper.make_model(
        graph, producer_name=text("producer"), producer_version=text("version"),
        doc_string=text("doc of the model"), ir_version=10, domain=text("domain of the model"),
        functions=[_function(places, domain)],
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid(domain, 1),
                       helper.make_opsetid("ai.onnx.ml", 4),
                       helper.make_opsetid(f"{text('unused domain')}u", 1)],
    )  # fmt: skip
    made.metadata_props.add(key=text("metadata key"), value=text("metadata value"))
    made.metadata_props.add(key="license", value=f"The {text('license')}")
    return made


FUNCTION, ATTRIBUTE = "function", "attribute of a function"


def _nodes(
    places: Places, x: str, c: str, d: str, s: str, w: str, b: str, t: str, domain: str
) -> Iterator[onnx.NodeProto]:
    """Yield nodes; those with metadata make the outputs."""
    text, name, number = places.text, places.name, count()

    def made(
        op: str, inputs: list[str], *, out: bool = True, **options: Any
    ) -> onnx.NodeProto:
        node = helper.make_node(
            op, inputs, [name(f"result {next(number)}")], name=text(f"node {op}"),
            doc_string=text(f"doc of node {op}"), **options,
        )  # fmt: skip
        if out:
            node.metadata_props.add(
                key=text("key of a node"), value=text("value of a node")
            )
        return node

    product = made("MatMul", [x, w], out=False)
    yield product
    added = made("Add", [product.output[0], b])
    yield added
    yield made("Mul", [x, d])
    yield made(
        "If",
        [c],
        then_branch=_branch(places, "Abs", x),
        else_branch=_branch(places, "Neg", x),
    )
    yield made("StringConcat", [s, t])
    constant = made(
        "Constant", [], out=False, value_strings=[f"{text('constant strings')}."] * 7
    )
    yield constant
    yield made("StringConcat", [constant.output[0], s])
    single = made("Constant", [], out=False, value_string=text("constant string"))
    yield single
    yield made("StringConcat", [single.output[0], s])
    trips = made("Size", [s], out=False)
    yield trips
    yield made("Loop", [trips.output[0], "", product.output[0]], body=_body(places))
    function, attribute = name(FUNCTION), name(ATTRIBUTE)
    yield made(function, [x], domain=domain, **{attribute: 0.5})
    ml = {"domain": "ai.onnx.ml"}
    yield made("LabelEncoder", [s], keys_strings=["key", f"{text('key')}k"],
               values_strings=[text("label"), "other"],
               default_string=text("default label"), **ml)  # fmt: skip
    classes = [f"{text('class label')}{i}" for i in range(2)]
    scores = made("LinearClassifier", [x], coefficients=[1.0, 2, 3, 3, 2, 1],
                  intercepts=[0.0, 0], classlabels_strings=classes, **ml)  # fmt: skip
    scores.output.append(name("scores"))
    yield scores
    yield made("ZipMap", [scores.output[1]], classlabels_strings=classes, **ml)
    yield made("CategoryMapper", [s], cats_int64s=[4, 4], default_int64=5,
               cats_strings=["key", f"{text('category')}c"], **ml)  # fmt: skip
    yield made(
        "OneHotEncoder", [s], cats_strings=[f"{text('one-hot category')}c"], **ml
    )
    yield made(
        "StringNormalizer", [s], stopwords=[f"{text('stopword')}s"], locale="en_US"
    )
    split = made("StringSplit", [s], delimiter=f"{text('delimiter')}!")
    split.output.append(name("number of parts"))
    yield split
    yield made(
        "RegexFullMatch", [s], pattern=re.escape(text("pattern").replace("\0", ""))
    )
    yield made("TfIdfVectorizer", [s], min_gram_length=1, max_gram_length=1, max_skip_count=0,
               mode="TF", ngram_counts=[0], ngram_indexes=[0],
               pool_strings=[f"{text('gram')}g"])  # fmt: skip


def _function(places: Places, domain: str) -> onnx.FunctionProto:
    text, name = places.text, places.name
    a, h, y = (name(f"{place} of a function") for place in ("input", "value", "output"))
    attribute = name(ATTRIBUTE)
    nodes = [
        helper.make_node("LeakyRelu", [a], [h], name=text("node in a function")),
        helper.make_node("Add", [h, a], [y], doc_string=text("doc in a function")),
    ]
    nodes[0].attribute.add(
        name="alpha", ref_attr_name=attribute, type=onnx.AttributeProto.FLOAT
    )
    made = helper.make_function(
        domain, name(FUNCTION), [a], [y], nodes, [helper.make_opsetid("", 20)],
        attributes=[attribute], doc_string=text("doc of a function"),
    )  # fmt: skip
    made.metadata_props.add(
        key=text("key of a function"), value=text("value of a function")
    )
    return made


def _body(places: Places) -> onnx.GraphProto:
    text, name = places.text, places.name
    i, c, v, going, new = (
        name(f"{place} of a loop")
        for place in ("number", "condition", "state", "going", "new")
    )
    nodes = [
        helper.make_node("Identity", [c], [going], name=text("node in a loop")),
        helper.make_node("Neg", [v], [new], name=text("other node in a loop")),
    ]
    return helper.make_graph(
        nodes, text("body") or "g",
        [helper.make_tensor_value_info(i, TensorProto.INT64, []),
         helper.make_tensor_value_info(c, BOOL, []),
         helper.make_tensor_value_info(v, FLOAT, [text("dim of a loop"), 20])],
        [onnx.ValueInfoProto(name=going), onnx.ValueInfoProto(name=new)],
    )  # fmt: skip


def _branch(places: Places, op: str, x: str) -> onnx.GraphProto:
    text, name = places.text, places.name
    v, y, k = (
        name(f"{place} of branch {op}") for place in ("value", "result", "constant")
    )
    nodes = [
        helper.make_node(op, [x], [v], name=text("node in a branch")),
        helper.make_node("Mul", [v, k], [y], name=text("other node in a branch")),
    ]
    constant = numpy_helper.from_array(np.float32([2, 3, 4]), k)
    return helper.make_graph(
        nodes, text("branch") or "g", [], [onnx.ValueInfoProto(name=y)], [constant],
        text("doc of a branch"),
    )  # fmt: skip


def feeds() -> list[np.ndarray]:
    """Return the inputs, in order."""
    return [
        np.arange(6, dtype=np.float32).reshape(2, 3) - 2,
        np.array(True),
        np.array(["key"], object),
    ]
