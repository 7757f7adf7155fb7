"""All options of a compilation, and their defaults: nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import OptionError
from .limits import MAX_ELEMENTS, MAX_NODES


@dataclass(frozen=True)
class Options:
    """How to compile.

    Parameters
    ----------
    level : 0 writes one call per ONNX node; 1 also folds constants, drops what does
        nothing, and merges batch normalisation into convolutions.
    verify : compare the package with onnxruntime or the reference evaluator.
    data : files or folders with inputs to verify with; random ones if there are none.
    seed : of the random inputs.
    rtol : how far an output may be off, relative to its largest element.
    force : write into a folder that onnx2py did not make.
    time_limit : how long verifying a package may take, all in all, in seconds.
    ops : Python files with operators of one's own, see :func:`onnx2py.implements`.
    outputs, inputs : names of values to cut the graph at: what is to be computed, from what.
    dims : a length for each symbol of the inputs' shapes that is to be fixed.
    shapes : a shape for each input that is to have another one than the file says.
    bind : an array, or a path of a .npy file, for each input that is to be a constant.
    wheel : a folder to put a wheel of the package into.
    zipapp : a file to write the package to as an archive that Python runs.
    single_file : a file to write the package to as one module, weights included.
    report : a file to write a page about the package to, ending in .html.
    sbom : a file to write what the package consists of to, as CycloneDX JSON.
    max_elements : the most elements of a tensor that is given or computed.
    max_nodes : the most nodes, those of functions and subgraphs included.
    layout : let black lay the source out; it takes most of the time for a small model.
    """

    level: int = 1
    verify: bool = False
    data: Sequence[str | os.PathLike[str]] = field(default_factory=tuple)
    seed: int = 0
    rtol: float = 1e-3
    force: bool = False
    time_limit: float = 600
    ops: Sequence[str | os.PathLike[str]] = ()
    outputs: Sequence[str] = ()
    inputs: Sequence[str] = ()
    dims: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[int | str]] = field(default_factory=dict)
    bind: Mapping[str, Any] = field(default_factory=dict)
    wheel: str | os.PathLike[str] | None = None
    zipapp: str | os.PathLike[str] | None = None
    single_file: str | os.PathLike[str] | None = None
    report: str | os.PathLike[str] | None = None
    sbom: str | os.PathLike[str] | None = None
    max_elements: int = MAX_ELEMENTS
    max_nodes: int = MAX_NODES
    layout: bool = True

    def __post_init__(self) -> None:
        if self.level not in (0, 1):
            raise OptionError(f"level: expected 0 or 1, got {self.level!r}")
        if isinstance(self.data, (str, os.PathLike)):
            raise OptionError("data: expected a list of paths, got one path")
        if isinstance(self.ops, (str, os.PathLike)):
            raise OptionError("ops: expected a list of files, got one path")
        for name in ("inputs", "outputs"):
            if isinstance(getattr(self, name), str):
                raise OptionError(f"{name}: expected a list of names, got a string")
        if self.report is not None and not str(self.report).endswith(".html"):
            raise OptionError(
                f"report: expected a file name that ends in .html, got {self.report}"
            )
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
