"""Manners: colors and progress on a terminal alone, JSON for programs, completion for shells."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from onnx2py import cli, pipeline, progress
from onnx2py.commands import COMMANDS
from onnx2py.progress import describe
from onnx2py.summary_json import as_data
from onnx2py.terminal import has_colors

TEXT = """<ir_version: 8, opset_import: ["" : 17, "e" : 1]>
g (float[n, 3] x) => (float[n, 3] y) { a = Exp (x) y = Relu (a) }"""
ESCAPE = "\x1b["


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.chdir(tmp_path)
    onnx.save(onnx.parser.parse_model(TEXT), "net.onnx")
    return tmp_path


# ---------------------------------------------------------------------- colors


@pytest.mark.parametrize(
    "environment, on_terminal, in_pipe",
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_colors_heed_the_environment(
    here, monkeypatch, environment, on_terminal, in_pipe
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert has_colors(Terminal()) is on_terminal
    assert has_colors(io.StringIO()) is in_pipe
    assert has_colors(None) is in_pipe


def test_a_pipe_gets_no_escapes_and_no_progress(here):
    for words in (
        ["net.onnx", "--verify"],
        ["check", "net.onnx"],
        ["chek"],
        ["--help"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "onnx2py", *words], capture_output=True, text=True
        )
        assert ESCAPE not in done.stdout + done.stderr
        assert "\r" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "words", [["net.onnx", "--verify"], ["check", "net.onnx"], ["--help"]]
)
def test_colors_change_nothing_but_colors(here, capsys, monkeypatch, words):
    def printed() -> str:
        with contextlib.suppress(SystemExit):
            cli.main(words)
        return capsys.readouterr().out

    uncolored = printed()
    monkeypatch.setenv("FORCE_COLOR", "1")
    colored = printed()
    assert ESCAPE in colored and ESCAPE not in uncolored
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == uncolored


# ---------------------------------------------------------------------- progress


def test_progress_is_shown_on_a_terminal_and_cleared(here, monkeypatch):
    monkeypatch.setattr(progress, "DELAY", 0.0)
    monkeypatch.setattr(progress, "INTERVAL", 0.01)
    stream = Terminal()
    with progress.bar(stream) as tell:
        tell("reading \x1b[2J", 0.0)
        time.sleep(0.1)
        tell("formatting model.py", 0.5)
        time.sleep(0.1)
    frames = stream.getvalue().split("\r\x1b[K")
    assert any("reading \\x1b[2J" in frame for frame in frames)
    assert any(f"{'#' * 12}{'-' * 12}" in frame for frame in frames)
    assert frames[-1] == ""


def test_short_work_shows_no_progress():
    stream = Terminal()
    with progress.bar(stream) as tell:
        tell("done", 1.0)
    assert stream.getvalue() == ""


def test_a_terminal_that_is_gone_ends_the_progress_only(monkeypatch):
    monkeypatch.setattr(progress, "DELAY", 0.0)
    stream = Terminal()
    stream.close()
    with progress.bar(stream) as tell:
        time.sleep(0.05)
        tell("done", 1.0)


@pytest.mark.parametrize(
    "done, told, now, clock",
    [
        (0.0, 0.0, 0.5, "0:00"),  # nothing is known
        (0.5, 10.0, 10.0, "0:10 left"),
        (0.5, 10.0, 14.0, "0:06 left"),  # it counts down within a step
        (0.5, 10.0, 25.0, "0:25"),  # a step that takes longer than was thought
        (0.25, 1200.0, 1200.0, "1:00:00 left"),
        (1.0, 9.0, 9.0, "0:09"),
        (0.9, 0.5, 0.5, "0:00"),  # too early to tell
    ],
)
def test_the_time_left_follows_from_what_is_done(done, told, now, clock):
    assert f"  {clock:>10}  " in describe("step", done, told, now)


def test_the_command_tells_the_bar_in_order(here, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    told = []
    original = pipeline.compile_model

    def watched(*args, progress, **options):
        def both(what, done):
            told.append(done)
            progress(what, done)

        return original(*args, progress=both, **options)

    monkeypatch.setattr(pipeline, "compile_model", watched)
    assert cli.main(["net.onnx"]) == 0
    assert told == sorted(told) and told[0] == 0 and told[-1] == 1


# ---------------------------------------------------------------------- JSON


def loaded(capsys, *words: str, status: int = 0) -> dict:
    assert cli.main([*words, "--json"]) == status
    return json.loads(capsys.readouterr().out, parse_constant=pytest.fail)


def test_reports_as_json(here, capsys):
    report = loaded(capsys, "net.onnx", "--verify")
    assert report["path"] == str(here / "net") and report["agrees"] is True
    assert (report["nodes"], report["calls"], report["requires"]) == (2, 2, ["numpy"])
    verification = report["verification"]
    assert verification["oracle"] == "onnxruntime" and verification["agrees"] is True
    (output,) = verification["outputs"]
    assert (output["name"], output["type"]) == ("y", "float32[n, 3]")
    assert output["agrees"] is True and output["difference"]["relative"] < 1e-6
    assert loaded(capsys, "verify", "net", "net.onnx") == verification
    nodes = loaded(capsys, "verify", "net", "net.onnx", "--per-node")["nodes"]
    assert [r["name"] for r in nodes["results"]] == ["a", "y"]
    shim = loaded(capsys, "shim", "there", "net.onnx")
    assert shim["models"][0]["report"]["nodes"] == 2 and shim["agrees"] is True


def test_a_package_that_differs_as_json(here, capsys):
    assert cli.main(["net.onnx", "-q"]) == 0
    source = Path("net/model.py")
    source.write_text(source.read_text().replace("np.exp(x)", "np.exp(x) / 0"))
    report = loaded(capsys, "verify", "net", "net.onnx", status=3)
    assert report["agrees"] is False and report["outputs"][0]["difference"]["reason"]


def test_an_error_is_json_too(here, capsys):
    model = onnx.parser.parse_model(TEXT.replace("Exp", "e.Frob"))
    Path("net.onnx").write_bytes(model.SerializeToString())
    assert cli.main(["net.onnx", "--json"]) == 1
    out, err = capsys.readouterr()
    error = json.loads(out)["error"]
    assert error["type"] == "UnsupportedError"
    (problem,) = error["problems"]
    assert problem["operator"] == "e.Frob (opset 1)" and problem["what"] in err
    assert loaded(capsys, "gone.onnx", status=1)["error"]["type"] == "LoadError"


def test_numbers_that_json_lacks_are_null():
    data = as_data({"a": [np.float64("nan"), float("-inf"), np.int64(3), Path("x")]})
    assert data == {"a": [None, None, 3, "x"]}


# ---------------------------------------------------------------------- hints


def test_a_package_that_differs_comes_with_a_command_to_try(here, capsys, monkeypatch):
    assert cli.main(["net.onnx", "-o", "net", "-q"]) == 0
    Path("net.onnx").rename("a model.onnx")
    source = Path("net/model.py")
    source.write_text(source.read_text().replace("np.exp(x)", "np.exp(x) + 1"))
    assert cli.main(["verify", "net", "a model.onnx"]) == 3
    (hint,) = capsys.readouterr().err.splitlines()
    assert hint == "try: onnx2py verify net 'a model.onnx' --per-node"
    assert cli.main(["verify", "net", "a model.onnx", "--per-node"]) == 3
    out, err = capsys.readouterr()
    assert err == "" and "the first that differs is a, of " in out


# ---------------------------------------------------------------------- completion


def completion(capsys, shell: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--print-completion", shell])
    assert stopped.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_and_options(capsys, shell):
    script = completion(capsys, shell)
    for command in COMMANDS.values():
        assert command.name in script
        for each in command.declared:
            for flag in each.flags:
                assert flag.lstrip("-") in script, (command.name, flag)


@pytest.mark.parametrize(
    "line, expected",
    [
        ("onnx2py ver", {"verify"}),
        ("onnx2py check ne", {"net.onnx"}),
        ("onnx2py ne", {"net.onnx"}),
        ("onnx2py net.onnx --zip", {"--zipapp"}),
        ("onnx2py check net.onnx --max-n", {"--max-nodes"}),
        ("onnx2py verify net net.onnx --per", {"--per-node"}),
        ("onnx2py verify --j", {"--json"}),
        ("onnx2py shim there net.onnx --dis", {"--distribution"}),
    ],
)
def test_bash_completes(here, capsys, line, expected):
    """As an interactive shell does: with the script's function, and file names after that."""
    script = completion(capsys, "bash")
    words = line.split()
    code = (
        f"{script}\nCOMP_WORDS=({' '.join(words)})\nCOMP_CWORD={len(words) - 1}\n"
        f"COMP_LINE='{line}'; COMP_POINT={len(line)}\n"
        "_shtab_onnx2py onnx2py\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
        f'[ "${{#COMPREPLY[@]}}" = 0 ] && compgen -o default -- {words[-1]}\n'
        "complete -p onnx2py >&2\n"
    )
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True)
    assert set(done.stdout.split()) == expected, done.stderr
    assert "-o default" in done.stderr


def test_an_unknown_shell(capsys):
    for words in (["--print-completion"], ["--print-completion=ksh"]):
        with pytest.raises(SystemExit) as stopped:
            cli.main(words)
        assert stopped.value.code == 2
        assert "expected one of bash, zsh, fish" in capsys.readouterr().err


def test_completion_without_its_library_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--print-completion", "bash"])
    assert stopped.value.code == 1
    out, err = capsys.readouterr()
    assert out == "" and "shtab" in err and "pip install shtab" in err
