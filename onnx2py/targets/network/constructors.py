"""What the constructors of layers take: lengths by their places, then options by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union

from ...errors import InternalError

Literal = Union[None, bool, int, float, str, tuple[int, ...]]

ALWAYS = ...
"""In place of the default of what is always written."""
_EPSILON = {"eps": 1e-5}
_RECURRENT = {"num_layers": 1, "bias": True, "bidirectional": False}


@dataclass(frozen=True)
class Constructor:
    """The parameters of a constructor that layers use, by PyTorch's names."""

    places: Mapping[str, Any]
    """Those that are written without their names, with their defaults."""
    options: Mapping[str, Any]
    """The others, in the order in which they are written."""


def _of(places: str, **options: Any) -> Constructor:
    return Constructor(dict.fromkeys(places.split(), ALWAYS), options)


_CONSTRUCTORS: Mapping[str, Constructor] = {
    "Conv": _of(
        "in_channels out_channels kernel_size",
        stride=1, padding=0, dilation=1, groups=1, bias=True,
    ),
    "ConvTranspose": _of(
        "in_channels out_channels kernel_size",
        stride=1, padding=0, output_padding=0, dilation=1, groups=1, bias=True,
    ),
    "Linear": _of("in_features out_features", bias=True),
    "BatchNorm": _of("num_features", **_EPSILON),
    "LayerNorm": _of("normalized_shape", **_EPSILON, bias=True),
    "RMSNorm": _of("normalized_shape", eps=ALWAYS),
    "GroupNorm": _of("num_groups num_channels", **_EPSILON, affine=True),
    "InstanceNorm": _of("num_features", **_EPSILON, affine=False),
    "Embedding": _of("num_embeddings embedding_dim"),
    "LSTM": _of("input_size hidden_size", **_RECURRENT),
    "GRU": _of("input_size hidden_size", **_RECURRENT),
    "RNN": _of(
        "input_size hidden_size", num_layers=1, nonlinearity="tanh",
        bias=True, bidirectional=False,
    ),
    "PReLU": Constructor({"num_parameters": 1}, {}),
    "Dropout": _of("", p=ALWAYS),
}  # fmt: skip
"""By the names of layers without the number of their axes."""


def constructor_of(name: str) -> Constructor:
    """Return the parameters of the constructor of a layer: of ``Conv2d``."""
    return _CONSTRUCTORS[re.sub(r"[123]d\Z", "", name)]


def all_arguments(
    name: str, lengths: tuple[Literal, ...], options: Mapping[str, Literal]
) -> dict[str, Literal]:
    """Return all arguments of a constructor by their names, those left out by their defaults.

    Options that are None are left out.

    Raises
    ------
    InternalError
        If the constructor has no such option, or needs more.
    """
    made = constructor_of(name)
    given: dict[str, Any] = {**made.places, **made.options}
    given.update(zip(made.places, lengths))
    given.update((key, value) for key, value in options.items() if value is not None)
    size = len(made.places) + len(made.options)
    if len(given) != size or ALWAYS in given.values():
        raise InternalError(f"nn.{name}: not the arguments of its constructor")
    return given


def written_arguments(
    name: str, given: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a constructor that are no defaults: by places, and by names.

    ``given`` are all of them: literals, or what stands for some.
    """
    made = constructor_of(name)
    lengths = [given[key] for key, d in made.places.items() if not _same(given[key], d)]
    options = {
        key: given[key]
        for key, default in made.options.items()
        if not _same(given[key], default)
    }
    return lengths, options


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)
