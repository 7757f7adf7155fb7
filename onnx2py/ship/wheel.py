"""Wheels, in the binary distribution format 1.0."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

from ..emit.frame import LICENSE, README
from ..emit.provenance import package_version
from ..errors import OptionError
from .archive import Contents, add

OLDEST_NUMPY, OLDEST_PYTHON = "1.22", "3.9"
OLDEST_TORCH, OLDEST_JAX = "2.4", "0.6.0"
DISTRIBUTIONS = {
    "jax": f"jax>={OLDEST_JAX}",
    "numpy": f"numpy>={OLDEST_NUMPY}",
    "PIL": "pillow",
    "torch": f"torch>={OLDEST_TORCH}",
}
"""Distributions that have another name than their modules, or must not be too old."""
PYTHONS = {"jax": "3.10"}
"""The oldest Python of libraries that need a newer one."""


def check_distribution(name: str) -> None:
    """Check the name of a distribution, which must not be onnxruntime.

    Raises
    ------
    OptionError
        If it is not valid.
    """
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        raise OptionError(
            f"distribution: expected letters, digits, '.', '_' and '-', got {name!r}"
        )
    if normalized(name) == "onnxruntime":
        raise OptionError(
            "distribution: expected a name other than that of onnxruntime itself"
        )


def normalized(name: str) -> str:
    """Return the name of a distribution in the spelling of file names."""
    return re.sub(r"[-_.]+", "_", name).lower()


def combined_sha256(digests: Iterable[str]) -> str:
    """Combine several SHA-256 into one, regardless of their order."""
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def wheel_name(contents: Contents) -> str:
    """Return the file's name."""
    return f"{_stem(contents)}-py3-none-any.whl"


def _stem(contents: Contents) -> str:
    name = normalized(contents.distribution) or contents.name.lower()
    return f"{name}-{package_version(contents.sha256)}"


def write_wheel(path: Path, contents: Contents) -> None:
    """Write the wheel."""
    info = f"{_stem(contents)}.dist-info"
    records = []
    with ZipFile(path, "w") as archive:
        for name, file in contents.files.items():
            add(archive, f"{contents.name}/{name}", file)
            records.append(_record(f"{contents.name}/{name}", file))
        described = {
            "METADATA": _metadata(contents),
            "WHEEL": _WHEEL,
            f"licenses/{LICENSE}": contents.files[LICENSE].read_text(encoding="utf-8"),
        }
        for name, text in described.items():
            add(archive, f"{info}/{name}", text.encode())
            records.append(_record(f"{info}/{name}", text.encode()))
        listed = "".join([*records, f"{info}/RECORD,,\n"])
        add(archive, f"{info}/RECORD", listed.encode())


_WHEEL = """Wheel-Version: 1.0
Generator: onnx2py
Root-Is-Purelib: true
Tag: py3-none-any
"""


def _metadata(contents: Contents) -> str:
    needs = [DISTRIBUTIONS.get(name, name) for name in contents.requires]
    pythons = [PYTHONS[name] for name in contents.requires if name in PYTHONS]
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {contents.distribution or contents.name}",
        f"Version: {package_version(contents.sha256)}",
        f"Summary: The model {contents.name} in plain {contents.library}, "
        "compiled from ONNX by onnx2py",
        f"License-File: {LICENSE}",
        f"Requires-Python: >={(*pythons, OLDEST_PYTHON)[0]}",
        *(f"Requires-Dist: {need}" for need in needs),
    ]
    if README in contents.files:
        readme = contents.files[README].read_text(encoding="utf-8")
        lines += ["Description-Content-Type: text/markdown", "", readme]
    return "\n".join([*lines, ""])


def _record(name: str, content: bytes | Path) -> str:
    digest, size = hashlib.sha256(), 0
    if isinstance(content, bytes):
        digest.update(content)
        size = len(content)
    else:
        with content.open("rb") as source:
            while block := source.read(1 << 20):
                digest.update(block)
                size += len(block)
    code = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    return f"{name},sha256={code},{size}\n"
