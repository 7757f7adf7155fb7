"""Each engine: a function of a model and inputs, which returns a function of inputs.

Inputs are lists of arrays in the order of the model, outputs are tensors or arrays. Adapters give
each engine what it takes: tensors of the types that PyTorch has, text as arrays, and lengths when
they convert, if they need them then.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Run = Callable[[Sequence[Any]], Sequence[Any]]
Engine = Callable[[Path, Sequence[Any]], Run]

IN_BYTES = {
    "bfloat16": "int16",
    **{
        f"float8_{name}": "uint8"
        for name in ("e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz", "e8m0fnu")
    },
}
"""Types of ml_dtypes and PyTorch that NumPy lacks, and integers of the same width."""

WIDER = {
    **dict.fromkeys(("int2", "int4"), np.int8),
    **dict.fromkeys(("uint2", "uint4"), np.uint8),
}
"""Types that PyTorch lacks, and what can hold their numbers."""


class FallbackError(Exception):
    """An engine left the computation to something else than PyTorch."""


def onnx2py(path: Path, _inputs: Sequence[Any]) -> Run:
    """Compile a model for PyTorch; the tools of the package take arrays."""
    import onnx

    from onnx2py.backend import Onnx2pyBackendRep

    compiler = importlib.import_module("onnx2py")
    model = onnx.load(path)
    module = compiler.load_model(model, target="torch", flat=False, overridable=True)
    package = type(module).__module__.rpartition(".")[0]
    computed = Onnx2pyBackendRep(module)
    computed.module = module  # its package is removed with it
    computed.model = importlib.import_module(f"{package}.tools.arrays").Model()
    return lambda inputs: [*computed.run(inputs)]


def onnx2torch(path: Path, _inputs: Sequence[Any]) -> Run:
    """Convert a model to a graph of modules."""
    import onnx

    model = onnx.load(path)
    expected = names(model)
    module = importlib.import_module("onnx2torch").convert(model)
    return called(module.eval(), *expected)


def onnx2pytorch(path: Path, _inputs: Sequence[Any]) -> Run:
    """Convert a model to a module that walks its nodes."""
    import onnx

    model = onnx.load(path)
    module = importlib.import_module("onnx2pytorch").ConvertModel(model)
    return called(module.eval(), *names(model))


def onnx2tf(path: Path, inputs: Sequence[Any]) -> Run:
    """Write a PyTorch package for the lengths of these inputs, and import it.

    Raises
    ------
    FallbackError
        If the package calls LiteRT or TensorFlow.
    """
    import onnx

    folder = Path(tempfile.mkdtemp(prefix="net"))
    model = onnx.load(path, load_external_data=False)
    file, name = folder / f"{folder.name}.onnx", f"{folder.name}_pytorch"
    shutil.copyfile(path, file)
    importlib.import_module("onnx2tf").convert(
        input_onnx_file_path=str(file),
        output_folder_path=str(folder),
        tflite_backend="flatbuffer_direct",
        flatbuffer_direct_output_pytorch=True,
        overwrite_input_shape=lengths(model, inputs),
        non_verbose=True,
    )
    metadata = json.loads((folder / name / "metadata.json").read_text("utf-8"))
    backend = metadata["execution_backend"]
    if backend not in ("native", "runtime_wrapper"):  # code, and a walk over nodes
        raise FallbackError(f"the package calls {backend}")
    sys.path.insert(0, str(folder))
    module = importlib.import_module(name).load_model(device="cpu")
    return called(module, *names(model))


ENGINES: dict[str, Engine] = {
    each.__name__: each for each in (onnx2py, onnx2torch, onnx2pytorch, onnx2tf)
}


def names(model: Any) -> tuple[list[bool], int]:
    """Return whether each input is one without a default, and the number of outputs."""
    weights = {tensor.name for tensor in model.graph.initializer}
    weights.update(t.values.name for t in model.graph.sparse_initializer)
    given = [value.name not in weights for value in model.graph.input]
    return given, len(model.graph.output)


def lengths(model: Any, inputs: Sequence[Any]) -> list[str] | None:
    """Return the shapes of inputs whose lengths the model leaves open, None if there are none."""
    given, _ = names(model)
    values = [value for value, each in zip(model.graph.input, given) if each]
    spelled = [
        f"{value.name}:{','.join(map(str, array.shape))}"
        for value, array in zip(values, inputs)
        if any(not d.dim_value for d in value.type.tensor_type.shape.dim)
    ]
    return spelled or None


def called(module: Any, given: Sequence[bool], outputs: int) -> Run:
    """Return the function that calls a module with tensors, leaving out inputs with defaults."""
    torch = importlib.import_module("torch")

    def run(inputs: Sequence[Any]) -> list[Any]:
        kept = [*inputs]
        if len(kept) == len(given):
            kept = [value for value, each in zip(inputs, given) if each]
        with torch.no_grad():
            found = module(*map(as_tensor, kept))
        if isinstance(found, tuple) or (isinstance(found, list) and outputs > 1):
            return [*found]
        return [found]  # a list is a sequence

    return run


def as_tensor(value: Any) -> Any:
    """Return an array as a tensor, a list as a list of tensors; text and None as they are."""
    torch = importlib.import_module("torch")
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        return [as_tensor(each) for each in value]
    array = np.array(value)  # a copy, which may be written to
    if array.dtype.kind in "OUS":
        return array
    name = array.dtype.name
    if name in IN_BYTES:
        bits = torch.from_numpy(array.view(IN_BYTES[name]))
        return bits.view(getattr(torch, name))
    return torch.from_numpy(array.astype(carrier(array.dtype)))


def as_array(value: Any) -> Any:
    """Return a tensor as an array, a list as a list of arrays."""
    if value is None or isinstance(value, np.ndarray):
        return value
    if isinstance(value, (list, tuple)):
        return [as_array(each) for each in value]
    if not hasattr(value, "detach"):
        return np.asarray(value)
    tensor, name = value.detach().cpu(), str(value.dtype).removeprefix("torch.")
    if name not in IN_BYTES:
        return tensor.resolve_conj().resolve_neg().numpy()
    torch, ml_dtypes = map(importlib.import_module, ("torch", "ml_dtypes"))
    bits = tensor.contiguous().view(getattr(torch, IN_BYTES[name])).numpy()
    return bits.view(getattr(ml_dtypes, name))


def carrier(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type that holds numbers of another in PyTorch."""
    return np.dtype(WIDER.get(dtype.name, dtype))


def is_narrow(value: Any) -> bool:
    """Return whether an array's elements are narrower than PyTorch can compute with."""
    return isinstance(value, np.ndarray) and value.dtype.name in WIDER
