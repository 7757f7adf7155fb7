"""What the page's server answers, asked over the loopback device."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from generated_examples.make.web.server import FILES, LARGEST_BODY

from .support import ask, body_of, happy, serving

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as address:
        yield address


def test_it_reads_the_ten_digits(url: str) -> None:
    with np.load(ROOT / "generated_examples" / "digits.npz") as digits:
        images, labels = digits["images"], digits["labels"]
    for image, label in zip(images, labels):
        for drawn in (image[0], np.pad(np.kron(image[0], np.ones((5, 5))), (0, 90))):
            status, answer = ask(url + "digit", body_of(drawn.astype(np.uint8)))
            assert status == 200
            assert np.argmax(answer["probabilities"]) == label
            assert len(answer["probabilities"]) == 10
            assert np.isclose(sum(answer["probabilities"]), 1, atol=1e-5)
            assert len(answer["seen"]) == 28 * 28


def test_the_files_of_the_page_name_nothing_elsewhere(url: str) -> None:
    for path in FILES:
        status, text = ask(url + path[1:])
        assert status == 200 and len(text) > 1000
        assert "//" not in text.replace(" //", "").replace("\n//", "")


def test_what_there_is_to_ask(url: str) -> None:
    assert ask(url + "models") == (200, {"digit": [*"0123456789"]})
    with serving(happy) as both:
        assert list(ask(both + "models")[1]) == ["digit", "emotion"]


def test_a_face(url: str) -> None:
    face = np.full((64, 64), 255, np.uint8)
    status, answer = ask(url + "emotion", body_of(face))
    assert status == 503
    assert answer["error"].startswith("emotion: expected the package build/emotion")
    with serving(happy) as both:
        status, answer = ask(both + "emotion", body_of(face))
        assert (status, answer["probabilities"]) == (200, [0, 0, 0, 1, 0, 0, 0])
        status, answer = ask(both + "emotion", body_of(face[1:, 1:]))
    assert (status, answer) == (
        400,
        {"error": "pixels: expected 64 x 64, got 3969 bytes"},
    )


@pytest.mark.parametrize(
    "body, message",
    [
        (b"", "body: expected JSON, got b''"),
        (b"{", "body: expected JSON, got b'{'"),
        (b"\xff\xfe\x00", r"body: expected JSON, got b'\xff\xfe\x00'"),
        (b"[" * 100_000, "body: expected JSON, got b'[[[[[[[[[[[[[[[[[[[['"),
        (b"[1]", 'body: expected {"pixels": base64}, got something else'),
        (b'{"pixels": [0]}', 'body: expected {"pixels": base64}, got something else'),
        (b'{"pixels": "\xc3\xa4!"}', "pixels: expected base64, got something else"),
        (b'{"pixels": "AA="}', "pixels: expected base64, got something else"),
        (
            body_of(np.zeros(785, np.uint8)),
            "pixels: expected 8 x 8 to 400 x 400, got 785 bytes",
        ),
        (
            body_of(np.zeros(401 * 401, np.uint8)),
            "pixels: expected 8 x 8 to 400 x 400, got 160801 bytes",
        ),
        (
            body_of(np.zeros(784, np.uint8)),
            "ink: expected a drawing, got an empty picture",
        ),
    ],
)
def test_bad_bodies_are_refused(url: str, body: bytes, message: str) -> None:
    assert ask(url + "digit", body) == (400, {"error": message})


@pytest.mark.parametrize("size", [LARGEST_BODY + 1, 3 * LARGEST_BODY])
def test_a_body_that_is_too_large_is_refused(url: str, size: int) -> None:
    status, answer = ask(url + "digit", b"x" * size)
    assert status == 413
    assert answer == {
        "error": f"body: expected at most {LARGEST_BODY} bytes, got {size}"
    }


def test_a_body_of_unknown_length_is_refused(url: str) -> None:
    status, answer = ask(url + "digit", b"{}", **{"Content-Length": "-2"})
    assert (status, answer["error"]) == (
        411,
        "Content-Length: expected a number of bytes, got -2",
    )


@pytest.mark.parametrize("path", ["elsewhere", "../README.md", "server.py", "%2e%2e/"])
def test_other_paths_are_not_there(url: str, path: str) -> None:
    status, answer = ask(url + path)
    assert status == 404
    assert answer["error"].startswith("path: expected one of /, /page.css")
    status, answer = ask(url + path, b"{}")
    assert status == 404
    assert answer["error"].startswith("path: expected one of /digit, /emotion, got /")


def test_it_says_where_it_is_and_ends_quietly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "generated_examples.make.web"]
    command += ["--build", str(tmp_path), "--port", "0"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A job in the background inherits an ignored SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        try:
            process.stdout.readline()  # compiled ...
            line = process.stdout.readline()
            assert line.startswith("draw a digit at http://127.0.0.1:")
            url = line.split()[4]
            assert ask(url)[1].startswith("<!doctype html>")
            other = [*command[:-1], url.split(":")[2].rstrip("/")]
            taken = subprocess.run(other, cwd=ROOT, capture_output=True, text=True)
            assert taken.returncode == 1
            assert taken.stderr.startswith("port: expected a free one on 127.0.0.1")
            process.send_signal(signal.SIGINT)
            rest, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, rest.strip(), errors) == (0, "", "")


def test_a_port_that_is_none() -> None:
    command = [sys.executable, "-m", "generated_examples.make.web", "--port", "x"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "expected 0 to 65535, got x" in done.stderr


def test_json_is_what_errors_are(url: str) -> None:
    import http.client

    connection = http.client.HTTPConnection(url.split("/")[2], timeout=30)
    connection.request("DELETE", "/digit")
    response = connection.getresponse()
    assert response.status == 501
    assert json.loads(response.read())["error"].startswith("request: expected GET or")
    connection.close()
