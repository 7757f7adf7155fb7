"""Reproducible archives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

PACKED = (".py", ".md", ".json", ".txt", ".typed")
"""Files to compress; weights hardly shrink and are read faster uncompressed."""


@dataclass(frozen=True)
class Contents:
    """A package: its name, its files, what it needs, and the model's SHA-256."""

    name: str
    files: Mapping[str, Path]
    requires: tuple[str, ...]
    sha256: str
    distribution: str = ""
    """What pip calls it, if that is another name."""
    library: str = "NumPy"
    """The library that it is written for."""


def add(archive: ZipFile, name: str, content: bytes | Path) -> None:
    """Add a file with fixed time and permissions."""
    entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.create_system = 3  # Unix, on every system
    entry.external_attr = 0o100644 << 16
    packed = name.endswith((*PACKED, "LICENSE", "METADATA", "RECORD"))
    entry.compress_type = ZIP_DEFLATED if packed else ZIP_STORED
    if isinstance(content, bytes):
        archive.writestr(entry, content)
        return
    entry.file_size = content.stat().st_size
    with content.open("rb") as source, archive.open(entry, "w") as target:
        while block := source.read(1 << 20):
            target.write(block)
