"""``python -m tests.mutate.coverage_guided [--seconds N] [--corpus DIR] [--keep DIR]``.

Damages models as ``tests.mutate`` does, and goes on from those that reached code which none
had reached before. It needs atheris (``pip install atheris``), and looks at reading,
decoding and rewriting; making packages is for ``tests.mutate``. It prints each new kind of
failure, and ends with status 1 if there was one.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LARGEST = 1 << 14
"""Bytes of a model: what is rare is found sooner in small ones."""

SECONDS = 30
"""How long one model may take."""

MEGABYTES = 6000
"""How much memory the process may take."""


def changed(data: bytes, size: int, seed: int) -> bytes:
    """Change a model's structure, or its bytes."""
    import atheris
    import onnx

    from .structure import MUTATIONS

    r = random.Random(seed)
    if r.random() < 0.3:
        return bytes(atheris.Mutate(data, size))
    model = onnx.ModelProto()
    with suppress(Exception):  # protobuf refuses some of it
        model.ParseFromString(data)
        for _ in range(r.choice((1, 1, 2, 3))):
            r.choice(MUTATIONS)(model, r)
    with suppress(Exception):
        found = bytes(model.SerializeToString())
        if 0 < len(found) <= size:
            return found
    return bytes(atheris.Mutate(data, size))


def watch(keep: Path) -> tuple[Callable[[bytes], None], set[str]]:
    """Return what tries one model, and the kinds of failures that it has seen."""
    import numpy as np

    from onnx2py.decode import decode
    from onnx2py.errors import InternalError, Onnx2pyError
    from onnx2py.limits import MAX_ELEMENTS, MAX_NODES, check_limits
    from onnx2py.load import load
    from onnx2py.lowering.lower import lower
    from onnx2py.lowering.registry import has_rule
    from onnx2py.passes import run_passes
    from onnx2py.plan import plan

    kinds: set[str] = set()

    def attempt(data: bytes) -> None:
        try:
            graph = decode(load(data), has_rule).graph
            check_limits(graph, MAX_ELEMENTS, MAX_NODES)
            with np.errstate(all="ignore"):
                plan(lower(run_passes(graph, level=1)), level=1)
        except Exception as error:
            if isinstance(error, Onnx2pyError) and not isinstance(error, InternalError):
                return
            place = traceback.extract_tb(error.__traceback__)[-1]
            kind = (
                f"{type(error).__name__} ({Path(place.filename).name}:{place.lineno})"
            )
            if kind not in kinds:
                kinds.add(kind)
                path = keep / f"{len(kinds)}.onnx"
                path.write_bytes(data)
                print(f"{path.name}: {kind}: {error}", flush=True)

    return attempt, kinds


def main() -> int:
    """Run atheris in this process, which ends with it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutate.coverage_guided")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument(
        "--corpus", type=Path, metavar="FOLDER", help="goes on from there"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", default=Path("findings"))
    chosen = parser.parse_args()
    try:
        import atheris
    except ImportError:
        print("atheris: expected it to be installed, got none: pip install atheris")
        return 2
    from .seeds import seeds

    with atheris.instrument_imports(include=["onnx2py"]):
        chosen.keep.mkdir(parents=True, exist_ok=True)
        attempt, kinds = watch(chosen.keep)
    corpus = chosen.corpus or Path(tempfile.mkdtemp())
    corpus.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(seeds()):
        if path.stat().st_size <= LARGEST:
            shutil.copy(path, corpus / f"seed-{number}")
    warnings.simplefilter("ignore")
    options = [f"-max_total_time={chosen.seconds}", f"-max_len={LARGEST}"]
    options += [f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}"]
    options += [f"-artifact_prefix={chosen.keep}{os.sep}", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], attempt, custom_mutator=changed)
    atheris.Fuzz()
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
