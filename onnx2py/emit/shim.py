"""A folder ``onnxruntime/`` with several models, for programs that import onnxruntime."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .environment import rendered
from .frame import LICENSE, SHARED
from .helpers import helpers_context
from .operators import Kernel, laid_out_operators, operator_files
from .package import Content, Package
from .sampling import sampled_sha256
from .text import one_line

NAME = "onnxruntime"
"""The folder's name, which programs import."""
IMITATED = "1.32.0"
"""The version of onnxruntime whose names, fields and messages the templates have."""
MODELS = "models"
"""Where the packages lie, with what they have in common."""

SOURCES = (
    "__init__.py", "_devices.py", "_environment.py", "_errors.py", "_format.py", "_lookup.py",
    "_options.py", "_providers.py", "_session.py",
    "capi/__init__.py", "capi/_pybind_state.py", "capi/onnxruntime_inference_collection.py",
    "capi/onnxruntime_pybind11_state.py", "models/__init__.py",
)  # fmt: skip
"""Sources that have a template of their own."""
LAID_OUT = frozenset(SOURCES) - {"__init__.py", "models/__init__.py"}
"""Those that are written as black lays them out, whatever is filled in."""


@dataclass(frozen=True)
class Entry:
    """A model: its package, and what it is found by."""

    package: str
    sha256: str
    files: tuple[str, ...]
    """Names of files, with as many folders before them as tell models apart."""
    data: tuple[tuple[str, str], ...] = ()
    """The name and :func:`sampled_sha256` of each file that holds weights beside it."""
    denotations: tuple[tuple[str, int, str], ...] = ()
    """The name of an input, an axis and what the file says that it is: ``DATA_BATCH``."""

    @property
    def about(self) -> str:
        """Say in a line which package is which model."""
        files = ", ".join(map(one_line, self.files)) or "bytes"
        return f"``{NAME}.{MODELS}.{self.package}``: {files}"


def build_shim(
    packages: Mapping[str, Package], entries: Sequence[Entry], version: str
) -> Package:
    """Write packages that were built to be shared, and all around them, as one."""
    kernels: set[Kernel] = {k for p in packages.values() for k in p.kernels}
    requires = sorted({name for p in packages.values() for name in p.requires})
    large = any(package.large for package in packages.values())
    context: dict[str, Any] = {
        "entries": entries,
        "version": version,
        "imitated": IMITATED,
        "name": NAME,
        "sampled_source": inspect.getsource(sampled_sha256),
        "requires": [name for name in requires if name != "numpy"],
        "licenses": [],
        **helpers_context(requires, large),
    }
    files: dict[str, Content] = {
        path: rendered(path, context, "shim/") for path in (*SOURCES, "README.md")
    }
    files["py.typed"] = ""
    files[LICENSE] = rendered(LICENSE, context)
    shared = SHARED - {LICENSE} | {"tools/__init__.py"}
    common = {
        **operator_files(kernels),
        **{path: rendered(path, context) for path in shared if path != "py.typed"},
    }
    laid_out = shared | laid_out_operators(kernels)
    files.update({f"{MODELS}/{path}": text for path, text in common.items()})
    for name, package in packages.items():
        files.update(
            {f"{MODELS}/{name}/{path}": c for path, c in package.files.items()}
        )
        laid_out |= {f"{name}/{path}" for path in package.files}
    return Package(
        files=dict(sorted(files.items())),
        nodes=sum(p.nodes for p in packages.values()),
        calls=sum(p.calls for p in packages.values()),
        parameters=sum(p.parameters for p in packages.values()),
        weight_bytes=sum(p.weight_bytes for p in packages.values()),
        requires=("numpy", *context["requires"]),
        laid_out=LAID_OUT | {f"{MODELS}/{path}" for path in laid_out},
        kernels=tuple(kernels),
        large=large,
    )
