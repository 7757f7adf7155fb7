"""Serve the page: ``python -m generated_examples.make.web [--port N]``, ``make demo-web``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..__main__ import HOME
from ..building import BUILD, compiled
from .server import HOST, Server

EMOTION = "emotion"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile the digit classifier, and serve the page until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m generated_examples.make.web")
    parser.add_argument(
        "--port", type=port, default=8000, help="0 takes a free one (default: 8000)"
    )
    parser.add_argument(
        "--build", type=Path, default=BUILD, metavar="FOLDER", help="where packages are"
    )
    chosen = parser.parse_args(arguments)
    try:
        digit = compiled(HOME / "mnist.onnx", chosen.build).Model()
        with Server(digit, emotion_model(chosen.build), chosen.port) as server:
            print(f"draw a digit at {server.url} (Ctrl-C ends it)", flush=True)
            server.serve_forever()
    except KeyboardInterrupt:
        print()
    except OSError as error:
        print(
            f"port: expected a free one on {HOST}, got {chosen.port}: {error.strerror}",
            file=sys.stderr,
        )
        return 1
    return 0


def port(text: str) -> int:
    """Read a port's number."""
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"expected 0 to 65535, got {text}")
    return int(text)


def emotion_model(build: Path) -> Any | None:
    """Return the model that ``make demo-emotion`` made, if it did."""
    if not (build / EMOTION / "model.py").is_file():
        return None
    return importlib.import_module(EMOTION).Model()


if __name__ == "__main__":
    sys.exit(main())
