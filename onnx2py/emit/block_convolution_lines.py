"""The lines that make the convolutions of a class, and the files of their weights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..kernels.conv_packed import conv_packed
from ..kernels.convolution import Conv
from .block_choices import options_of
from .block_convolutions import Convolution, with_objects
from .block_given import key_of
from .block_objects import Objects
from .block_parts import Filed, Parts
from .block_weights import expected, file_names
from .literals import function_name
from .names import unique_name
from .remarks import weight_name, wrapped
from .text import comment

STORED, BIAS = "weight", "bias"
"""What ``ops.Conv`` calls its weights."""


class ConvolutionWriter:
    """Writes the convolutions of a block that are objects."""

    def __init__(self, parts: Parts, objects: Objects) -> None:
        self.parts, self.objects = parts, objects
        self.convolutions = parts.convolutions
        self.given: dict[str, str] = {}
        """The local name of what the constructor is given for a convolution."""
        self.stored: dict[str, list[Filed]] = {}
        """The weight and the bias of each."""

    def hold(self, names: dict[str, str], attributes: Sequence[str]) -> list[str]:
        """Let objects hold what is of convolutions alone; return the attributes of the block.

        ``names`` is given the names of the objects.
        """
        parts, gone = self.parts, set[str]()
        for convolution in self.convolutions.values():
            own = [n for n in (convolution.stored, convolution.bias) if n]
            files = {**parts.files, **parts.optional}
            self.stored[convolution.weight] = [files[name] for name in own]
            gone |= {convolution.weight, *own, *convolution.settings}
        parts.files = {k: v for k, v in parts.files.items() if k not in gone}
        parts.given = {k: v for k, v in parts.given.items() if k not in gone}
        parts.prepared = {k: v for k, v in parts.prepared.items() if k not in gone}
        parts.setup = [s for s in parts.setup if gone.isdisjoint(s.outputs)]
        parts.statements = tuple(with_objects(parts.statements, self.convolutions))
        kept = [name for name in attributes if name not in gone]
        sites = self.objects.tree.attributes(parts.block.name)
        taken = dict.fromkeys([*(names[name] for name in kept), *sites], 0)
        for weight, convolution in self.convolutions.items():
            names[weight] = unique_name(_called(names[convolution.stored]), taken)
        for name in gone.difference(self.convolutions):
            del names[name]
        self.give(names)
        return [*kept, *self.convolutions]

    def give(self, names: dict[str, str]) -> None:
        """Let the constructor be given what differs between instances."""
        known: dict[object, str] = {}
        block = self.parts.block.name
        parameters = self.objects.parameters.setdefault(block, {})
        for weight, convolution in self.convolutions.items():
            if convolution.is_alike:
                continue
            key = key_of(convolution.choices)
            if key not in known:
                known[key] = weight
                self.parts.given[weight] = convolution.choices
                taken = dict.fromkeys(("load", "i", *parameters.values()), 0)
                parameters[weight] = unique_name(names[weight], taken)
                self.parts.taken.setdefault(parameters[weight], 0)
            self.given[weight] = known[key]

    def lines(self, names: dict[str, str]) -> Iterator[str]:
        """Yield the lines that make the objects."""
        for weight, convolution in self.convolutions.items():
            stored = self.stored[weight]
            called = (
                weight_name(file_names(self.parts, filed), f"{names[weight]}_{last}")
                for last, filed in zip((STORED, BIAS), stored)
            )
            if text := ", ".join(filter(None, called)):
                yield from wrapped(comment(text))
            given = [
                "load",
                f'"{names[weight]}"',
                f'"{expected(stored[0])}"',
                *self.options(convolution),
            ]
            conv = function_name(Conv, self.objects.uses)
            text = f"{conv}({', '.join(given)})"
            if convolution.is_optional:
                block, local = self.parts.block.name, self.given[weight]
                text = f"{text} if {self.objects.parameter(block, local)} else None"
            yield f"self.{names[weight]} = {text}"

    def options(self, convolution: Convolution) -> Iterator[str]:
        """Yield the arguments that say which kernel computes a convolution."""
        bias = [] if convolution.bias else ["bias=False"]
        if not convolution.is_alike:
            block, given = self.parts.block.name, self.given[convolution.weight]
            yield from (*bias, f"**{self.objects.parameter(block, given)}")
            return
        choice = convolution.choices[0]
        assert choice is not None
        options = options_of(choice, self.objects.values.text)
        kernel = options.pop("kernel")
        if choice.kernel.function is not conv_packed:
            yield kernel
        yield from (*bias, *(f"{name}={text}" for name, text in options.items()))

    def files(self, names: dict[str, str]) -> Iterator[tuple[str, Filed]]:
        """Yield the last part of the name of each file, and the constants in it."""
        for weight, stored in self.stored.items():
            for last, filed in zip((STORED, BIAS), stored):
                yield f"{names[weight]}.{last}", filed


def _called(weight: str) -> str:
    """Return the name of a convolution: its weight's, if that is called after a module.

    >>> _called("conv1_weight"), _called("basis_buffer")
    ('conv1', 'conv')
    """
    match = re.fullmatch(r"(.+?)_(weights?|kernel|w)(_\d+)?", weight)
    return match[1] if match else "conv"
