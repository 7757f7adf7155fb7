"""The commands of ``python -m mnist``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._golden import counted, draw, numpy_dtype, read_record, recorded_inputs
from ._tensors import TensorSpec, shown, type_of
from ._threads import ADVICE, openblas, state
from .watch import Step, trace
from .model import INPUTS, OUTPUTS, WEIGHTS, Model, __doc__ as ABOUT

IMAGES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}

BLOCK = 5
"""Consecutive calls with the same number of threads."""
MARGIN = 0.1
"""Smaller relative differences between medians are ignored."""

AVX2_KERNELS = {"Sandybridge", "Haswell", "Zen", "Excavator"}
"""OpenBLAS kernels whose vectors are half as wide as those of AVX-512."""


def info() -> None:
    """Print the origin, inputs, outputs and weights of the model."""
    print("\n\n".join((ABOUT or "").strip().split("\n\n")[:2]))  # title and origin
    for title, specs in (("input", INPUTS), ("output", OUTPUTS)):
        for spec in specs:
            mark = " (optional)" if spec.optional else ""
            print(f"{title} {shown(spec.name)}: {type_of(spec)}{mark}")
    if Path(WEIGHTS).is_dir():  # not inside an archive
        sizes = [file.stat().st_size for file in Path(WEIGHTS).glob("*.npy")]
        print(f"weights: {counted(len(sizes), 'file')}, {sum(sizes):,} bytes")


def run(inputs: Sequence[str], out: Path, scale: Optional[float]) -> None:
    """Run the model on inputs from files; write each output to ``<out>/<name>.npy``."""
    given = read_inputs(inputs, scale)
    missing = [s.name for s in INPUTS if not s.optional and s.python_name not in given]
    if missing:
        raise ValueError(
            f"{', '.join(map(shown, missing))}: expected --input, got none"
        )
    result = Model()(**given)
    values = [result] if len(OUTPUTS) == 1 else list(result)
    names = ["output"] if len(OUTPUTS) == 1 else list(result._fields)
    out.mkdir(parents=True, exist_ok=True)
    for spec, name, value in zip(OUTPUTS, names, values):
        print(f"{shown(spec.name)}: {write_output(out / name, value)}")


def bench(inputs: Sequence[str], scale: Optional[float], repeat: int) -> None:
    """Print the time of loading and of calling the model."""
    start = perf_counter()
    model = Model()
    loading = perf_counter() - start
    given = some_inputs(read_inputs(inputs, scale))
    (first,) = times_of(model, given, 1)
    print(f"loading {milliseconds(loading)}, first call {milliseconds(first)}")
    usual = max((library.get() for library in state().libraries), default=0)
    limits = [None, 1] if usual > 1 else [None]
    times: dict[Optional[int], list[float]] = {threads: [] for threads in limits}
    for done in range(0, repeat, BLOCK):  # alternate, so that other load affects both
        for threads in limits:
            model.threads = threads
            times[threads] += times_of(model, given, min(BLOCK, repeat - done))
    for threads in limits:
        number = counted_threads(threads or usual)
        print(f"{number}{repeat} calls: {spread(times[threads])}")
    print(verdict(usual, times), end="")
    print(advice(processor_flags(), blas_kernels()), end="")


def times_of(model: Model, inputs: dict[str, Any], repeat: int) -> list[float]:
    """Time ``repeat`` calls, in seconds."""
    times = []
    for _ in range(repeat):
        start = perf_counter()
        model(**inputs)
        times.append(perf_counter() - start)
    return times


def spread(times: Sequence[float]) -> str:
    """Format the median, minimum and maximum of times."""
    return (
        f"median {milliseconds(median(times))}, min {milliseconds(min(times))}, "
        f"max {milliseconds(max(times))}"
    )


def counted_threads(number: int) -> str:
    """Format a number of threads, '' if it is unknown (0)."""
    return f"{number} thread{'s' if number > 1 else ''}: " if number else ""


def verdict(usual: int, times: dict[Optional[int], list[float]]) -> str:
    """Compare the times with one thread to those with all."""
    if not usual:
        return f"one thread: not measured ({ADVICE})\n"
    if len(times) < 2:
        return ""
    ratio = median(times[None]) / (median(times[1]) or 1e-12)
    if ratio > 1 + MARGIN:
        return f"recommended: Model(threads=1), {ratio:.1f} times as fast\n"
    if ratio < 1 / (1 + MARGIN):
        return f"recommended: all threads, {1 / ratio:.1f} times as fast\n"
    return "one thread is as fast as all: Model(threads=1) leaves other cores free\n"


def advice(flags: str, kernels: str) -> str:
    """Return a hint if NumPy's OpenBLAS does not use the processor's AVX-512."""
    if "avx512f" not in flags.split() or kernels not in AVX2_KERNELS:
        return ""
    return (
        f"OpenBLAS uses its {kernels} kernels, but this processor has AVX-512: matrix "
        "products may take\nhalf the time with OPENBLAS_CORETYPE=SkylakeX in the "
        "environment (set it before NumPy is imported)\n"
    )


def processor_flags() -> str:
    """Return the processor's flags as Linux reports them, '' on other systems."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return ""
    return text.partition("flags")[2].partition("\n")[0]


def blas_kernels() -> str:
    """Return the name of the kernels that NumPy's OpenBLAS uses, '' if it has none."""
    from ctypes import c_char_p

    for library in openblas():
        for name in ("scipy_openblas_get_corename64_", "openblas_get_corename64_"):
            if hasattr(library, name):
                get = getattr(library, name)
                get.restype = c_char_p
                return str(get().decode("ascii", "replace"))
    return ""


def profile(
    inputs: Sequence[str],
    scale: Optional[float],
    repeat: int,
    top: int,
    chrome: Optional[Path],
) -> None:
    """Print the calls and the operators that take the most time."""
    model = Model()
    given = some_inputs(read_inputs(inputs, scale))
    model(**given)  # the first call reads weights from disk
    runs = [trace(model, **given, capture=()).steps for _ in range(repeat)]
    steps = runs[0]
    times = [median(run[i].own_seconds for run in runs) for i in range(len(steps))]
    total = sum(times) or 1e-12
    calls = group(zip(steps, times), lambda s: f"{s.call.line}: {s.call.node or '-'}")
    operators = group(zip(steps, times), lambda s: s.call.operator)
    objects = group(zip(steps, times), lambda s: s.call.path or "Model")
    print_table("line of model.py: node", calls, total, top)
    if len(objects) > 1:
        print_table("object", objects, total, top)
    print_table("operator", operators, total, top)
    size = sum(step.size for step in steps)
    number = counted(len(steps), "call")
    print(f"total: {number}, {milliseconds(total)}, {size:,} bytes allocated")
    if chrome is not None:
        chrome.write_text(json.dumps(chrome_trace(steps)), encoding="utf-8")
        print(f"{chrome}: open it at chrome://tracing or in Perfetto")


def group(
    timed: Iterable[tuple[Step, float]], key: Any
) -> dict[str, tuple[int, float, int]]:
    """Sum up steps by key: number of calls, seconds, bytes."""
    rows: dict[str, tuple[int, float, int]] = {}
    for step, seconds in timed:
        count, before, size = rows.get(key(step), (0, 0.0, 0))
        rows[key(step)] = (count + 1, before + seconds, size + step.size)
    return rows


def print_table(
    title: str, rows: dict[str, tuple[int, float, int]], total: float, top: int
) -> None:
    """Print the rows that take the most time."""
    ranked = sorted(rows.items(), key=lambda item: -item[1][1])
    print(f"{'time':>12} {'part':>6} {'calls':>6} {'bytes':>14}  {title}")
    for name, (count, seconds, size) in ranked[:top]:
        part = f"{100 * seconds / total:.1f}%"
        label = shown(name)
        print(f"{milliseconds(seconds):>12} {part:>6} {count:>6} {size:>14,}  {label}")
    if len(ranked) > top:
        rest = sum(seconds for _, (_, seconds, _) in ranked[top:])
        print(f"{milliseconds(rest):>12} {len(ranked) - top} more rows")
    print()


def chrome_trace(steps: Sequence[Step]) -> dict[str, Any]:
    """Return a run in the format of Chrome's trace viewer; times in microseconds."""
    events = [
        {
            "name": step.call.operator,
            "ph": "X",
            "ts": step.start * 1e6,
            "dur": step.seconds * 1e6,
            "pid": 1,
            "tid": 1,
            "args": {
                "node": step.call.node,
                "line": step.call.line,
                "object": step.call.path,
                "bytes": step.size,
            },
        }
        for step in steps
    ]
    return {"traceEvents": events, "displayTimeUnit": "ms"}


# ---------------------------------------------------------------------- inputs


def read_inputs(given: Sequence[str], scale: Optional[float]) -> dict[str, Any]:
    """Read the inputs given as ``NAME=FILE``; names are ONNX or Python names.

    Raises
    ------
    ValueError
        If there is no such input, or its file cannot be converted to it.
    """
    inputs = {}
    for text in given:
        name, equals, file = text.partition("=")
        spec = next((s for s in INPUTS if name in (s.name, s.python_name)), None)
        if not equals or spec is None:
            known = ", ".join(shown(s.name) for s in INPUTS)
            raise ValueError(f"--input {text}: expected NAME=FILE, NAME one of {known}")
        inputs[spec.python_name] = read_input(spec, file, scale)
    return inputs


def read_input(spec: TensorSpec, file: str, scale: Optional[float]) -> NDArray[Any]:
    """Read one input: .npy, .npz (``file.npz:key`` if it holds several), .json or an image."""
    dtype = numpy_dtype(spec.dtype)
    path, _, key = file.partition(".npz:")
    if key:
        with np.load(f"{path}.npz", allow_pickle=False) as archive:
            return np.asarray(archive[key]).astype(dtype)
    suffix = Path(file).suffix.lower()
    if suffix == ".npy":
        return np.asarray(np.load(file, allow_pickle=False)).astype(dtype)
    if suffix == ".npz":
        with np.load(file, allow_pickle=False) as archive:
            if len(archive.files) != 1:
                raise ValueError(f"{file}: expected one array, got {archive.files}")
            return np.asarray(archive[archive.files[0]]).astype(dtype)
    if suffix == ".json":
        return np.array(json.loads(Path(file).read_text(encoding="utf-8")), dtype)
    if suffix in IMAGES:
        return read_picture(spec, file, scale)
    raise ValueError(f"{file}: expected .npy, .npz, .json or an image")


def read_picture(spec: TensorSpec, file: str, scale: Optional[float]) -> NDArray[Any]:
    """Read an image with Pillow and convert it to the size and axis order of the input.

    For float inputs, 8-bit pixels are multiplied by ``scale``, 1/255 by default.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ValueError(f"{file}: images need Pillow: pip install pillow") from None
    shape = spec.shape or (None, 3, None, None)
    if len(shape) not in (3, 4):
        raise ValueError(
            f"{shown(spec.name)}: expected an image (rank 3 or 4), got {type_of(spec)}"
        )
    last = shape[-1] in (1, 3) and shape[-3] not in (1, 3)
    channels, size = (shape[-1], shape[-3:-1]) if last else (shape[-3], shape[-2:])
    picture = Image.open(file).convert("L" if channels == 1 else "RGB")
    height, width = (d if isinstance(d, int) else None for d in size)
    if height and width:
        picture = picture.resize((width, height))
    array = np.asarray(picture)
    array = array[..., None] if array.ndim == 2 else array
    array = array if last else np.moveaxis(array, -1, 0)
    dtype = numpy_dtype(spec.dtype)
    if dtype.kind == "f":
        array = array * (1 / 255 if scale is None else scale)
    return np.asarray(array[None] if len(shape) == 4 else array).astype(dtype)


def some_inputs(given: dict[str, Any]) -> dict[str, Any]:
    """Add missing inputs: the recorded ones if none is given, otherwise random ones."""
    record = read_record()
    inputs = recorded_inputs(record) if record is not None and not given else {}
    random = np.random.default_rng(0)
    for spec in INPUTS:
        if spec.python_name not in {**inputs, **given} and not spec.optional:
            shape = tuple(d if isinstance(d, int) else 1 for d in spec.shape or ())
            drawn = draw(random, spec.dtype, shape, 2)
            inputs[spec.python_name] = drawn.astype(numpy_dtype(spec.dtype))
    return {**inputs, **given}


# ---------------------------------------------------------------------- outputs


def write_output(path: Path, value: Any) -> str:
    """Write a value, arrays as .npy and anything else as .json; return a description."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        file = path.with_suffix(".npy")
        np.save(file, value, allow_pickle=False)
        return f"{value.dtype}{list(value.shape)} in {file}"
    file = path.with_suffix(".json")
    file.write_text(json.dumps(plain(value), indent=1), encoding="utf-8")
    return f"{type(value).__name__} in {file}"


def plain(value: Any) -> Any:
    """Convert a value to types that JSON supports."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        kind = value.dtype.kind
        return (value if kind in "biufOU" else value.astype(np.float64)).tolist()
    return value.item() if isinstance(value, np.generic) else value


def milliseconds(seconds: float) -> str:
    """Format a time."""
    return f"{seconds * 1e3:.3f} ms"


def fail(error: Exception, hint: str = "") -> int:
    """Print an error with a hint; return the exit status."""
    more = f" ({hint})" if hint else ""
    print(f"error: {shown(str(error))}{more}", file=sys.stderr)
    return 2
