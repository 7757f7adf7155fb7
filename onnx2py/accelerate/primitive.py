"""Primitives of oneDNN, and their calls with arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .activations import PostOp
from .library import Argument, Library, Missing, load
from .memory import Handle, address, aligned, made, size_of

SOURCE, SOURCE_1, SOURCE_2 = 1, 2, 3
RESULT, RESULT_1, RESULT_2 = 17, 18, 19
WEIGHT, WEIGHT_1, BIAS, SCRATCHPAD = 33, 34, 41, 80
SCALE, SHIFT = 51, 52
PLUS, PLUS_SCALED = 1 << 15 | SOURCE_1, 2 << 15 | SOURCE_1  # first or second step

INFERENCE = 96  # dnnl_forward_inference
BINARY_ADD, LINEAR = 131056, 38
USER_SCRATCHPAD = 1

SOURCE_LAYOUT, WEIGHT_LAYOUT, RESULT_LAYOUT = 129, 131, 133
SCRATCHPAD_LAYOUT, ARGUMENT_LAYOUT, IMPLEMENTATION = 136, 255, 8


class Threads:
    """The number of OpenMP threads that calls of this thread use, inside the block.

    It is a setting of the thread; 0 changes nothing.
    """

    __slots__ = ("count", "before", "library")

    def __init__(self, library: Library, count: int) -> None:
        self.library = library
        self.count = count if library.set_threads and library.get_threads else 0
        self.before = 0

    def __enter__(self) -> None:
        if self.count:
            self.before = self.library.get_threads()  # type: ignore[misc]
            self.library.set_threads(self.count)  # type: ignore[misc]

    def __exit__(self, *_: object) -> None:
        if self.count:
            self.library.set_threads(self.before)  # type: ignore[misc]


def attributes(
    plus: Handle | None = None, post: PostOp | None = None, scale: float = 1.0
) -> Handle:
    """Return the steps of a primitive after its own result.

    These are a factor, a sum with a tensor of the layout ``plus``, and an activation.

    Raises
    ------
    Missing
        If the library does not take it.
    """
    found = made("primitive_attr", "dnnl_primitive_attr_create")
    functions = load().functions
    taken = functions.dnnl_primitive_attr_set_scratchpad_mode(
        ctypes.c_void_p(found.value), USER_SCRATCHPAD
    )
    if plus is not None or post is not None or scale != 1:
        steps = made("post_ops", "dnnl_post_ops_create")
        chain = ctypes.c_void_p(steps.value)
        if scale != 1:
            taken |= functions.dnnl_post_ops_append_eltwise(
                chain, LINEAR, ctypes.c_float(scale), ctypes.c_float(0)
            )
        if plus is not None:
            taken |= functions.dnnl_post_ops_append_binary(
                chain, BINARY_ADD, ctypes.c_void_p(plus.value)
            )
        if post is not None:
            name, alpha, beta = post
            taken |= functions.dnnl_post_ops_append_eltwise(
                chain, name, ctypes.c_float(alpha), ctypes.c_float(beta)
            )
        taken |= functions.dnnl_primitive_attr_set_post_ops(
            ctypes.c_void_p(found.value), chain
        )
    if taken:
        raise Missing("post-ops")
    return found


class Primitive:
    """A computation on tensors of fixed layouts.

    Parameters
    ----------
    function : the middle of the name of the function that describes it: ``"matmul"``
    arguments : its arguments after the engine; handles stand for what they hold
    threads : the number of threads it is made for; 0 for the library's choice
    reference : whether the library's plain implementation serves too

    Raises
    ------
    Missing
        If the library does not have it.
    """

    def __init__(
        self, function: str, *arguments: Any, threads: int = 0, reference: bool = False
    ) -> None:
        self.library = load()
        self.threads = Threads(self.library, threads)
        values = [
            ctypes.c_void_p(a.value) if isinstance(a, Handle) else a for a in arguments
        ]
        engine = ctypes.c_void_p(self.library.engine)
        if function != "reorder":
            values.insert(0, engine)
        with self.threads:
            self.description = made(
                "primitive_desc", f"dnnl_{function}_primitive_desc_create", *values
            )
            name = self.implementation()
            if name.startswith("ref") and not reference:
                raise Missing(name)
            self.handle = made(
                "primitive",
                "dnnl_primitive_create",
                ctypes.c_void_p(self.description.value),
            )

    def implementation(self) -> str:
        """Return the name that the library gives to the implementation it chose."""
        name = ctypes.c_char_p()
        self.library.functions.dnnl_primitive_desc_query(
            ctypes.c_void_p(self.description.value),
            IMPLEMENTATION,
            0,
            ctypes.byref(name),
        )
        return (name.value or b"ref").decode()

    def layout(self, what: int, index: int = 0) -> int:
        """Return the description of one of its tensors, which lives as long as it does."""
        query = self.library.functions.dnnl_primitive_desc_query_md
        query.restype = ctypes.c_void_p
        description = ctypes.c_void_p(self.description.value)
        return int(query(description, what, index) or 0)


class Scratchpad:
    """The memory in which the calls of one thread keep what they need for a while."""

    def __init__(self) -> None:
        self.memory = aligned(0)

    def grow(self, size: int) -> None:
        """Have room for at least ``size`` bytes."""
        if size > self.memory.size:
            self.memory = aligned(max(size, 2 * self.memory.size))


class Packed:
    """A constant in some layout; ``form`` says how its axes were taken."""

    def __init__(
        self, layout: Handle, memory: NDArray[Any], form: str | None = None
    ) -> None:
        self.layout, self.memory, self.form = layout, memory, form


class Call:
    """Calls of a primitive in one thread: each sets the addresses of its arrays.

    Parameters
    ----------
    primitive : what is computed
    stream : the thread's stream
    scratchpad : the thread's memory
    moving : for each array of a call, the number of its argument, and its layout
    fixed : the arguments that are the same at each call
    """

    def __init__(
        self,
        primitive: Primitive,
        stream: Handle,
        scratchpad: Scratchpad,
        moving: Sequence[tuple[int, Any]],
        fixed: Sequence[tuple[int, Packed]] = (),
    ) -> None:
        self.primitive, self.threads = primitive, primitive.threads
        self._kept = [primitive, stream, *moving, *fixed]
        self._execute = primitive.library.execute
        self._set_pointer = primitive.library.set_pointer
        self._scratchpad = scratchpad
        self._scratch: NDArray[np.uint8] | None = None
        self._busy = False
        memories = [_memory(layout, 0) for _, layout in moving]
        numbers = [number for number, _ in moving]
        for number, packed in fixed:
            memories.append(_memory(packed.layout, address(packed.memory)))
            numbers.append(number)
        needed = size_of(primitive.layout(SCRATCHPAD_LAYOUT))
        if needed:
            scratchpad.grow(needed)
            memories.append(_memory(primitive.layout(SCRATCHPAD_LAYOUT), 0))
            numbers.append(SCRATCHPAD)
        self._needs_scratch = bool(needed)
        self._memories = memories
        self._scratch_memory = memories[-1].value
        self._moving = [memory.value for memory in memories[: len(moving)]]
        self._last = [0] * len(moving)
        self._arguments = (Argument * len(numbers))(
            *(Argument(n, m.value) for n, m in zip(numbers, memories))
        )
        self._run = (
            ctypes.c_void_p(primitive.handle.value),
            ctypes.c_void_p(stream.value),
            len(numbers),
            self._arguments,
        )

    def __call__(self, *arrays: NDArray[Any]) -> bool:
        """Compute with arrays of the layouts in ``moving``; return whether it was done."""
        if self._busy:  # a signal's handler or a finalizer calls from inside a call
            return False
        self._busy = True
        try:
            last = self._last
            for index, array in enumerate(arrays):
                pointer = address(array)
                if pointer != last[index]:
                    if pointer & 3:
                        return False
                    self._set_pointer(self._moving[index], pointer)
                    last[index] = pointer
            if self._needs_scratch and self._scratch is not self._scratchpad.memory:
                self._scratch = self._scratchpad.memory
                self._set_pointer(self._scratch_memory, address(self._scratch))
            if self.threads.count:
                with self.threads:
                    return not self._execute(*self._run)
            return not self._execute(*self._run)
        finally:
            self._busy = False


def _memory(layout: Any, pointer: int) -> Handle:
    """Return the library's object for memory of a layout."""
    described = layout.value if isinstance(layout, Handle) else layout
    return made(
        "memory",
        "dnnl_memory_create",
        ctypes.c_void_p(described),
        ctypes.c_void_p(load().engine),
        ctypes.c_void_p(pointer),
    )


def rearranged(
    array: NDArray[Any], source: Handle, target: int, stream: Handle
) -> NDArray[np.uint8]:
    """Return a copy of an array in another layout.

    Raises
    ------
    Missing
        If the library cannot copy it so.
    """
    engine = ctypes.c_void_p(load().engine)
    wanted = ctypes.c_void_p(target)
    primitive = Primitive(
        "reorder", source, engine, wanted, engine, attributes(), reference=True
    )
    y = aligned(size_of(target))
    call = Call(primitive, stream, Scratchpad(), [(SOURCE, source), (RESULT, target)])
    if not call(array, y):
        raise Missing("reorder")
    return y
