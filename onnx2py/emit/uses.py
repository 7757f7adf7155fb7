"""What a written module takes from other modules, noted while the module is written.

A writer gets the text of such a name here, so that nothing is written that is not imported.
One collector serves all bodies of a module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import InternalError
from ..ir.symbols import Symbol, kernel_of
from ..targets import find_target

if TYPE_CHECKING:
    from ..targets.dialect import Dialect
    from ..targets.target import Target

HELPERS = {
    "_calls": ("as_array", "own", "quiet", "reuse_memory"),
    "_checks": ("TensorSpec", "check_input"),
    "_weights": ("File", "Load"),
}
"""The modules of the package that ``model.py`` imports names from, and these names."""


def _numpy() -> Target:
    return find_target("numpy")


@dataclass
class Uses:
    """The kernels, names and libraries that one module uses."""

    target: Target = field(default_factory=_numpy)
    """What the module is written for."""
    kernels: set[Callable[..., Any]] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)
    """Modules that are imported as they are, NumPy aside: ``ml_dtypes``."""
    names: dict[str, set[str]] = field(default_factory=dict)
    """The names that are imported from each other module."""

    @property
    def dialect(self) -> Dialect:
        """How the target spells its source."""
        return self.target.dialect

    def kernel(self, function: Callable[..., Any]) -> str:
        """Return the name of a kernel, or of its twin, in ``ops``."""
        found = self.target.function(kernel_of(function))
        if found is None or isinstance(found, str):
            raise InternalError(f"{function}: target {self.target.name} lacks it")
        self.kernels.add(found)
        return found.__name__

    def library(self, name: str) -> str:
        """Return the name of a library."""
        self.libraries.add(name)
        return name

    def name(self, module: str, name: str) -> str:
        """Return a name that is imported from a module."""
        self.names.setdefault(module, set()).add(name)
        return name

    @contextmanager
    def apart(self, module: str) -> Iterator[set[str]]:
        """Collect the names of a module that are used meanwhile, and forget them here."""
        before = self.names.pop(module, None)
        noted = self.names.setdefault(module, set())
        yield noted
        del self.names[module]
        if before is not None:
            self.names[module] = before

    def typing(self, name: str) -> str:
        """Return a name that is imported from ``typing``."""
        return self.name("typing", name)

    def helper(self, name: str) -> str:
        """Return a name that is imported from one of the package's own modules."""
        module = next(module for module, names in HELPERS.items() if name in names)
        return self.name(module, name)

    def imported(self, module: str) -> str:
        """Return the names after ``from module import``, sorted; "" if none is used."""
        return ", ".join(sorted(self.names.get(module, ())))


def is_kernel(function: Callable[..., Any] | str) -> bool:
    """Return whether the source of a function becomes a part of the package."""
    is_ours = getattr(function, "__module__", "").startswith("onnx2py.kernels")
    return is_ours or isinstance(function, Symbol)
