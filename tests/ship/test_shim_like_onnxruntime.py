"""The folder ``onnxruntime/`` and onnxruntime run the same programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import onnx.parser
import pytest

import onnx2py

MODEL = """<ir_version: 8, opset_import: ["" : 17]>
g (float[N, 3] x, float[?, K] z) => (float[N, 3] y, float[N, 3] r, float[?, K] s) {
    y = Neg (x) r = Abs (x) s = Neg (z) }"""
HEAD = """
import json, sys, threading, warnings
import numpy as np
import onnxruntime as ort
from onnxruntime.capi import _pybind_state as C

ort.set_default_logger_severity(4)
X, Z = np.ones((2, 3), np.float32), np.ones((1, 2), np.float32)
FEED = {"x": X, "z": Z}
CPU = "CPUExecutionProvider"


def session(options=None, model="model.onnx", **more):
    more.setdefault("providers", [CPU])
    return ort.InferenceSession(model, options, **more)


def tried(function):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer = function()
        except Exception as error:
            answer = type(error).__name__
    return answer, [str(w.message).partition("Available")[0] for w in caught]


answers = {}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, and its stand-in in ``out/``."""
    folder = tmp_path_factory.mktemp("shim")
    model = onnx.parser.parse_model(MODEL)
    model.graph.input[0].type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
    model.graph.input[1].type.tensor_type.shape.dim[0].denotation = "DATA_TIME"
    onnx.save(model, str(folder / "model.onnx"))
    onnx2py.compile_shim([folder / "model.onnx"], folder / "out")
    return folder


def answers(made: Path, code: str, path: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"{HEAD}{code}\nprint(json.dumps(answers))"],
        cwd=made,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # "EP Error" is printed before


def both(made: Path, code: str) -> tuple[Any, Any]:
    """Return the answers of onnxruntime and of the folder."""
    theirs, ours = (answers(made, code, path) for path in ("", str(made / "out")))
    assert len(theirs) > 1
    return theirs, ours


def test_free_dimensions_are_fixed_as_in_onnxruntime(made: Path):
    code = """
def shaped(model="model.onnx", **lengths):
    options = ort.SessionOptions()
    for name, length in lengths.items():
        if name.startswith("DATA"):
            options.add_free_dimension_override_by_denotation(name, length)
        else:
            options.add_free_dimension_override_by_name(name, length)
    return session(options)


CASES = [{"N": 2}, {"N": 4}, {"K": 3}, {"Q": 5}, {"N": 0}, {"N": 2, "K": 2}, {}]
CASES += [{"DATA_BATCH": 2}, {"DATA_BATCH": 3}, {"DATA_TIME": 1}, {"DATA_TIME": 4}]
for case in CASES:
    made = shaped(**case)
    shapes = [a.shape for a in made.get_inputs() + made.get_outputs()]
    ran = tried(lambda: made.run(None, FEED)[0].tolist())[0]
    answers[str(case)] = [shapes[:4], shapes[4][1:], ran]
options = ort.SessionOptions()
options.add_free_dimension_override_by_name("N", 2)
options.add_free_dimension_override_by_name("N", 5)
answers["the first counts"] = session(options).get_inputs()[0].shape
for wrong in ("4", 4.0, None):
    answers[repr(wrong)] = tried(
        lambda: options.add_free_dimension_override_by_name("N", wrong)
    )
"""
    theirs, ours = both(made, code)
    assert ours == theirs


def test_a_terminated_call_fails_as_in_onnxruntime(made: Path):
    code = """
made, stop = session(), ort.RunOptions()
stop.terminate = True
answers["run"] = tried(lambda: made.run(None, FEED, stop))
answers["a missing input"] = tried(lambda: made.run(None, {"x": X}, stop))
answers["a wrong input"] = tried(lambda: made.run(None, {"x": X[0], "z": Z}, stop))
values = {n: ort.OrtValue.ortvalue_from_numpy(v) for n, v in FEED.items()}
answers["values"] = tried(lambda: made.run_with_ort_values(None, values, stop))
for name, run_options in (("go", ort.RunOptions()), ("stop", stop)):
    binding = made.io_binding()
    for each, value in FEED.items():
        binding.bind_cpu_input(each, value)
    binding.bind_output("y")
    answers[name] = tried(lambda: made.run_with_iobinding(binding, run_options))
done, seen = threading.Event(), []


def callback(*arguments):
    seen.extend(arguments)
    done.set()


made.run_async(None, FEED, callback, None, stop)
assert done.wait(30)
answers["later"] = seen
answers["no options"] = tried(lambda: made.run(None, FEED, 5))[0]
"""
    theirs, ours = both(made, code)
    # The error of a binding is a RuntimeError in both, in ours a ValueError, too.
    assert theirs["stop"][0] == "RuntimeError" and ours["stop"][0] == "BindingError"
    ours["stop"][0] = "RuntimeError"
    assert ours == theirs


def test_errors_of_bindings_are_runtime_errors_as_in_onnxruntime(made: Path):
    code = """
WRONG = {
    "a length": X[:, :2].copy(), "a rank": X[0], "a type": X.astype(float), "none": None
}
for what, value in WRONG.items():
    made = session()
    binding = made.io_binding()
    if value is not None:
        binding.bind_cpu_input("x", value)
    binding.bind_output("y")
    try:
        made.run_with_iobinding(binding)
    except RuntimeError as error:
        answers[what] = str(error).startswith("Error in execution: ")
"""
    theirs, ours = both(made, code)
    assert ours == theirs and len(ours) == 4


def test_providers_are_checked_as_in_onnxruntime(made: Path):
    code = """
CUDA = "CUDAExecutionProvider"
GIVEN = [
    [CUDA, CPU], [CUDA], ["Foo"], ["Foo", CPU], [(CUDA, {}), CPU], [(CPU, {"a": 1})], [],
    [CPU, CPU], 5, [5], None, (CPU,), [(CPU, 5)], [(CPU,)], {CPU: {}}, {CPU},
    "TensorrtExecutionProvider"[:0], [CUDA, CUDA],
]
for given in GIVEN:
    made = session()
    answers[f"new {given}"] = tried(lambda: session(providers=given).get_providers())
    answers[f"set {given}"] = tried(lambda: made.set_providers(given))
    answers[f"strict {given}"] = tried(
        lambda: session(providers=given, enable_fallback=0).get_providers()
    )
for given in ([{}], [{}, {}], {}, [5], None, []):
    made = session()
    answers[f"options {given}"] = tried(lambda: made.set_providers([CPU], given))
    answers[f"pairs {given}"] = tried(lambda: made.set_providers([(CPU, {})], given))
answers["known"] = ort.get_all_providers()
"""
    theirs, ours = both(made, code)
    assert ours == theirs


def test_what_is_no_model_is_the_error_of_onnxruntime(made: Path):
    code = """
good = open("model.onnx", "rb").read()
GIVEN = [b"garbage", b"", bytes(10), b"\\x08\\x08", good[:20], good + b"x", good[:-3]]
GIVEN += [b"hello world " * 50, b"\\xff" * 30, b"PK\\x03\\x04" + bytes(40), good[:1]]
for given in GIVEN:
    answers[f"bytes {given[:20]}"] = tried(lambda: session(model=given))
    open("other.onnx", "wb").write(given)
    answers[f"file {given[:20]}"] = tried(lambda: session(model="other.onnx"))
answers["a folder"] = tried(lambda: session(model="."))
answers["no file"] = tried(lambda: session(model="nothing.onnx"))
answers["no model"] = tried(lambda: session(model=None))
"""
    theirs, ours = both(made, code)
    assert ours == theirs


def test_values_in_vectors_are_computed_as_in_onnxruntime(made: Path):
    code = """
made, feeds = session(), C.OrtValueVector()
values = [ort.OrtValue.ortvalue_from_numpy(v) for v in FEED.values()]
for value in values:
    feeds.push_back(getattr(value, "_ortvalue", value))
cpu = C.OrtDevice(C.OrtDevice.cpu(), C.OrtDevice.default_memory(), 0)


def run(names, outputs):
    fetches = C.OrtValueVector()
    made.run_with_ortvaluevector(
        ort.RunOptions(), names, feeds, outputs, fetches, [cpu] * len(outputs)
    )
    return [value.numpy().tolist() for value in fetches]


answers["all"] = tried(lambda: run(["x", "z"], ["r", "y"]))
answers["an unknown input"] = tried(lambda: run(["x", "q"], ["y"]))
answers["an unknown output"] = tried(lambda: run(["x", "z"], ["q"]))
"""
    theirs, ours = both(made, code)
    # onnxruntime does not notice that z is missing, and says which name is unknown.
    assert ours.pop("an unknown input")[0] == "ValueError"
    assert theirs.pop("an unknown input")[0] == "InvalidArgument"
    assert ours == theirs


def test_devices_and_memory_are_described_as_in_onnxruntime(made: Path):
    code = """
def numbers(device):
    return [
        device.device_id(), device.device_type(), device.device_vendor_id(),
        device.device_mem_type(),
    ]


for name in ("cpu", "cuda", "dml", "cann", "webgpu", "gpu", "npu", "CPU", "foo"):
    answers[name] = tried(lambda: numbers(ort.OrtDevice.make(name, 1)))
amd = ort.OrtDeviceVendorId.AMD
answers["AMD"] = numbers(ort.OrtDevice.make("gpu", 0, amd))
answers["vendors"] = {v.name: int(v) for v in ort.OrtDeviceVendorId}
answers["memory types"] = [
    [m.name, int(m)] for m in ort.OrtDeviceMemoryType.__members__.values()
]
FIELDS = "allocator_type device_id device_mem_type device_vendor_id mem_type name"
arena = ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR
memory = ort.OrtMemoryInfo("Cpu", arena, 0, ort.OrtMemType.DEFAULT)
answers["memory"] = [str(getattr(memory, field)) for field in FIELDS.split()]
ort.create_and_register_allocator(memory, None)
answers["no memory"] = tried(
    lambda: ort.OrtMemoryInfo("Foo", arena, 0, ort.OrtMemType.DEFAULT)
)
"""
    theirs, ours = both(made, code)
    assert ours == theirs


def test_attributes_that_programs_read_are_those_of_onnxruntime(made: Path):
    code = """
made = session(ort.SessionOptions())
answers["path"] = made._model_path, session(model=open("model.onnx", "rb").read())._model_path
answers["providers"] = made._providers, made._fallback_providers, made._provider_options
answers["inputs"] = [[a.name, a.type, a.shape] for a in made._inputs_meta]
answers["outputs"] = [a.name for a in made._outputs_meta]
answers["defaults"] = made._overridable_initializers
answers["graph"] = made._model_meta.graph_name
answers["options"] = isinstance(made._sess_options, ort.SessionOptions)
default = C.get_default_session_options()
answers["default"] = [isinstance(default, ort.SessionOptions), default.logid]
"""
    theirs, ours = both(made, code)
    assert ours == theirs


def test_libraries_of_operators_must_exist_as_in_onnxruntime(made: Path):
    code = """
options = ort.SessionOptions()
for path in ("/not/there.so", "there.so", 5):
    answers[str(path)] = tried(lambda: options.register_custom_ops_library(path))
"""
    theirs, ours = both(made, code)
    assert ours == theirs


def test_sparse_tensors_are_refused_with_a_reason(made: Path):
    code = """
make = ort.SparseTensor.sparse_coo_from_numpy
try:
    make([3, 3], X[0], np.array([0, 4, 5]), ort.OrtDevice.make("cpu", 0))
except C.NotImplemented as error:
    answers["said"] = str(error)
"""
    ours = answers(made, code, str(made / "out"))
    assert "SparseTensor: expected a dense array" in ours["said"]
