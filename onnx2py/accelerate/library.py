"""The shared library of oneDNN: where it lies, and its functions.

Its C API is called through ctypes. Versions from 3.2 on, and below 4, have all that is used.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from typing import Any

OLDEST, NEWEST = (3, 2), (4, 0)
"""The first version that serves, and the first that may not."""

RUNTIMES = {1: "SEQ", 2: "OMP", 4: "TBB"}
"""How a library distributes its work, of those that answer when the work is done."""

INSTRUCTIONS = {
    0x0: "none",
    0x1: "SSE4.1",
    0x3: "AVX",
    0x7: "AVX2",
    0xF: "AVX2 with VNNI",
    0x1F: "AVX2 with VNNI and float16",
    0x27: "AVX-512",
    0x67: "AVX-512 with VNNI",
    0xE7: "AVX-512 with VNNI and bfloat16",
    0x1EF: "AVX-512 with VNNI and float16",
    0xFEF: "AMX",
    0x1FEF: "AMX with float16",
}
"""What ``dnnl_get_effective_cpu_isa`` returns, in words."""

VNNI = 0x8 | 0x40
"""Bits of that number: sums of products of bytes in 32 bits, for AVX2 and for AVX-512."""


class LibraryNotFoundError(ImportError):
    """There is no oneDNN that serves; the message says how to install one."""


class Missing(Exception):
    """oneDNN has no fast implementation of a primitive: NumPy's kernel computes."""


class _Version(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_int),
        ("minor", ctypes.c_int),
        ("patch", ctypes.c_int),
        ("hash", ctypes.c_char_p),
        ("cpu_runtime", ctypes.c_uint),
        ("gpu_runtime", ctypes.c_uint),
    ]


class Argument(ctypes.Structure):
    """One argument of a primitive: its number and its memory."""

    _fields_ = [("number", ctypes.c_int), ("memory", ctypes.c_void_p)]


class Library:
    """A loaded library, and its engine.

    Parameters
    ----------
    path : the file, or a name that the system's loader finds

    Raises
    ------
    OSError
        If it cannot be loaded.
    ValueError
        If its version or its runtime does not serve.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.functions = ctypes.CDLL(path)
        # For calls that take less time than it takes to release the interpreter's lock.
        brief = ctypes.PyDLL(path)
        self.version, self.runtime = self._checked()
        self.engine = self.made("dnnl_engine_create", 1, ctypes.c_size_t(0))
        self.execute = self.functions.dnnl_primitive_execute
        self.execute.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_int, ctypes.c_void_p]
        self.set_pointer = brief.dnnl_memory_set_data_handle
        self.set_pointer.argtypes = [ctypes.c_void_p] * 2
        self.get_threads = self.set_threads = None
        if self.runtime == "OMP":
            # A library's own OpenMP runtime: there may be several in a process.
            self.get_threads = getattr(brief, "omp_get_max_threads", None)
            self.set_threads = getattr(brief, "omp_set_num_threads", None)

    def _checked(self) -> tuple[tuple[int, int, int], str]:
        """Return the version and the runtime, if they serve."""
        query = self.functions.dnnl_version
        query.restype = ctypes.POINTER(_Version)
        found = query().contents
        version = (found.major, found.minor, found.patch)
        runtime = RUNTIMES.get(found.cpu_runtime)
        if not OLDEST <= version < NEWEST:
            raise ValueError(f"its version is {'.'.join(map(str, version))}")
        if runtime is None:
            raise ValueError(f"its CPU runtime is number {found.cpu_runtime}")
        return version, runtime

    def made(self, function: str, *arguments: Any) -> int:
        """Return the object that a function of the library makes.

        Raises
        ------
        Missing
            If the library cannot make it.
        """
        handle = ctypes.c_void_p()
        if getattr(self.functions, function)(ctypes.byref(handle), *arguments):
            raise Missing(function)
        return handle.value or 0


_loaded: list[Library] = []


def load() -> Library:
    """Return the library, which is looked for at the first call.

    ``ONNX2PY_DNNL``, if set, is the only file that is tried. Else these are: the folders of
    the wheels' libraries, then what the system's loader finds.

    Raises
    ------
    LibraryNotFoundError
        If there is none that serves.
    """
    if not _loaded:
        _loaded.append(_found())
    return _loaded[0]


def isa() -> str:
    """Return the name of the instructions that oneDNN uses on this machine."""
    number = _instructions()
    return INSTRUCTIONS.get(number, hex(number))


def has_vnni() -> bool:
    """Return whether sums of products of bytes are exact: without VNNI, they saturate."""
    return bool(_instructions() & VNNI)


def _instructions() -> int:
    """Return the bits of the instructions; 0 on other processors than x86-64."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return 0
    return int(load().functions.dnnl_get_effective_cpu_isa())


def _found() -> Library:
    """Return the first library that serves."""
    named = os.environ.get("ONNX2PY_DNNL")
    trouble = "none was found"
    for path in [named] if named else candidates():
        try:
            return Library(path)
        except (OSError, ValueError, AttributeError, Missing) as error:
            if named or os.path.exists(path):
                trouble = f"{path}: {error}"
    raise LibraryNotFoundError(
        f"oneDNN: expected libdnnl {OLDEST[0]}.{OLDEST[1]} or newer below {NEWEST[0]}, "
        f"{'named by ONNX2PY_DNNL' if named else advice()}; got: {trouble}"
    )


def candidates() -> list[str]:
    """Return the files and names to try, in order."""
    names = {
        "win32": ["dnnl.dll"],
        "darwin": ["libdnnl.3.dylib", "libdnnl.dylib"],
    }.get(sys.platform, ["libdnnl.so.3"])
    folders = [
        os.path.join(sys.prefix, "lib"),
        os.path.join(sys.prefix, "Library", "bin"),  # conda on Windows
    ]
    for entry in sys.path:
        # A wheel puts libraries into lib of the environment or of the user's folder.
        if os.path.basename(entry) in ("site-packages", "dist-packages"):
            folders.append(os.path.dirname(os.path.dirname(entry)))
    if sys.platform == "darwin":
        folders.append("/opt/homebrew/lib")
    files = [os.path.join(folder, name) for folder in folders for name in names]
    return [file for file in dict.fromkeys(files) if os.path.exists(file)] + names


def advice(system: str | None = None, machine: str | None = None) -> str:
    """Return how to install the library on a system, for the middle of a sentence."""
    system = system or sys.platform
    machine = (machine or platform.machine()).lower()
    if system == "darwin":
        return "from `brew install onednn` or `conda install -c conda-forge onednn`"
    if system == "win32":
        return "from `conda install -c conda-forge onednn`"
    if system == "linux" and machine in ("x86_64", "amd64"):
        return (
            "from `pip install onednn-cpu-gomp==2023.2.0` and the system's libgomp.so.1 "
            "(Debian, Ubuntu: `apt install libgomp1`), or from `apt install libdnnl3`"
        )
    return "from `apt install libdnnl3` or `conda install -c conda-forge onednn`"
