"""Runnable archives (``.pyz``) with the weights inside."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

from .archive import Contents, add

MAIN = '''"""Run the package in this archive: ``python {name}.pyz --help``."""

import sys

from {name}.__main__ import main

sys.exit(main())
'''


def write_zipapp(path: Path, contents: Contents) -> None:
    """Write the archive, which is executable on Unix."""
    with path.open("wb") as stream:
        stream.write(b"#!/usr/bin/env python3\n")
        with ZipFile(stream, "w") as archive:
            add(archive, "__main__.py", MAIN.format(name=contents.name).encode())
            for name, file in contents.files.items():
                add(archive, f"{contents.name}/{name}", file)
