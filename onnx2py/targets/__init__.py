"""Targets: the libraries that packages can be written for.

A target of another distribution is an entry point of the group ``onnx2py.targets``: a
:class:`.target.Target`, by the name that ``--target`` takes.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

from ..errors import OptionError
from ..plugins import installed, loaded

if TYPE_CHECKING:
    from .target import Target

ENTRY_POINTS = "onnx2py.targets"
"""The group of entry points that name targets."""
OURS = ("numpy", "torch", "jax")


def target_names() -> list[str]:
    """Return the names of all targets, those of other distributions last."""
    return [*OURS, *sorted({*installed(ENTRY_POINTS)} - {*OURS})]


def find_target(name: str) -> Target:
    """Return the target of a name.

    Raises
    ------
    OptionError
        If there is none, or the distribution that has it cannot be imported.
    """
    if name in OURS:
        found: Target = import_module(f".{name}", __name__).TARGET
        return found
    entry = installed(ENTRY_POINTS).get(name)
    if entry is None:
        names = target_names()
        near = get_close_matches(name, names, 1)
        hint = f"; is it {near[0]!r}?" if near else ""
        raise OptionError(
            f"target: expected one of {', '.join(names)}, got {name!r}{hint}"
        )
    return _checked(entry)


def _checked(entry: EntryPoint) -> Target:
    from .target import Target

    target = loaded(entry, "target")
    if not isinstance(target, Target) or target.name != entry.name:
        raise OptionError(
            f"target {entry.name!r}: expected a Target of that name at {entry.value}, "
            f"got {target!r:.80}"
        )
    return target
