"""What is kept between calls: primitives, and weights in oneDNN's layouts.

All of it is found by the identity of the weight, and dies with the weight or the thread.
Only arrays that no code can write to are kept so; see :func:`is_frozen`.
"""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .library import Missing, load
from .memory import Handle, address, layout_of, made
from .primitive import Packed, Scratchpad, rearranged

SHAPES_OF_A_WEIGHT = 8
"""The most calls that a thread keeps for one weight: one for each shape of the input."""

CALLS_WITHOUT_WEIGHT = 256
"""The most other calls that a thread keeps."""

Made = TypeVar("Made")

Identity = tuple[int, int, tuple[int, ...], tuple[int, ...], str]
"""An array's owner, address, shape, strides and dtype: equal for equal views."""


class Calls(OrderedDict[Hashable, Any]):
    """Calls by what they were made for, at most ``most``: the oldest is dropped."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def keep(self, key: Hashable, call: Any) -> Any:
        """Add a call, and return it."""
        while len(self) >= self.most:
            self.popitem(last=False)
        self[key] = call
        return call


class Weight:
    """A frozen weight: its copies in other layouts, as long as there are calls for them."""

    def __init__(self, owner: NDArray[Any], identity: Identity) -> None:
        self.owner = weakref.ref(owner, partial(_forget_weight, identity))
        self._packed: list[weakref.ref[Packed]] = []
        self._lock = threading.Lock()

    def packed(
        self, array: NDArray[Any], form: str, wanted: int, stream: Handle
    ) -> Packed:
        """Return the array, which is a view of the weight, in a layout of a primitive.

        Raises
        ------
        Missing
            If the library cannot copy it so.
        """
        equal = load().functions.dnnl_memory_desc_equal
        with self._lock:
            alive = [p for p in (ref() for ref in self._packed) if p is not None]
            target = ctypes.c_void_p(wanted)
            for copy in alive:
                if copy.form == form and equal(
                    ctypes.c_void_p(copy.layout.value), target
                ):
                    return copy
            layout = made("memory_desc", "dnnl_memory_desc_clone", target)
            memory = rearranged(array, layout_of(array), layout.value, stream)
            copy = Packed(layout, memory, form)
            self._packed = [weakref.ref(p) for p in (*alive, copy)]
            return copy


class Own:
    """What one thread keeps, and what is freed with it."""

    def __init__(self) -> None:
        functions = load()
        engine = ctypes.c_void_p(functions.engine)
        self.stream = made("stream", "dnnl_stream_create", engine, 1)
        self.scratchpad = Scratchpad()
        self.calls = Calls(CALLS_WITHOUT_WEIGHT)
        self.by_array: dict[int, tuple[weakref.ref[Any], Weight, Calls]] = {}
        self.by_weight: dict[Identity, tuple[Weight, Calls]] = {}

    def calls_of(self, array: NDArray[Any]) -> Calls | None:
        """Return the calls for a weight; None if it can be written to."""
        found = self.by_array.get(id(array))
        if found is not None and found[0]() is array and not array.flags.writeable:
            return found[2]
        return self._added(array)

    def weight(self, array: NDArray[Any]) -> Weight:
        """Return the weight that an array, for which there are calls, is a view of."""
        return self.by_array[id(array)][1]

    def _added(self, array: NDArray[Any]) -> Calls | None:
        """Return the calls for an array that was not seen yet, or was seen as a view."""
        self.by_array.pop(id(array), None)
        owner = frozen_owner(array)
        if owner is None:
            return None
        identity = (
            id(owner),
            address(array),
            array.shape,
            array.strides,
            array.dtype.str,
        )
        weight = _weight(owner, identity)
        known = self.by_weight.get(identity)
        if known is None or known[0] is not weight:
            known = weight, Calls(SHAPES_OF_A_WEIGHT)
            self.by_weight[identity] = known
        forget = partial(_forget_array, weakref.ref(self), id(array))
        self.by_array[id(array)] = (weakref.ref(array, forget), *known)
        return known[1]


_weights: dict[Identity, Weight] = {}
_threads: dict[int, weakref.ref[Own]] = {}
_local = threading.local()


def own() -> Own:
    """Return the things that the current thread keeps."""
    try:
        found: Own = _local.own
    except AttributeError:
        found = _local.own = Own()
        key = id(found)
        _threads[key] = weakref.ref(found, partial(_forget_thread, key))
    return found


def kept(key: Hashable, make: Callable[[], Made]) -> Made | None:
    """Return the call that is kept for a key, or make it; None if the library has none."""
    calls = own().calls
    try:
        found: Made | None = calls[key]
    except KeyError:
        try:
            found = make()
        except Missing:
            found = None
        calls.keep(key, found)
    return found


def is_frozen(array: NDArray[Any]) -> bool:
    """Return whether an array is not writeable, nor any array that it is a view of.

    It is then taken for a constant: code that sets ``writeable`` again, writes, and unsets
    it, gets results for the old elements.
    """
    return frozen_owner(array) is not None


def freeze(array: NDArray[Any]) -> NDArray[Any]:
    """Make an array, and those that it is a view of, constant; return it."""
    part: Any = array
    while isinstance(part, np.ndarray):
        part.flags.writeable = False
        part = part.base
    return array


def frozen_owner(array: NDArray[Any]) -> NDArray[Any] | None:
    """Return the array that a frozen one is a view of, or itself; None if not frozen."""
    owner: Any = array
    while not owner.flags.writeable:
        base = owner.base
        if not isinstance(base, np.ndarray):
            return owner  # type: ignore[no-any-return]
        owner = base
    return None


def _weight(owner: NDArray[Any], identity: Identity) -> Weight:
    """Return the record of a weight that all threads share."""
    weight = _weights.get(identity)
    if weight is not None and weight.owner() is owner:
        return weight
    with _adding:
        weight = _weights.get(identity)
        if weight is None or weight.owner() is not owner:
            weight = _weights[identity] = Weight(owner, identity)
        return weight


_adding = threading.Lock()


# The functions below run whenever something is freed, in any thread and at any time: they
# take no lock, and change dictionaries by single operations.


def _forget_weight(identity: Identity, gone: weakref.ref[Any]) -> None:
    """Drop what is kept of a weight that was freed."""
    weight = _weights.get(identity)
    if weight is not None and weight.owner is gone:
        _weights.pop(identity, None)
    for thread in list(_threads.values()):
        found = thread()
        if found is not None:
            known = found.by_weight.get(identity)
            if known is not None and known[0].owner is gone:
                found.by_weight.pop(identity, None)


def _forget_array(thread: weakref.ref[Own], key: int, gone: weakref.ref[Any]) -> None:
    """Drop what a thread knows of an array that was freed."""
    found = thread()
    if found is not None:
        known = found.by_array.get(key)
        if known is not None and known[0] is gone:
            found.by_array.pop(key, None)


def _forget_thread(key: int, gone: weakref.ref[Own]) -> None:
    """Drop the number of a thread that ended."""
    if _threads.get(key) is gone:
        _threads.pop(key, None)
