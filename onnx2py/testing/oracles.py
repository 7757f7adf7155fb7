"""onnxruntime as an oracle: each node by itself, on one thread, silently."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
import onnx

from ..errors import Onnx2pyError
from ..ir.types import EXTENSION_DTYPES
from .case import RefusedError
from .tolerance import is_extension

WITHOUT_NUMPY = {f"tensor({name})" for name in EXTENSION_DTYPES}
"""What onnxruntime calls the types of ``ml_dtypes``."""
_PLAIN = np.dtype(np.float32)


def needs_onnxruntime() -> None:
    """Check that the oracle is there, before cases are drawn.

    Raises
    ------
    Onnx2pyError
        If it is not.
    """
    if find_spec("onnxruntime") is None:
        raise Onnx2pyError(
            "onnxruntime: expected it to be installed, since it says what is right, got no "
            "such module; pip install 'onnx2py[testing]'"
        )


def onnxruntime_session(
    model: onnx.ModelProto, *, optimized: bool = False, exact_bytes: bool = False
) -> Any:
    """Return onnxruntime's session of a model.

    Parameters
    ----------
    optimized : whether it rewrites the graph first, as it does for its users
    exact_bytes : whether products of bytes are summed without saturation on processors whose
        instructions saturate

    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    settings.intra_op_num_threads = 1
    levels = onnxruntime.GraphOptimizationLevel
    level = levels.ORT_ENABLE_ALL if optimized else levels.ORT_DISABLE_ALL
    if exact_bytes:
        level = levels.ORT_ENABLE_EXTENDED
        settings.add_session_config_entry("session.x64quantprecision", "1")
    settings.graph_optimization_level = level
    return onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )


def values_of(session: Any, feeds: Mapping[str, Any]) -> list[Any]:
    """Run a session; tensors of types that NumPy lacks are arrays of ``ml_dtypes``."""
    foreign = [v for v in feeds.values() if is_extension(getattr(v, "dtype", _PLAIN))]
    kinds = {output.type for output in session.get_outputs()}
    if not foreign and not kinds & WITHOUT_NUMPY:
        return list(session.run(None, dict(feeds)))
    given = {name: _ort_value(array) for name, array in feeds.items()}
    return [
        _from_memory(value) if value.data_type() in WITHOUT_NUMPY else value.numpy()
        for value in session.run_with_ort_values(None, given)
    ]


def _ort_value(array: np.ndarray[Any, Any]) -> Any:
    from onnxruntime import OrtValue

    if not is_extension(array.dtype):
        return OrtValue.ortvalue_from_numpy(array)
    kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    if any(digit in array.dtype.name for digit in ("int4", "int2", "float4")):
        raise RefusedError(f"onnxruntime takes no arrays of {array.dtype} from Python")
    bits = np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}")
    return OrtValue.ortvalue_from_numpy_with_onnx_type(bits, kind)


def _from_memory(value: Any) -> np.ndarray[Any, Any]:
    """Read a tensor's bytes, which onnx knows how to unpack."""
    kind, shape = value.element_type(), value.shape()
    size = value.tensor_size_in_bytes()
    data = ctypes.string_at(value.data_ptr(), size) if size else b""
    tensor = onnx.TensorProto(data_type=kind, dims=shape, raw_data=data)
    return np.asarray(onnx.numpy_helper.to_array(tensor))
