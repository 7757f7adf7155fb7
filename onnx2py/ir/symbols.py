"""Symbols: functions of other libraries in calls, which the compiler never imports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import InternalError

if TYPE_CHECKING:
    from .program import Call

ARRAYS = "arrays"
"""The module of a target that has the twins of NumPy's functions and of methods of arrays."""
TWINS = "twins"
"""The package that all symbols say they are in."""


@dataclass(frozen=True)
class Symbol:
    """A function of a target, by the module and the name that it has in the target's folder.

    It stands for a kernel, for a function of NumPy or for a method of arrays: ``kernel``.
    """

    module: str
    name: str
    kernel: Callable[..., Any] | str = field(compare=False, repr=False)

    def __post_init__(self) -> None:
        # What a function says of itself, for those that read no more of it than that.
        vars(self).update(__module__=f"{TWINS}.{self.module}", __name__=self.name)

    def parameter_names(self, count: int) -> tuple[str, ...] | None:
        """Return the names of ``count`` positional arguments, None for those of the kernel."""
        return None

    def count_written(self, call: Call) -> int:
        """Return about how many arguments a call has in the source."""
        return len(call.args) + len(call.kwargs)

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Fail: it only stands for a function."""
        raise InternalError(f"{self.module}.{self.name}: a symbol is no function")


def kernel_of(function: Callable[..., Any] | str) -> Callable[..., Any] | str:
    """Return the kernel that a symbol stands for, any other function unchanged."""
    return function.kernel if isinstance(function, Symbol) else function
