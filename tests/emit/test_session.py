"""A package's session and onnxruntime's are asked the same questions."""

from __future__ import annotations

import importlib
import re
import warnings
from functools import lru_cache
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py

onnxruntime.set_default_logger_severity(4)
tensor = helper.make_tensor_type_proto
sequence = helper.make_sequence_type_proto
optional = helper.make_optional_type_proto
FLOAT, INT64, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING
ML = "ai.onnx.ml"


def value(name: str, kind: Any, shape: Any = None) -> onnx.ValueInfoProto:
    if isinstance(kind, int):
        return helper.make_tensor_value_info(name, kind, shape)
    return helper.make_value_info(name, kind)


def model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    weights: tuple[onnx.TensorProto, ...] = (),
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "g", inputs, outputs, weights)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(ML, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def two() -> onnx.ModelProto:
    """Two inputs and one with a default; two outputs."""
    return model(
        [
            helper.make_node("Add", ["x", "w"], ["y"]),
            helper.make_node("Neg", ["z"], ["r"]),
        ],
        [
            value("x", FLOAT, ["b", 3]),
            value("w", FLOAT, [3]),
            value("z", INT64, [None, 2]),
        ],
        [value("y", FLOAT), value("r", INT64)],
        (numpy_helper.from_array(np.ones(3, np.float32), "w"),),
    )


def given_back(kind: Any, shape: Any = None, operator: str = "Identity") -> Any:
    """One operator between an input and an output, whose type is not declared."""
    return lambda: model(
        [helper.make_node(operator, ["x"], ["y"])],
        [value("x", kind, shape)],
        [onnx.ValueInfoProto(name="y")],
    )


def element() -> onnx.ModelProto:
    return model(
        [helper.make_node("SequenceAt", ["s", "i"], ["y"])],
        [value("s", sequence(tensor(FLOAT, [None]))), value("i", INT64, [])],
        [value("y", FLOAT)],
    )


def described() -> onnx.ModelProto:
    """A file that says much about itself; its output is a list of dictionaries."""
    node = helper.make_node(
        "ZipMap", ["x"], ["y"], domain=ML, classlabels_int64s=[3, 4]
    )
    made = model([node], [value("x", FLOAT, ["?", 2])], [onnx.ValueInfoProto(name="y")])
    made.producer_name, made.producer_version = "a producer", "2.9"
    made.model_version, made.domain = 3, "ai.example"
    made.doc_string, made.graph.doc_string = "of the file", "of the graph"
    helper.set_model_props(made, {"key": "value", "other": ""})
    return made


def dictionary() -> onnx.ModelProto:
    node = helper.make_node(
        "DictVectorizer", ["x"], ["y"], domain=ML, int64_vocabulary=[1, 2]
    )
    kind = helper.make_map_type_proto(INT64, tensor(FLOAT, None))
    return model([node], [value("x", kind)], [value("y", FLOAT)])


def dims() -> onnx.ModelProto:
    """Dimensions with names that occur twice, contradict each other, or are none of ours."""
    nodes = [
        helper.make_node("Add", ["x", "z"], ["sum"]),
        helper.make_node("Identity", ["z"], ["z2"]),
        helper.make_node("Identity", ["z"], ["z3"]),
        helper.make_node("Identity", ["x"], ["x2"]),
        helper.make_node("NonZero", ["x"], ["places"]),
    ]
    inputs = [
        value("x", FLOAT, ["b", 3]),
        value("z", FLOAT, ["a name", None]),
        value("square", FLOAT, ["n", "n", "<2>", "é", "", 0]),
    ]
    outputs = [
        value("sum", FLOAT, ["q", None]),
        value("z2", FLOAT, ["q", None]),
        value("z3", FLOAT, [None, "p"]),
        value("x2", FLOAT, ["b", "b"]),
        value("places", INT64),
    ]
    return model(nodes, inputs, outputs)


ELEMENT_TYPES = [
    "FLOAT",
    "UINT8",
    "INT8",
    "UINT16",
    "INT16",
    "INT32",
    "INT64",
    "STRING",
    "BOOL",
    "FLOAT16",
    "DOUBLE",
    "UINT32",
    "UINT64",
    "BFLOAT16",
    "FLOAT8E4M3FN",
    "FLOAT8E4M3FNUZ",
    "FLOAT8E5M2",
    "FLOAT8E5M2FNUZ",
]
MODELS = {
    "two": two,
    "strings": given_back(STRING, [None]),
    "numbers": given_back(FLOAT),
    "integers": given_back(INT64),
    "halves": given_back(TensorProto.FLOAT16),
    "scalar": given_back(FLOAT, [], "Neg"),
    "element": element,
    "described": described,
    "dictionary": dictionary,
    "dims": dims,
    "optional": given_back(optional(tensor(FLOAT, [2])), None, "OptionalHasElement"),
    "optional scalar": given_back(
        optional(tensor(FLOAT, [])), None, "OptionalHasElement"
    ),
    "optional given back": given_back(optional(tensor(FLOAT, [2]))),
    "optional sequence": given_back(optional(sequence(tensor(FLOAT, None)))),
    "sequence": given_back(sequence(tensor(INT64, [None]))),
} | {
    name: given_back(TensorProto.DataType.Value(name), ["n", 1])
    for name in ELEMENT_TYPES
}


class Refused(Exception):
    """An error that names onnxruntime's class."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@lru_cache(maxsize=None)
def sessions(name: str) -> tuple[Any, Any]:
    """Return the package's session and onnxruntime's; each knows its ``OrtValue``."""
    proto = MODELS[name]()
    model = onnx2py.load_model(proto, overridable=True)
    package = type(model).__module__.rpartition(".")[0]

    class Ours(importlib.import_module(package).InferenceSession):
        OrtValue = importlib.import_module(f"{package}.tools.binding").OrtValue
        lasting = model  # its package goes with it

        def failure(self, kind: str, message: str) -> Exception:
            assert isinstance(super().failure(kind, message), ValueError)
            return Refused(kind, message)

    theirs = onnxruntime.InferenceSession(proto.SerializeToString())
    theirs.OrtValue = onnxruntime.OrtValue
    return Ours(proto.SerializeToString()), theirs


def plain(answer: Any) -> Any:
    """Convert a value so that ``==`` compares it."""
    if isinstance(answer, np.ndarray):
        return str(answer.dtype), answer.shape, answer.tolist()
    if isinstance(answer, dict):
        return {key: plain(item) for key, item in answer.items()}
    if isinstance(answer, (list, tuple)):
        return [plain(item) for item in answer]
    return answer


def asked(session: Any, question: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numbers that are too large for float32
        return plain(question(session))


X = np.arange(6, dtype=np.float32).reshape(2, 3)
Z = np.arange(-4, 4).reshape(4, 2)
FEED = {"x": X, "z": Z}


def arg(node_arg: Any) -> Any:
    return str(node_arg), node_arg.name, node_arg.type, node_arg.shape


def args(session: Any) -> Any:
    return [
        [arg(each) for each in getattr(session, get)()]
        for get in ("get_inputs", "get_outputs", "get_overridable_initializers")
    ]


def meta(session: Any) -> Any:
    found = session.get_modelmeta()
    names = "producer_name domain version description graph_name graph_description"
    return [getattr(found, name) for name in names.split()], found.custom_metadata_map


def run(feed: Any, names: Any = None) -> Any:
    return lambda session: session.run(names, feed)


def run_value(array: Any, names: Any = None) -> Any:
    """Feed an ``OrtValue`` to the input that is called x."""
    return lambda s: s.run(names, {**FEED, "x": s.OrtValue.ortvalue_from_numpy(array)})


def bound(bind: Any, then: Any = lambda binding: binding.copy_outputs_to_cpu()) -> Any:
    """Bind what ``bind`` binds, run, return the result of ``then``."""

    def question(session: Any) -> Any:
        binding = session.io_binding()
        extra = bind(session, binding)
        session.run_with_iobinding(binding)
        return then(binding), extra

    return question


def terminated(session: Any) -> Any:
    options = onnxruntime.RunOptions()
    options.terminate = True
    return session.run(None, FEED, options)


def terminated_binding(session: Any) -> Any:
    options = onnxruntime.RunOptions()
    options.terminate = True
    binding = session.io_binding()
    bind_arrays(session, binding)
    session.run_with_iobinding(binding, options)


def changed_after_binding(make: Any) -> Any:
    """Bind an array, change it, run."""

    def question(session: Any) -> Any:
        array, binding = make(), session.io_binding()
        bind_arrays(session, binding)
        binding.bind_cpu_input("x", array)
        array[...] = 7
        session.run_with_iobinding(binding)
        return binding.copy_outputs_to_cpu()

    return question


def bound_input(name: Any, array: Any) -> Any:
    """Run with a binding of which one input is replaced."""
    return bound(lambda s, b: (bind_arrays(s, b), b.bind_cpu_input(name, array)))


def without_inputs(session: Any) -> Any:
    binding = session.io_binding()
    binding.bind_output("y")
    session.run_with_iobinding(binding)


def bind_arrays(_session: Any, binding: Any) -> None:
    binding.bind_cpu_input("x", X)
    binding.bind_cpu_input("z", Z)
    binding.bind_output("r")
    binding.bind_output("y", "cpu")


def bind_values(session: Any, binding: Any) -> Any:
    values = session.OrtValue
    binding.bind_ortvalue_input("x", values.ortvalue_from_numpy(X))
    binding.bind_ortvalue_input("z", values.ortvalue_from_numpy(Z))
    target = values.ortvalue_from_shape_and_type([2, 3], np.float32)
    binding.bind_ortvalue_output("y", target)
    binding.synchronize_inputs()
    return _Later(target.numpy)


def bind_memory(element_type: Any) -> Any:
    def bind(_session: Any, binding: Any) -> Any:
        x, y = X.copy(), np.zeros((2, 3), np.float32)
        binding.bind_cpu_input("z", Z)
        binding.bind_input("x", "cpu", 0, element_type, X.shape, x.ctypes.data)
        binding.bind_output("y", "cpu", 0, element_type, y.shape, y.ctypes.data)
        x += 1  # memory is read when the session runs
        return _Later(lambda: y), x

    return bind


class _Later:
    """What is compared after the run."""

    def __init__(self, get: Any) -> None:
        self.get = get

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Later) and plain(self.get()) == plain(other.get())


def run_twice(session: Any) -> Any:
    binding = session.io_binding()
    bind_arrays(session, binding)
    x = X.copy()
    binding.bind_cpu_input("x", x)
    session.run_with_iobinding(binding)
    first = binding.copy_outputs_to_cpu()
    x *= 2
    session.run_with_iobinding(binding)
    second = [each.numpy() for each in binding.get_outputs()]
    vector = len(binding.get_outputs_as_ortvaluevector())
    binding.clear_binding_outputs()
    binding.bind_output("y")
    session.run_with_iobinding(binding)
    return first, second, vector, binding.copy_outputs_to_cpu()


def later(names: Any, feed: Any) -> Any:
    """Run in a thread and wait for the callback."""

    def question(session: Any) -> Any:
        done, seen = Event(), []

        def callback(*arguments: Any) -> None:
            seen.extend(arguments)
            done.set()

        session.run_async(names, feed, callback, "user's data", None)
        assert done.wait(30)
        return seen

    return question


def of_value(make: Any) -> Any:
    """Ask an ``OrtValue`` all it knows."""

    def question(session: Any) -> Any:
        made = make(session.OrtValue)
        asks = "is_tensor is_sparse_tensor is_tensor_sequence has_value data_type device_name"
        answers = [getattr(made, ask)() for ask in asks.split()]
        if made.is_tensor():
            more = ("shape", "element_type", "tensor_size_in_bytes", "numpy")
            answers += [getattr(made, ask)() for ask in more]
            answers += [made.data_ptr() == made.numpy().ctypes.data, np.asarray(made)]
        return answers

    return question


def held(array: Any) -> Any:
    return of_value(lambda values: values.ortvalue_from_numpy(array))


def updated(session: Any) -> Any:
    array = X.copy()
    made = session.OrtValue.ortvalue_from_numpy(array)
    made.update_inplace(X + 1)
    shared = array.tolist()
    made.update_inplace(session.OrtValue.ortvalue_from_numpy(X + 2))
    return shared, made.numpy(), np.shares_memory(array, made.numpy())


QUESTIONS = {
    "what two says": ("two", args),
    "options": ("two", lambda s: s.get_session_options() is not None),
    "providers": ("two", lambda s: (s.get_providers(), s.get_provider_options())),
    "set providers": ("two", lambda s: s.set_providers(["CPUExecutionProvider"])),
    "no profile": ("two", lambda s: s.end_profiling()),
    "fallback": ("two", lambda s: (s.disable_fallback(), s.enable_fallback())),
    "meta": ("described", meta),
    "meta of one that says nothing": ("two", meta),
    **{
        f"arguments of {name}": (name, args)
        for name in MODELS
        # onnxruntime infers no type of an output that the file does not declare.
    },
    "all": ("two", run(FEED)),
    "an empty list": ("two", run(FEED, [])),
    "an empty tuple": ("two", run(FEED, ())),
    "in another order": ("two", run(FEED, ["r", "y"])),
    "twice": ("two", run(FEED, ("y", "y"))),
    "one": ("two", run(FEED, ["r"])),
    "a generator of names": ("two", lambda s: s.run((n for n in "ry"), FEED)),
    "names in bytes": ("two", run(FEED, [b"r", bytearray(b"y")])),
    "keys": ("two", run(FEED, {"r": 1}.keys())),
    "a set": ("two", run(FEED, {"r"})),
    "an array of a name": ("two", run(FEED, np.array(["r"]))),
    **{f"{each!r} for all": ("two", run(FEED, each)) for each in ("", b"", 0, {})},
    "by keyword": (
        "two",
        lambda s: s.run(output_names=["r"], input_feed=FEED, run_options=None),
    ),
    "a default": ("two", run({**FEED, "w": np.full(3, 5, np.float32)})),
    "None for a default": ("two", run({**FEED, "w": None})),
    "lists": ("two", run({"x": X.tolist(), "z": Z.tolist()})),
    "lists of arrays": ("two", run({"x": list(X), "z": list(Z)})),
    "integers for floats": ("two", run({"x": [[1, 2, 3]], "z": [[True, False]]})),
    "Fortran's order": ("two", run({**FEED, "x": np.asfortranarray(X)})),
    "no rows": ("two", run({**FEED, "x": X[:0]})),
    "an OrtValue": ("two", run_value(X)),
    "OrtValues": (
        "two",
        lambda s: [
            each.numpy()
            for each in s.run_with_ort_values(
                ["r", "y"],
                {k: s.OrtValue.ortvalue_from_numpy(v) for k, v in FEED.items()},
            )
        ],
    ),
    "words": ("strings", run({"x": np.array(["a", "é"])})),
    "words as objects": ("strings", run({"x": np.array(["a", "é"], object)})),
    "a list of words": ("strings", run({"x": ["a", "é"]})),
    "a list of words and numbers": ("strings", run({"x": ["a", 1]})),
    "no words": ("strings", run({"x": []})),
    **{
        f"list {each!r} of floats": ("numbers", run({"x": each}))
        for each in ([1, 2.5], [True], [], [[]], ["1.5"], [1e300], [[[1]]], [np.int8(3)])
    },
    **{
        f"list {each!r} of integers": ("integers", run({"x": each}))
        for each in ([1.5], [-1], [True], ["7"], [[], []], [np.float32(2)])
    },
    "a list of halves": ("halves", run({"x": [1.5, 2]})),
    "a scalar": ("scalar", run({"x": np.array(1, np.float32)})),
    "a sequence": ("element", run({"s": [X[0], X[0, :2]], "i": np.array(-1)})),
    "a list of one for a scalar": ("element", run({"s": [X[0]], "i": [0]})),
    "an array of one for a scalar": ("element", run({"s": [X[0]], "i": np.array([0])})),
    "maps": ("described", run({"x": X[:, :2]})),
    "a map": ("dictionary", lambda s: plain(s.run(None, {"x": {1: 2.0}})[0].ravel())),
    "an option": ("optional", run({"x": X[0, :2]})),
    "no option": ("optional", run({"x": None})),
    "an option not given": ("optional", run({})),
    "an option of one for a scalar": ("optional scalar", run({"x": X[0, 1:2]})),
    "bound arrays": ("two", bound(bind_arrays)),
    "bound values": ("two", bound(bind_values)),
    "bound memory": ("two", bound(bind_memory(np.float32))),
    "bound memory of ONNX's type": ("two", bound(bind_memory(FLOAT))),
    "a binding twice": ("two", run_twice),
    "bound arrays in Fortran's order": (
        "two",
        changed_after_binding(lambda: np.asfortranarray(X)),
    ),
    "bound arrays with steps": (
        "two",
        changed_after_binding(lambda: np.ones((2, 6), np.float32)[:, ::2]),
    ),
    "a bound part of an array": (
        "two",
        changed_after_binding(lambda: np.ones((6, 3), np.float32)[2:4]),
    ),
    "bound names in bytes": (
        "two",
        bound(lambda s, b: (bind_arrays(s, b), b.bind_cpu_input(b"x", X + 1))[2:]),
    ),
    "bound maps": (
        "described",
        bound(
            lambda _, b: (b.bind_cpu_input("x", X[:, :2].copy()), b.bind_output("y"))[2:],
            lambda b: (b.copy_outputs_to_cpu(), b.get_outputs()[0].data_type()),
        ),
    ),
    "later": ("two", later(["y"], FEED)),
    "all later": ("two", later(None, FEED)),
    "a wrong type later": ("scalar", later(None, {"x": np.array(1)})),
    "an unknown output later": ("two", later(["q"], FEED)),
    "an unknown input later": ("two", later(None, {**FEED, "q": X})),
    **{
        f"an OrtValue of {array.dtype}{array.shape}": ("two", held(array))
        for array in (
            X, Z, np.array(1, np.float32), X > 1, X.astype(np.float16), X.T, X[:, ::2],
            X.astype(np.uint8),
        )
    },
    "a new OrtValue": (
        "two",
        lambda s: s.OrtValue.ortvalue_from_shape_and_type([2, 0], np.int16).numpy(),
    ),
    "an OrtValue of ONNX's type": (
        "two",
        lambda s: s.OrtValue.ortvalue_from_shape_and_type([2, 3], 10).data_type(),
    ),
    "an updated OrtValue": ("two", updated),
}  # fmt: skip
"""A model, and what is asked of its session."""


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_session_answers_as_onnxruntime_does(question):
    name, ask = QUESTIONS[question]
    ours, theirs = sessions(name)
    expected = asked(theirs, ask)
    answer = asked(ours, ask)
    if question.endswith("later"):  # our message goes on: for which input
        assert answer[2].replace(":q", ": q").startswith(expected[2])
        answer[2] = expected[2]
    assert answer == expected


WRONG = {
    "an input is missing": ("two", run({"z": Z})),
    "all are missing": ("two", run({})),
    "another name instead": ("two", run({"x": X, "y": Z})),
    "an unknown input": ("two", run({**FEED, "q": X})),
    "an unknown output": ("two", run(FEED, ["y", "q"])),
    "both": ("two", run({}, ["q"])),
    **{
        f"{name} of {dtype}": ("two", run({**FEED, name: FEED[name].astype(dtype)}))
        for name, dtypes in (
            ("x", (float, np.float16, int, str, object, bool)),
            ("z", (np.int32, np.uint8, bool, np.float32, str)),
        )
        for dtype in dtypes
    },
    "an OrtValue of another type": ("two", run_value(X.astype(float))),
    "numbers for words": ("strings", run({"x": X[0]})),
    "too few axes": ("two", run({**FEED, "x": X[0]})),
    "too many axes": ("two", run({**FEED, "x": X[None]})),
    "a wrong length": ("two", run({**FEED, "x": X[:, :2]})),
    "no length": ("two", run({**FEED, "x": X[:, :0]})),
    "a default of another length": ("two", run({**FEED, "w": X[0, :2]})),
    "a default of another rank": ("two", run({**FEED, "w": X})),
    "an option of another type": ("optional", run({"x": np.zeros(2)})),
    "a list of none": ("numbers", run({"x": ["a"]})),
    "a ragged list": ("numbers", run({"x": [[1, 2], [3]]})),
    "complex numbers": ("numbers", run({"x": [1j]})),
    "an integer too large": ("integers", run({"x": [2**70]})),
    "a dictionary": ("numbers", run({"x": {"a": 1.0}})),
    "a map with other keys": ("dictionary", run({"x": {"a": 1.0}})),
    "unknown, bound": ("two", lambda s: s.io_binding().bind_cpu_input("q", X)),
    "a list, bound": ("two", lambda s: s.io_binding().bind_cpu_input("x", [1.0])),
    "no outputs, bound": ("two", lambda s: s.run_with_iobinding(s.io_binding())),
    "missing later": ("two", later(None, {"x": X})),
    "terminated": ("two", terminated),
    "terminated, bound": ("two", terminated_binding),
    "another type, bound": ("two", bound_input("x", X.astype(float))),
    "another rank, bound": ("two", bound_input("x", X[0])),
    "another length, bound": ("two", bound_input("x", X[:, :2].copy())),
    "an option of another rank": ("optional", run({"x": X})),
    "an option of another length": ("optional", run({"x": X[0]})),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_errors_read_as_those_of_onnxruntime(mistake):
    name, ask = WRONG[mistake]
    ours, theirs = sessions(name)
    with pytest.raises(Exception) as expected:
        asked(theirs, ask)
    with pytest.raises(Refused) as raised:
        asked(ours, ask)
    assert raised.value.kind == expected.type.__name__
    # onnxruntime's number and name of the class come first, and more brackets beside maps.
    words = re.sub(r"^\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : ", "", str(expected.value))
    words = re.sub(r"\((\(.*?\))\)(?=$| ,)", r"\1", words)
    assert str(raised.value).startswith(words)


NO_NAMES = ("y", b"y", {"y": 1}, [1], [None], 5, True, iter(()))


@pytest.mark.parametrize("names", NO_NAMES, ids=lambda x: type(x).__name__)
def test_what_is_no_list_of_names_is_a_type_error_in_both(names):
    for session in sessions("two"):
        with pytest.raises(TypeError):
            session.run(names, FEED)


def test_an_unbound_input_is_the_error_of_a_binding_in_both():
    ours, theirs = sessions("two")
    with pytest.raises(RuntimeError, match="Error in execution: .*Missing Input"):
        without_inputs(theirs)
    with pytest.raises(Refused, match="Error in execution: Required inputs") as raised:
        without_inputs(ours)
    assert raised.value.kind == "RuntimeError"


@pytest.mark.parametrize(
    "shape, values",
    [([2], [(2,), (3,), (1, 2), ()]), (["n", 2], [(5, 2), (5, 3), (2,)])],
)
def test_models_check_the_shape_of_optional_tensors(shape, values):
    """The model itself checks as its session and onnxruntime's do."""
    kind = optional(tensor(FLOAT, shape))
    node = helper.make_node("OptionalGetElement", ["x"], ["y"])
    proto = model([node], [value("x", kind)], [value("y", FLOAT, shape)])
    ours = onnx2py.load_model(proto)
    theirs = onnxruntime.InferenceSession(proto.SerializeToString())
    for each in values:
        x = np.ones(each, np.float32)
        try:
            expected = theirs.run(None, {"x": x})[0]
        except Exception as error:
            assert "INVALID_ARGUMENT" in str(error)
            with pytest.raises(ValueError, match=r"x: expected float32\["):
                ours(x)
        else:
            np.testing.assert_array_equal(ours(x), expected)


OTHERWISE = {
    "None": ("two", run({**FEED, "x": None}), "Required inputs"),
    "an object": ("two", run({**FEED, "x": object()}), r"Actual: \(.*\) , expected"),
    "complex": ("two", run({**FEED, "x": X + 1j}), "complex64"),
    "an array for a sequence": (
        "element",
        run({"s": X[0], "i": 0}),
        r"seq\(tensor\(float",
    ),
    "a sequence of another type": (
        "element",
        run({"s": [X[0].astype(float)], "i": 0}),
        r"Actual: \(seq\(tensor\(double\)\)\) , expected: \(seq\(tensor\(float\)\)\)",
    ),
    "an array for a map": ("dictionary", run({"x": X[0]}), "map"),
    "a target of another shape": (
        "two",
        bound(
            lambda s, b: (
                bind_arrays(s, b),
                b.bind_ortvalue_output(
                    "y", s.OrtValue.ortvalue_from_numpy(X[:1].copy())
                ),
            )
        ),
        r"'y' has shape \[1, 3\] but the computed output shape for this run is \[2, 3\]",
    ),
    "a target of another type": (
        "two",
        bound(
            lambda s, b: (
                bind_arrays(s, b),
                b.bind_ortvalue_output("y", s.OrtValue.ortvalue_from_numpy(Z)),
            )
        ),
        r"Actual: \(tensor\(int64\)\) , expected: \(tensor\(float\)\)",
    ),
}
"""What onnxruntime refuses, too, in words that say less: (model, question, our words)."""


@pytest.mark.parametrize("mistake", OTHERWISE)
def test_what_else_onnxruntime_refuses_is_refused(mistake):
    name, ask, words = OTHERWISE[mistake]
    ours, theirs = sessions(name)
    with pytest.raises(Exception):  # noqa: B017  (any of its many classes)
        asked(theirs, ask)
    with pytest.raises(Refused) as raised:
        asked(ours, ask)
    assert re.search(words, str(raised.value))


def test_a_binding_is_of_one_session():
    (ours, theirs), (other, others) = sessions("two"), sessions("numbers")
    for session, binding in ((ours, other.io_binding()), (theirs, others.io_binding())):
        with pytest.raises(ValueError, match="IOBinding must be used with the session"):
            session.run_with_iobinding(binding)


def test_outputs_and_memory_on_other_devices_are_refused():
    values = sessions("two")[0].OrtValue
    for device in ("cuda", "dml"):
        with pytest.raises(RuntimeError, match="Can't allocate memory on the device"):
            values.ortvalue_from_numpy(X, device, 0)
    for wrong in ([1.0], np.array(["a"]), np.float32(1)):
        with pytest.raises(RuntimeError, match="only supported from non-string"):
            values.ortvalue_from_numpy(wrong)


def test_without_options_there_are_those_of_onnxruntime():
    ours, theirs = (vars_of(s.get_session_options()) for s in sessions("two"))
    assert ours == theirs


def vars_of(options: Any) -> dict[str, Any]:
    """Return the fields of options, with numbers for the members of enumerations."""
    fields = {n: getattr(options, n) for n in dir(options) if not n.startswith("_")}
    return {
        name: int(item) if hasattr(type(item), "__members__") else item
        for name, item in fields.items()
        if not callable(item)
    }


def test_options_are_those_that_were_given():
    ours, _ = sessions("two")
    options = SimpleNamespace(log_severity_level=3)
    assert type(ours)("any", options).get_session_options() is options
