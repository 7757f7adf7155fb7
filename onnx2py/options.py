"""All options of a compilation, and their defaults: nowhere else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from .errors import OptionError


@dataclass(frozen=True)
class Options:
    """How to compile.

    Parameters
    ----------
    level : 0 writes one call per ONNX node; 1 also folds constants, drops what does
        nothing, and merges batch normalisation into convolutions.
    verify : compare the package with onnxruntime or the reference evaluator.
    inputs : files or folders with inputs to verify with; random ones if there are none.
    seed : of the random inputs.
    rtol : how far an output may be off, relative to its largest element.
    force : write into a folder that onnx2py did not make.
    time_limit : how long a package may take to be verified, in seconds.
    """

    level: int = 1
    verify: bool = False
    inputs: Sequence[str | os.PathLike[str]] = field(default_factory=tuple)
    seed: int = 0
    rtol: float = 1e-3
    force: bool = False
    time_limit: float = 600

    def __post_init__(self) -> None:
        if self.level not in (0, 1):
            raise OptionError(f"level: expected 0 or 1, got {self.level!r}")
        if isinstance(self.inputs, (str, os.PathLike)):
            raise OptionError("inputs: expected a list of paths, got one path")
        if not 0 <= self.rtol < 1:
            raise OptionError(f"rtol: expected a number from 0 to 1, got {self.rtol!r}")
        if not isinstance(self.seed, int) or self.seed < 0:
            raise OptionError(
                f"seed: expected a whole number from 0, got {self.seed!r}"
            )
        if not self.time_limit > 0:
            raise OptionError(
                f"time_limit: expected seconds, more than 0, got {self.time_limit!r}"
            )
