"""onnxruntime's ``OrtValue`` and ``IOBinding``, for programs that bind inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import c_char
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from .arrays import parse_type, shown, tensor_type
from .feeds import as_name, reason_of, type_of_value

ELEMENT_TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
}
"""Element types by their number in TensorProto.DataType."""


class OrtValue:
    """A value in CPU memory; ``held`` is the array, list or dictionary."""

    def __init__(self, held: Any) -> None:
        self.held = held

    @classmethod
    def ortvalue_from_numpy(
        cls, numpy_obj: NDArray[Any], device_type: str = "cpu", *_: Any, **__: Any
    ) -> OrtValue:
        """Wrap an array, without a copy if it is C-contiguous.

        Raises
        ------
        RuntimeError
            If it is not an array or holds strings, or ``device_type`` is not ``cpu``.
        """
        check_device(device_type)
        if not isinstance(numpy_obj, np.ndarray) or numpy_obj.dtype.kind in "OSU":
            raise RuntimeError(
                "Creation of OrtValues is currently only supported from non-string "
                "numpy arrays"
            )
        return cls(np.asarray(numpy_obj, order="C"))

    @classmethod
    def ortvalue_from_numpy_with_onnx_type(
        cls, data: NDArray[Any], onnx_element_type: int
    ) -> OrtValue:
        """Reinterpret the bytes of an array as elements of an ONNX type of the same size."""
        return cls(np.asarray(data, order="C").view(element_dtype(onnx_element_type)))

    @classmethod
    def ortvalue_from_shape_and_type(
        cls,
        shape: Sequence[int],
        element_type: Any,
        device_type: str = "cpu",
        *_: Any,
        **__: Any,
    ) -> OrtValue:
        """Create a tensor of zeros; ``element_type`` is a NumPy dtype or an ONNX number."""
        check_device(device_type)
        return cls(np.zeros(tuple(shape), element_dtype(element_type)))

    def numpy(self) -> NDArray[Any]:
        """Return the array, not a copy of it.

        Raises
        ------
        RuntimeError
            If the value is not a tensor.
        """
        if not isinstance(self.held, np.ndarray):
            raise RuntimeError(
                "Only OrtValues that are Tensors are convertible to Numpy objects"
            )
        return self.held

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> NDArray[Any]:
        """Convert to an array: NumPy's array protocol."""
        array = np.asarray(self.numpy(), dtype)
        return array.copy() if copy and array is self.held else array

    def __dlpack__(self, **options: Any) -> Any:
        """Share the memory with another library: the DLPack protocol."""
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return DLPack's device type and number: the CPU."""
        return 1, 0

    def update_inplace(self, data: Any) -> None:
        """Overwrite the elements with those of an array or another value.

        Raises
        ------
        RuntimeError
            If the element type or the number of elements differs.
        """
        array = getattr(data, "held", data)
        if not isinstance(array, np.ndarray):
            raise TypeError("data must be a numpy.ndarray or an OrtValue.")
        held = self.numpy()
        if array.dtype != held.dtype or array.size != held.size:
            raise RuntimeError(
                "The input size of numpy arrays does not match the size of the OrtValue: "
                f"expected {tensor_type(held)}, got {tensor_type(array)}"
            )
        held[...] = array.reshape(held.shape)

    def shape(self) -> list[int]:
        """Return the shape."""
        return list(self.numpy().shape)

    def data_type(self) -> str:
        """Return the type in onnxruntime's spelling: ``tensor(float)``."""
        return type_of_value(self.held, "")

    def element_type(self) -> int:
        """Return the ONNX number of the element type."""
        name = tensor_type(self.numpy()).partition("[")[0]
        return next(number for number, known in ELEMENT_TYPES.items() if known == name)

    def tensor_size_in_bytes(self) -> int:
        """Return the size of the elements in bytes."""
        return self.numpy().nbytes

    def data_ptr(self) -> int:
        """Return the address of the first element."""
        return int(self.numpy().ctypes.data)

    def device_name(self) -> str:
        """Return the device of the value: ``cpu``."""
        return "cpu"

    def has_value(self) -> bool:
        """Return whether an optional value is present."""
        return self.held is not None

    def is_tensor(self) -> bool:
        """Return whether the value is a tensor."""
        return isinstance(self.held, np.ndarray)

    def is_tensor_sequence(self) -> bool:
        """Return whether the value is a sequence of tensors."""
        return self.data_type().startswith("seq(tensor(")

    def is_sparse_tensor(self) -> bool:
        """Return False: sparse tensors are not supported."""
        return False


class IOBinding:
    """Inputs that a session reads and outputs that it writes, call after call."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._inputs: dict[str, Any] = {}
        self._outputs: dict[str, Optional[OrtValue]] = {}
        self._results: list[OrtValue] = []

    def bind_cpu_input(self, name: str, arr_on_cpu: NDArray[Any]) -> None:
        """Bind an input to an array, whose elements are read in each call.

        An array that is not C-contiguous is copied now, as in onnxruntime.
        """
        if not isinstance(arr_on_cpu, np.ndarray):
            raise self._failure(
                "Unable to create OrtValue from the given python object"
            )
        self._bind_input(name, np.asarray(arr_on_cpu, order="C"))

    def bind_input(
        self,
        name: str,
        device_type: str,
        device_id: int,
        element_type: Any,
        shape: Sequence[int],
        buffer_ptr: int,
    ) -> None:
        """Bind an input to memory at the address ``buffer_ptr``."""
        check_device(device_type)
        self._bind_input(name, array_at(buffer_ptr, element_type, shape))

    def bind_ortvalue_input(self, name: str, ortvalue: OrtValue) -> None:
        """Bind an input to a value."""
        self._bind_input(name, ortvalue)

    def bind_output(
        self,
        name: str,
        device_type: str = "cpu",
        device_id: int = 0,
        element_type: Any = None,
        shape: Optional[Sequence[int]] = None,
        buffer_ptr: Optional[int] = None,
    ) -> None:
        """Request an output; write it to memory at ``buffer_ptr`` if that is given."""
        target = None
        if buffer_ptr is not None:
            if element_type is None or shape is None:
                raise ValueError(
                    "`element_type` and `shape` are to be provided if pre-allocated "
                    "memory is provided"
                )
            target = OrtValue(array_at(buffer_ptr, element_type, shape))
        self._outputs[as_name(name)] = target

    def bind_ortvalue_output(self, name: str, ortvalue: OrtValue) -> None:
        """Request an output; write it to the array of a value."""
        self._outputs[as_name(name)] = ortvalue

    def run(self, session: Any, run_options: Any = None) -> None:
        """Compute the bound outputs.

        Raises
        ------
        ValueError
            If no output is bound, an input is missing or wrong, an output does not have
            the type and shape of the array it is bound to, or ``run_options`` terminates
            the call.
        """
        if session is not self._session:
            raise ValueError("IOBinding must be used with the session that created it.")
        if not self._outputs:
            raise self._failure(
                "Error in execution: At least one output should be requested."
            )
        try:
            values = session.run(list(self._outputs), self._inputs, run_options)
        except Exception as error:
            message = f"Error in execution: {reason_of(error)}"
            raise self._failure(message) from error
        self._results = [
            self._written(name, target, value)
            for (name, target), value in zip(self._outputs.items(), values)
        ]

    def get_outputs(self) -> list[OrtValue]:
        """Return the outputs of the last call, in the order of binding."""
        return list(self._results)

    def get_outputs_as_ortvaluevector(self) -> list[OrtValue]:
        """Return the outputs of the last call, as :meth:`get_outputs` does."""
        return self.get_outputs()

    def copy_outputs_to_cpu(self) -> list[Any]:
        """Return copies of the outputs of the last call as arrays, lists and dictionaries."""
        return [_copy(result.held) for result in self._results]

    def clear_binding_inputs(self) -> None:
        """Unbind all inputs."""
        self._inputs.clear()

    def clear_binding_outputs(self) -> None:
        """Unbind all outputs."""
        self._outputs.clear()
        self._results = []

    def synchronize_inputs(self) -> None:
        """Do nothing: CPU memory needs no synchronization."""

    def synchronize_outputs(self) -> None:
        """Do nothing: CPU memory needs no synchronization."""

    def _bind_input(self, name: str, value: Any) -> None:
        session = self._session
        name = as_name(name)
        inputs = [*session.get_inputs(), *session.get_overridable_initializers()]
        if all(arg.name != name for arg in inputs):
            raise self._failure(
                f"Failed to find NodeArg with name: {shown(name)} in the def list"
            )
        self._inputs[name] = value

    def _written(self, name: str, target: Optional[OrtValue], value: Any) -> OrtValue:
        """Write an output to the value bound to it, if there is one."""
        if target is None:
            return OrtValue(value)
        array = target.numpy()
        if not isinstance(value, np.ndarray) or value.dtype != array.dtype:
            outputs = self._session.get_outputs()
            expected = next(arg.type for arg in outputs if arg.name == name)
            raise self._failure(
                "Error in execution: Unexpected output data type. Actual: "
                f"({target.data_type()}) , expected: ({expected})"
            )
        if value.shape != array.shape:
            raise self._failure(
                f"Error in execution: The output OrtValue provided for output "
                f"'{shown(name)}' has shape {list(array.shape)} but the computed output "
                f"shape for this run is {list(value.shape)}"
            )
        array[...] = value
        return target

    def _failure(self, message: str) -> Exception:
        error: Exception = self._session.failure("RuntimeError", message)
        return error


def check_device(device_type: str) -> None:
    """Check that a device is the CPU.

    Raises
    ------
    RuntimeError
        If it is not.
    """
    if device_type.lower() != "cpu":
        raise RuntimeError(
            f"Can't allocate memory on the device {shown(device_type)}: expected cpu"
        )


def element_dtype(element_type: Any) -> Any:
    """Return the dtype for a NumPy dtype or an ONNX number.

    Raises
    ------
    ValueError
        If this package does not support the type with that number.
    """
    if not isinstance(element_type, int):
        return np.dtype(element_type)
    if element_type not in ELEMENT_TYPES:
        known = ", ".join(map(str, ELEMENT_TYPES))
        raise ValueError(f"element_type: expected one of {known}, got {element_type}")
    return parse_type(f"{ELEMENT_TYPES[element_type]}[...]")[0]


def array_at(address: int, element_type: Any, shape: Sequence[int]) -> NDArray[Any]:
    """Return a view of the memory at an address; the caller must keep it alive."""
    dtype = element_dtype(element_type)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    memory = (c_char * size).from_address(address)
    return np.frombuffer(memory, dtype).reshape(tuple(shape))


def _copy(value: Union[NDArray[Any], list[Any], dict[Any, Any], None]) -> Any:
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value if value is None else value.copy()
