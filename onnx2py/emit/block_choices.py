"""Choices of kernels as constants: ``PACKED = {"kernel": ops.conv_packed, ...}``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from ..ir.program import Kernel
from .block_given import Choice, Given, key_of
from .block_parts import Parts
from .names import unique_name
from .uses import Uses

LONGEST = 3
"""Options that a constant is called after; with more, it is numbered."""


class Choices:
    """Names the choices that constructors are given."""

    def __init__(self, parts: Iterable[Parts], taken: Iterable[str]) -> None:
        self.of = {
            key_of(choice): choice
            for each in parts
            for convolution in each.convolutions.values()
            if not convolution.is_alike
            for choice in convolution.choices
            if choice is not None
        }
        used = dict.fromkeys(taken, 0)
        groups: dict[str, list[Any]] = {}
        for key, choice in self.of.items():
            groups.setdefault(_kind(choice), []).append(key)
        self.names: dict[Any, str] = {}
        for kind, keys in groups.items():
            told = _telling([_options(self.of[key]) for key in keys])
            for key, words in zip(keys, told):
                self.names[key] = unique_name("_".join((kind, *words)), used)
        self.read: set[Any] = set()

    def name(self, choice: Choice) -> str:
        """Return the constant for a choice."""
        key = key_of(choice)
        self.read.add(key)
        return self.names[key]

    def text(self, spell: Callable[[Given], str], uses: Uses) -> str:
        """Return the lines that define the constants that are read, in order."""
        return "\n".join(
            f"{name}: dict[str, {uses.typing('Any')}] = {{{items}}}"
            for key, name in self.names.items()
            if key in self.read
            for items in [_items(self.of[key], spell)]
        )


def options_of(choice: Choice, spell: Callable[[Given], str]) -> dict[str, str]:
    """Return the arguments of ``ops.Conv`` for a choice, the kernel first."""
    options = {"kernel": spell(replace(choice.kernel, options={}))}
    if choice.prepare is not None:
        options["prepare"] = spell(choice.prepare)
    options.update((k, spell(v)) for k, v in choice.kernel.options.items())
    return options


def _items(choice: Choice, spell: Callable[[Given], str]) -> str:
    return ", ".join(f'"{k}": {text}' for k, text in options_of(choice, spell).items())


def _kind(choice: Choice) -> str:
    """Return the kernel's name in capitals: ``conv_packed`` -> PACKED."""
    name = getattr(choice.kernel.function, "__name__", "conv")
    return str(name.removeprefix("conv_") or name).upper()


def _options(choice: Choice) -> dict[str, Any]:
    """Return all options of a choice that may tell it from others."""
    prepare: Kernel = choice.prepare or Kernel("", {})
    return {**prepare.options, **choice.kernel.options}


def _telling(options: list[dict[str, Any]]) -> Iterator[list[str]]:
    """Yield, for each choice of a kernel, the options that tell it from the others."""
    keys = dict.fromkeys(key for each in options for key in each)
    differing = [k for k in keys if len({repr(each.get(k)) for each in options}) > 1]
    for each in options:
        words = [f"{k}_{_word(each[k])}".upper() for k in differing if k in each]
        yield (
            words if len(words) < LONGEST and all(map(str.isidentifier, words)) else []
        )


def _word(value: Any) -> str:
    """Return an option in a word: 2 for (2, 2)."""
    values = value if isinstance(value, tuple) else (value,)
    return "_".join(map(str, dict.fromkeys(values)))
