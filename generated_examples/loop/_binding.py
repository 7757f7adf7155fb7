"""``OrtValue`` and ``IOBinding`` of onnxruntime, for programs that bind inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import c_char
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from ._feeds import type_of_value
from ._tensors import parse_type, shown, tensor_type

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
"""TensorProto.DataType: the number of each element type."""


class OrtValue:
    """A value in the memory of the processor; ``held`` is what NumPy has of it."""

    def __init__(self, held: Any) -> None:
        self.held = held

    @classmethod
    def ortvalue_from_numpy(
        cls, numpy_obj: NDArray[Any], device_type: str = "cpu", *_: Any, **__: Any
    ) -> OrtValue:
        """Hold an array: its own memory, where its elements are in C order.

        Raises
        ------
        RuntimeError
            If it is none, or one of strings, or ``device_type`` is not ``cpu``.
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
        """Take the bytes of an array for elements of another type of the same size."""
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
        """Hold a new tensor; ``element_type`` is one of NumPy or a number of ONNX."""
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
        """Let NumPy take the value for an array."""
        array = np.asarray(self.numpy(), dtype)
        return array.copy() if copy and array is self.held else array

    def __dlpack__(self, **options: Any) -> Any:
        """Share the memory with another library."""
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Say where the memory is: the CPU's."""
        return 1, 0

    def update_inplace(self, data: Any) -> None:
        """Write the elements of an array, or of another value, over those held.

        Raises
        ------
        RuntimeError
            If its type or number of elements is another one.
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
        """Return the lengths of the axes."""
        return list(self.numpy().shape)

    def data_type(self) -> str:
        """Spell the type: ``tensor(float)``."""
        return type_of_value(self.held, "")

    def element_type(self) -> int:
        """Return ONNX's number of the element type."""
        name = tensor_type(self.numpy()).partition("[")[0]
        return next(number for number, known in ELEMENT_TYPES.items() if known == name)

    def tensor_size_in_bytes(self) -> int:
        """Return how many bytes the elements take."""
        return self.numpy().nbytes

    def data_ptr(self) -> int:
        """Return the address of the first element."""
        return int(self.numpy().ctypes.data)

    def device_name(self) -> str:
        """Return where the value is: ``cpu``."""
        return "cpu"

    def has_value(self) -> bool:
        """Say whether an optional value is there."""
        return self.held is not None

    def is_tensor(self) -> bool:
        """Say whether the value is a tensor."""
        return isinstance(self.held, np.ndarray)

    def is_tensor_sequence(self) -> bool:
        """Say whether the value is a list of tensors."""
        return self.data_type().startswith("seq(tensor(")

    def is_sparse_tensor(self) -> bool:
        """Say no: there are none."""
        return False


class IOBinding:
    """What a session reads inputs from and writes outputs to, call after call."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._inputs: dict[str, Any] = {}
        self._outputs: dict[str, Optional[OrtValue]] = {}
        self._results: list[OrtValue] = []

    def bind_cpu_input(self, name: str, arr_on_cpu: NDArray[Any]) -> None:
        """Read an input from an array, in each call what is then in it."""
        if not isinstance(arr_on_cpu, np.ndarray):
            raise self._failure(
                "Unable to create OrtValue from the given python object"
            )
        self._bind_input(name, arr_on_cpu)

    def bind_input(
        self,
        name: str,
        device_type: str,
        device_id: int,
        element_type: Any,
        shape: Sequence[int],
        buffer_ptr: int,
    ) -> None:
        """Read an input from memory, whose address is ``buffer_ptr``."""
        check_device(device_type)
        self._bind_input(name, array_at(buffer_ptr, element_type, shape))

    def bind_ortvalue_input(self, name: str, ortvalue: OrtValue) -> None:
        """Read an input from a value."""
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
        """Ask for an output, which is written to memory if an address is given."""
        target = None
        if buffer_ptr is not None:
            if element_type is None or shape is None:
                raise ValueError(
                    "`element_type` and `shape` are to be provided if pre-allocated "
                    "memory is provided"
                )
            target = OrtValue(array_at(buffer_ptr, element_type, shape))
        self._outputs[name] = target

    def bind_ortvalue_output(self, name: str, ortvalue: OrtValue) -> None:
        """Ask for an output, which is written to the array of a value."""
        self._outputs[name] = ortvalue

    def run(self, session: Any) -> None:
        """Compute the outputs that are bound.

        Raises
        ------
        ValueError
            If none is bound, an input is missing or wrong, or an output is not of the type
            and shape of what it is to be written to.
        """
        if session is not self._session:
            raise ValueError("IOBinding must be used with the session that created it.")
        if not self._outputs:
            raise self._failure(
                "Error in execution: At least one output should be requested."
            )
        values = session.run(list(self._outputs), self._inputs)
        self._results = [
            self._written(name, target, value)
            for (name, target), value in zip(self._outputs.items(), values)
        ]

    def get_outputs(self) -> list[OrtValue]:
        """Return the outputs of the last call, in the order in which they were bound."""
        return list(self._results)

    def get_outputs_as_ortvaluevector(self) -> list[OrtValue]:
        """Return the same."""
        return self.get_outputs()

    def copy_outputs_to_cpu(self) -> list[Any]:
        """Return copies of the outputs of the last call as arrays, lists and dictionaries."""
        return [_copy(result.held) for result in self._results]

    def clear_binding_inputs(self) -> None:
        """Forget the inputs."""
        self._inputs.clear()

    def clear_binding_outputs(self) -> None:
        """Forget the outputs."""
        self._outputs.clear()
        self._results = []

    def synchronize_inputs(self) -> None:
        """Do nothing: what is in memory is there."""

    def synchronize_outputs(self) -> None:
        """Do nothing, for the same reason."""

    def _bind_input(self, name: str, value: Any) -> None:
        session = self._session
        inputs = [*session.get_inputs(), *session.get_overridable_initializers()]
        if all(arg.name != name for arg in inputs):
            raise self._failure(
                f"Failed to find NodeArg with name: {shown(name)} in the def list"
            )
        self._inputs[name] = value

    def _written(self, name: str, target: Optional[OrtValue], value: Any) -> OrtValue:
        """Write an output to what is bound to it, if anything is."""
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
    """Refuse what is not the memory of the processor.

    Raises
    ------
    RuntimeError
        If it is another device's.
    """
    if device_type.lower() != "cpu":
        raise RuntimeError(
            f"Can't allocate memory on the device {shown(device_type)}: expected cpu"
        )


def element_dtype(element_type: Any) -> Any:
    """Return the dtype of a type of NumPy or a number of ONNX.

    Raises
    ------
    ValueError
        If the number is that of no type in this package.
    """
    if not isinstance(element_type, int):
        return np.dtype(element_type)
    if element_type not in ELEMENT_TYPES:
        raise ValueError(f"element type {element_type}: this package has no such type")
    return parse_type(f"{ELEMENT_TYPES[element_type]}[...]")[0]


def array_at(address: int, element_type: Any, shape: Sequence[int]) -> NDArray[Any]:
    """Return the array at an address: its memory stays another's."""
    dtype = element_dtype(element_type)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    memory = (c_char * size).from_address(address)
    return np.frombuffer(memory, dtype).reshape(tuple(shape))


def _copy(value: Union[NDArray[Any], list[Any], dict[Any, Any], None]) -> Any:
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value if value is None else value.copy()
