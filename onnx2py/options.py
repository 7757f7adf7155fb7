"""All options of a compilation, with their defaults: nowhere else.

A new option is one field of :class:`Options`. Its flag, its help, the check of its value and
its row in the documentation come from the declaration.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from . import declaration as d
from .declaration import Declaration, declarations, option
from .errors import OptionError
from .limits import MAX_ELEMENTS, MAX_NODES

COMPILE, CHECK, VERIFY, SHIM = "compile", "check", "verify", "shim"
CONFORMANCE = "conformance"
ALL = (COMPILE, CHECK, VERIFY, SHIM)
ONE = (COMPILE, CHECK, VERIFY)
"""The commands for a single model; those for several leave each as its file says."""
WRITING = (COMPILE, SHIM)
COMPARING = (COMPILE, VERIFY, SHIM)
COMPUTING = (*COMPARING, CONFORMANCE)
"""The commands that draw inputs and compare results."""

OUTPUT, CODE, SIGNATURE, COMPARISON, FILES, LIMITS = (
    "Output",
    "Generated code",
    "Inputs and outputs of the model",
    "Verification",
    "Additional files",
    "Limits",
)


@dataclass(frozen=True)
class Options:
    """How to compile a model."""

    force: bool = option(
        False, "--force", help="write into a folder that onnx2py did not create; foreign "
        "files in it are kept",
        group=OUTPUT, style=d.SWITCH, check=d.BOOLEAN, commands=WRITING,
    )  # fmt: skip
    level: int = option(
        1, "-O", "LEVEL", "optimization level: -O0 writes one call per ONNX node, "
        "-O1 folds constants, fuses nodes and frees memory early",
        group=CODE, read=d.number, check=d.LEVEL, commands=(COMPILE, CHECK, SHIM),
        detail="Level 1 also removes no-ops, merges batch normalization into convolutions, "
        "and chooses kernels for known shapes.",
    )  # fmt: skip
    target: str = option(
        "numpy", "--target", "NAME", "library that the package is written for",
        group=CODE, check=d.NAME, commands=(COMPILE, CHECK),
        detail="`numpy`, `torch`, `jax`, or the name that another distribution gives its target: "
        "see [targets](targets.md).",
    )  # fmt: skip
    flat: bool = option(
        False, "--flat", help="write every call in one function, without classes and loops for "
        "the parts that repeat",
        group=CODE, style=d.SWITCH, check=d.BOOLEAN, commands=WRITING,
        detail="At level 0 and in `load_model` all code is flat.",
    )  # fmt: skip
    scan_layers: bool = option(
        False, "--scan-layers", help="let JAX loop over layers of one kind, whose parameters are "
        "stacked: it compiles one of them",
        group=CODE, style=d.SWITCH, check=d.BOOLEAN, commands=(COMPILE,),
        detail="For `--target jax`: see [targets](targets.md#jax).",
    )  # fmt: skip
    accelerate: bool = option(
        False, "--accelerate", help="copy kernels into the package that call oneDNN where it is "
        "installed and asked for (experimental)",
        group=CODE, style=d.SWITCH, check=d.BOOLEAN, commands=(COMPILE,),
        detail="NumPy alone computes unless `Model(accelerate=True)` or `ONNX2PY_ACCELERATE=1` "
        "says otherwise: see [acceleration](accelerate.md).",
    )  # fmt: skip
    minimal: bool = option(
        False, "--minimal", help="leave out what `Model` does not need: tools/, watch.py and the "
        "README",
        group=CODE, style=d.SWITCH, check=d.BOOLEAN, commands=(COMPILE,),
        detail="See [minimal packages](package.md#minimal-packages).",
    )  # fmt: skip
    ops: Sequence[str | os.PathLike[str]] = option(
        (), "--ops", "FILE", "Python file with custom operators",
        group=CODE, style=d.REPEATED, check=d.PATHS, commands=ALL, completes=d.FILE,
        detail="See [custom operators](#custom-operators).",
    )  # fmt: skip
    layout: bool = option(
        True, help="format the source with black, which takes most of the time for a small "
        "model", group=CODE, check=d.BOOLEAN, commands=WRITING,
    )  # fmt: skip
    outputs: Sequence[str] = option(
        (), "--outputs", "A,B", "compute only these values, given by their ONNX names",
        group=SIGNATURE, read=d.names, check=d.NAMES, commands=ONE,
        detail="The nodes that they do not need are dropped.",
    )  # fmt: skip
    inputs: Sequence[str] = option(
        (), "--inputs", "A,B", "take these values as inputs instead of computing them",
        group=SIGNATURE, read=d.names, check=d.NAMES, commands=ONE,
    )  # fmt: skip
    dims: Mapping[str, int] = option(
        {}, "--dim", "NAME=N", "fix a symbolic dimension",
        group=SIGNATURE, style=d.PAIRS, read=d.number, check=d.LENGTHS, commands=ONE,
        detail="Shape arithmetic that depends on it folds away.",
    )  # fmt: skip
    shapes: Mapping[str, Sequence[int | str]] = option(
        {}, "--shape", "NAME=N,N", "set the shape of an input; a name keeps a dimension "
        "symbolic",
        group=SIGNATURE, style=d.PAIRS, read=d.shape, check=d.SHAPES, commands=ONE,
    )  # fmt: skip
    bind: Mapping[str, Any] = option(
        {}, "--bind", "NAME=FILE", "replace an input by a constant from a .npy file",
        group=SIGNATURE, style=d.PAIRS, check=d.VALUES, commands=ONE, completes=d.FILE,
    )  # fmt: skip
    overridable: bool = option(
        False, "--overridable", help="keep inputs that have a default as optional inputs "
        "instead of weights",
        group=SIGNATURE, style=d.SWITCH, check=d.BOOLEAN, commands=ALL,
        detail="See [inputs with defaults](#inputs-with-defaults).",
    )  # fmt: skip
    verify: bool = option(
        False, "--verify", help="compare the package with onnxruntime, or with onnx's "
        "reference evaluator",
        group=COMPARISON, style=d.SWITCH, check=d.BOOLEAN, commands=WRITING,
        detail="The package runs in a process where only NumPy can be imported. If it "
        "agrees, inputs and outputs are recorded in it for its self-test.",
    )  # fmt: skip
    data: Sequence[str | os.PathLike[str]] = option(
        (), "--data", "PATH", "inputs to verify with: .npy, .npz or .pb files, or folders "
        "of them", group=COMPARISON, style=d.SEVERAL, check=d.PATHS,
        commands=(COMPILE, VERIFY, CONFORMANCE), completes=d.FILE,
        detail="Folders `test_data_set_*` next to the model are used automatically.",
    )  # fmt: skip
    seed: int = option(
        0, "--seed", "N", "seed for random inputs (used when there is no data)",
        group=COMPARISON, read=d.number, check=d.WHOLE, commands=COMPUTING,
    )  # fmt: skip
    rtol: float = option(
        1e-3, "--rtol", "X", "tolerance relative to the output's largest element",
        group=COMPARISON, read=d.number, check=d.FRACTION, commands=COMPUTING,
    )  # fmt: skip
    time_limit: float = option(
        600, "--time-limit", "S", "time limit for the whole verification, in seconds",
        group=COMPARISON, read=d.number, check=d.SECONDS, commands=COMPARING,
    )  # fmt: skip
    wheel: str | os.PathLike[str] | None = option(
        None, "--wheel", "FOLDER", "also write a wheel into this folder, for pip install",
        group=FILES, check=d.PATH, commands=WRITING, completes=d.FOLDER,
    )  # fmt: skip
    zipapp: str | os.PathLike[str] | None = option(
        None, "--zipapp", "FILE", "also write a runnable zip archive: python FILE --help",
        group=FILES, check=d.PATH, commands=(COMPILE,), completes=d.FILE,
    )  # fmt: skip
    single_file: str | os.PathLike[str] | None = option(
        None, "--single-file", "FILE", "also write one .py file with the weights in it "
        "(up to 4 MB)",
        group=FILES, check=d.PATH, commands=(COMPILE,), completes=d.FILE,
    )  # fmt: skip
    report: str | os.PathLike[str] | None = option(
        None, "--report", "FILE.html", "also write a page with a picture of the graph and its "
        "calls",
        group=FILES, check=d.PAGE, commands=(COMPILE,), completes=d.FILE,
    )  # fmt: skip
    sbom: str | os.PathLike[str] | None = option(
        None, "--sbom", "FILE", "also write a software bill of materials (CycloneDX JSON)",
        group=FILES, check=d.PATH, commands=(COMPILE,), completes=d.FILE,
    )  # fmt: skip
    max_elements: int = option(
        MAX_ELEMENTS, "--max-elements", "N", "refuse models with a tensor of more than N elements",
        group=LIMITS, read=d.number, check=d.WHOLE, commands=ALL,
    )  # fmt: skip
    max_nodes: int = option(
        MAX_NODES, "--max-nodes", "N", "refuse models with more than N nodes",
        group=LIMITS, read=d.number, check=d.WHOLE, commands=ALL,
    )  # fmt: skip

    def __post_init__(self) -> None:
        for each in declarations(self):
            each.verify(getattr(self, each.name))
        if self.target != "numpy" and self.single_file is not None:
            raise OptionError(
                "single_file: expected a package for NumPy, whose modules can be one, got "
                f"target {self.target!r}; --wheel and --zipapp take it"
            )
        if self.accelerate and self.single_file is not None:
            raise OptionError(
                "single_file: expected a package of NumPy alone, whose modules can be one, got "
                "accelerate; --wheel and --zipapp take it"
            )
        if self.minimal and self.zipapp is not None:
            raise OptionError(
                "zipapp: expected a package with tools/, whose commands the archive runs, got "
                "minimal; --wheel and --single-file need no tools"
            )


DECLARED: Mapping[str, Declaration] = {
    each.name: each for each in declarations(Options)
}
"""All options by their keywords."""


def _documented() -> str:
    """Return the section of the class's docstring that lists the fields."""
    rows = (
        f"    {e.name} : {e.described.replace('(default: ', '(')}"
        for e in DECLARED.values()
    )
    return "\n".join(["\n\n    Parameters", "    ----------", *rows, "    "])


if Options.__doc__:  # python -OO leaves none
    Options.__doc__ += _documented()


def options_of(keywords: Mapping[str, object]) -> Options:
    """Return the options that a caller of the library gave.

    Raises
    ------
    OptionError
        If there is no option of a name, or its value is wrong.
    """
    for name in keywords:
        if name not in DECLARED:
            near = get_close_matches(name, DECLARED, 1)
            hint = f"; is it {near[0]!r}?" if near else ""
            raise OptionError(f"options: expected the name of one, got {name!r}{hint}")
    return Options(**keywords)  # type: ignore[arg-type]


def taken_by(command: str) -> Iterator[Declaration]:
    """Yield the options that a command takes."""
    return (each for each in DECLARED.values() if command in each.commands)
