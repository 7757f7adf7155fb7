"""The page's server: the standard library's, for this machine alone.

``GET /`` is the page, ``GET /models`` says what there is to ask, and ``POST /digit`` and
``POST /emotion`` take ``{"pixels": base64 of a square gray picture, row by row}``. Errors
are ``{"error": "subject: expected X, got Y"}``.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import isqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .pictures import FACE, digit_of, face_of

HERE = Path(__file__).parent
HOST = "127.0.0.1"
FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
DIGITS = tuple("0123456789")
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SIDES = (8, 400)  # of a drawing, in pixels
LARGEST_BODY = 256 * 1024  # bytes; a drawing of 400 x 400 in base64 and some
DISCARDED = 4 * LARGEST_BODY  # how much of a body that is too large is read
PATIENCE = 20  # seconds without a byte until a connection is closed
POLICY = "default-src 'self'; img-src 'self' data: blob:"

Array = NDArray[Any]


class Network(NamedTuple):
    """What is asked at a path: the package's model, and how pictures get to it."""

    labels: tuple[str, ...]
    prepare: Callable[[Array], Array]
    model: Callable[[Array], Array]
    sides: tuple[int, int]


class Refused(Exception):
    """A request that cannot be answered; the message goes to the browser."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status


class Server(ThreadingHTTPServer):
    """The page and the networks that it asks."""

    daemon_threads = True

    def __init__(self, digit: Any, emotion: Any | None, port: int) -> None:
        """Listen on this machine's port, or on a free one if it is 0."""
        self.networks = {"digit": Network(DIGITS, digit_of, digit, SIDES)}
        if emotion is not None:
            sides = (FACE, FACE)
            self.networks["emotion"] = Network(EMOTIONS, face_of, emotion, sides)
        super().__init__((HOST, port), Handler)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: Server
    protocol_version = "HTTP/1.1"  # the connection stays open while the user draws
    disable_nagle_algorithm = (
        True  # without it an answer waits 40 ms for the next packet
    )
    wbufsize = -1  # headers and body leave together
    timeout = PATIENCE

    def do_GET(self) -> None:
        """Send a file of the page, or what there is to ask."""
        if self.path == "/models":
            known = self.server.networks.items()
            self._answer({name: network.labels for name, network in known})
        elif self.path in FILES:
            name, kind = FILES[self.path]
            self._send(HTTPStatus.OK, (HERE / name).read_bytes(), kind)
        else:
            self._complain(
                HTTPStatus.NOT_FOUND, _unknown(self.path, [*FILES, "/models"])
            )

    def do_POST(self) -> None:
        """Ask a network."""
        try:
            body = self._body()
            network = self._network()
            low, high = network.sides
            picture = network.prepare(read_pixels(body, low, high))
        except Refused as refused:
            self._complain(refused.status, str(refused))
        except ValueError as error:
            self._complain(HTTPStatus.BAD_REQUEST, str(error))
        else:
            (probabilities,) = network.model(picture)
            seen = np.round(picture.ravel() * 255).clip(0, 255).astype(np.uint8)
            self._answer(
                {"probabilities": probabilities.tolist(), "seen": seen.tolist()}
            )

    def _network(self) -> Network:
        name = self.path[1:]
        if name in self.server.networks:
            return self.server.networks[name]
        if name == "emotion":
            raise Refused(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "emotion: expected the package build/emotion, got none; "
                "run make demo-emotion, then make demo-web",
            )
        raise Refused(HTTPStatus.NOT_FOUND, _unknown(self.path, ["/digit", "/emotion"]))

    def _body(self) -> bytes:
        """Read the body; one without a length or too large ends the connection."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self.close_connection = True
            raise Refused(
                HTTPStatus.LENGTH_REQUIRED,
                f"Content-Length: expected a number of bytes, got {length or 'none'}",
            )
        if int(length) > LARGEST_BODY:
            # Some clients look for the answer only once they have sent everything.
            self.rfile.read(min(int(length), DISCARDED))
            self.close_connection = True
            raise Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"body: expected at most {LARGEST_BODY} bytes, got {length}",
            )
        return self.rfile.read(int(length))

    def _answer(self, value: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(status, json.dumps(value).encode(), "application/json")

    def _complain(self, status: HTTPStatus, message: str) -> None:
        self._answer({"error": message}, status)

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """Say what the standard library says, as JSON too."""
        self.close_connection = True
        said = message or HTTPStatus(code).phrase
        self._complain(HTTPStatus(code), f"request: expected GET or POST, got: {said}")

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: there is a request for every stroke."""


def read_pixels(body: bytes, low: int, high: int) -> Array:
    """Return the picture in a body, uint8[side, side].

    Raises
    ------
    ValueError
        If the body is no JSON, or has no square picture of a size from ``low`` to ``high``.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError(f"body: expected JSON, got {body[:20]!r}") from None
    pixels = value.get("pixels") if isinstance(value, dict) else None
    if not isinstance(pixels, str):
        raise ValueError('body: expected {"pixels": base64}, got something else')
    try:
        gray = np.frombuffer(base64.b64decode(pixels, validate=True), np.uint8)
    except (binascii.Error, ValueError):
        raise ValueError("pixels: expected base64, got something else") from None
    side = isqrt(gray.size)
    if side * side != gray.size or not low <= side <= high:
        sizes = f"{low} x {low}" + (f" to {high} x {high}" if high > low else "")
        raise ValueError(f"pixels: expected {sizes}, got {gray.size} bytes")
    return gray.reshape(side, side)


def _unknown(path: str, known: list[str]) -> str:
    return f"path: expected one of {', '.join(known)}, got {path[:80]}"
