"""``python -m tests.mutate.coverage_guided [--seconds N] [--corpus DIR] [--keep DIR]``.

Damages models as ``tests.mutate`` does, and goes on from those that reached code which none
had reached before. It needs atheris (``pip install atheris``), and looks at reading,
decoding and rewriting; making packages is for ``tests.mutate``. It prints each new kind of
failure, and ends with status 1 if there was one.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import resource
import shutil
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import Process
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


def watch(keep: Path) -> Callable[[bytes], None]:
    """Return a function that tries one model, and keeps the first of each kind of failure."""
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

    return attempt


def main() -> int:
    """Run atheris, which ends the process it runs in, in another; see what it kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutate.coverage_guided")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument(
        "--corpus", type=Path, metavar="FOLDER", help="goes on from there"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", default=Path("findings"))
    chosen = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("atheris: expected it to be installed, got none: pip install atheris")
        return 2
    before = set(chosen.keep.glob("*"))
    process = Process(target=fuzz, args=(chosen.seconds, chosen.corpus, chosen.keep))
    process.start()
    process.join()
    return 1 if process.exitcode or set(chosen.keep.glob("*")) - before else 0


def fuzz(seconds: int, corpus: Path | None, keep: Path) -> None:
    """Run atheris in this process."""
    import atheris

    from .seeds import seeds

    with atheris.instrument_imports(include=["onnx2py"]):
        keep.mkdir(parents=True, exist_ok=True)
        attempt = watch(keep)
    corpus = corpus or Path(tempfile.mkdtemp())
    corpus.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(seeds()):
        if path.stat().st_size <= LARGEST:
            shutil.copy(path, corpus / f"seed-{number}")
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20, MEGABYTES << 20))
    options = [f"-max_total_time={seconds}", f"-max_len={LARGEST}"]
    options += [f"-timeout={SECONDS}", "-rss_limit_mb=0", "-print_final_stats=1"]
    options += [f"-artifact_prefix={keep}{os.sep}"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], attempt, custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
