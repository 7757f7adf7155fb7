"""The command: exit status, what it says and where, and what it leaves."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import black
import numpy as np
import onnx
import onnx.parser
import pytest

from onnx2py import __version__, cli, pipeline
from onnx2py.commands import COMMANDS

WORDS = Path(__file__).with_name("words.txt")
"""The words that ``make lint`` finds, each with others to use instead."""

NET = """<ir_version: 8, opset_import: ["" : 17], producer_name: "test">
g (float[N, 3] x) => (float[N, 3] y, int64[N] best)
<float[3, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 10}, float[3] b = {0.5, -1, 2}> {
    product = MatMul (x, w)
    shifted = Add (product, b)
    y = Relu (shifted)
    best = ArgMax <axis = 1, keepdims = 0> (y)
}"""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The current folder, with a model in it and nothing else."""
    monkeypatch.chdir(tmp_path)
    onnx.save(onnx.parser.parse_model(NET), "net.onnx")
    return tmp_path


def command(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "onnx2py", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        **options,
    )


def test_the_summary(here, capsys):
    assert cli.main(["net.onnx", "-o", "net"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "net: compiled",
        "  4 nodes, 2 calls, 12 parameters, 36 bytes of weights",
        "  requires numpy",
    ]


def test_quiet(here, capsys):
    assert cli.main(["net.onnx", "-o", "net", "--verify", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_verbose_names_the_steps(here, capsys):
    assert cli.main(["net.onnx", "-o", "net", "-v"]) == 0
    steps = [line.split(" s  ")[1] for line in capsys.readouterr().err.splitlines()]
    assert steps[0] == "reading the model" and steps[-1] == "done"
    assert "formatting model.py" in steps


def test_verification_is_a_table(here, capsys):
    assert cli.main(["net.onnx", "-o", "net", "--verify", "--seed", "7"]) == 0
    lines = capsys.readouterr().out.splitlines()[3:]
    assert lines[0] == "  compared with onnxruntime on random inputs, seed 7 (N = 2):"
    words = ["output", "largest", "difference", "of", "the", "scale", "verdict"]
    assert lines[1].split() == words
    assert re.fullmatch(r"    y +\d\.\de[+-]\d\d +\d\.\de[+-]\d\d +agrees", lines[2])
    assert lines[3].split() == ["best", "0.0e+00", "0.0e+00", "agrees"]


def test_inputs_ask_for_verification(here, capsys):
    np.save("x.npy", np.ones((5, 3), np.float32))
    assert cli.main(["net.onnx", "-o", "net", "--data", "x.npy"]) == 0
    assert "compared with onnxruntime on inputs:" in capsys.readouterr().out


def test_levels(here, capsys):
    assert cli.main(["net.onnx", "-o", "net", "-O0", "-q"]) == 0
    assert "-O0" in Path("net/model.py").read_text()
    assert cli.main(["net.onnx", "-o", "net", "-q"]) == 0
    assert "-O1" in Path("net/model.py").read_text()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["-o", "net"], "expected MODEL, got fewer arguments"),
        (["net.onnx", "-o"], "-o/--out: expected a value, got none"),
        (["net.onnx", "-q", "-v"], "-q/--quiet: not allowed with -v/--verbose"),
        (["net.onnx", "other.onnx"], "other.onnx: expected no more arguments"),
        (["net.onnx", "--dim", "N"], "--dim: expected NAME=N, got 'N'"),
        (["net.onnx", "--bind", "x="], "--bind: expected NAME=FILE, got 'x='"),
        (["--qwxz"], "--qwxz: expected an option of onnx2py"),
        (["--verfiy", "net.onnx"], "--verfiy: expected an option of onnx2py; is it --verify?"),
        (["check", "net.onnx", "--verify"], "--verify: expected an option of onnx2py check"),
        (["verify", "net"], "expected MODEL, got fewer arguments"),
        (["shim", "there"], "expected MODEL, got fewer arguments"),
        (["net.onnx", "--verif"], "--verif: expected an option of onnx2py; is it --verify?"),
        (["net.onnx", "--\x1b[2J"], "--\\x1b[2J: expected an option of onnx2py"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_a_hint(here, capsys, arguments, message):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    out, err = capsys.readouterr()
    command = f" {arguments[0]}" if arguments[0] in COMMANDS else ""
    assert out == ""
    assert err == f"onnx2py: error: {message}\nhelp: onnx2py{command} --help\n"
    assert [p.name for p in here.iterdir()] == ["net.onnx"]


@pytest.mark.parametrize(
    "word, hint",
    [
        ("chek", "; is it 'check'?"),
        ("verfy", "; is it 'verify'?"),
        ("quux", ""),
        ("net", "; is it 'net.onnx'?"),
    ],
)
def test_an_unknown_command_is_called_one(here, capsys, word, hint):
    with pytest.raises(SystemExit) as stopped:
        cli.main([word, "net.onnx"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.splitlines()[0] == (
        f"onnx2py: error: {word}: expected a command (compile, check, verify, shim, "
        f"conformance) or an ONNX file, got neither{hint}"
    )


def test_no_arguments_print_the_help_to_standard_error(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main([])
    assert stopped.value.code == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("Compile an ONNX model to a Python package")


@pytest.mark.parametrize(
    "file, package",
    [
        ("net.onnx", "net"),
        ("mnist-8.onnx", "mnist_8"),
        ("folder/v1.2 (final).onnx", "v1_2_final"),
        ("select.onnx", "select_model"),
        ("8bit.onnx", "model_8bit"),
    ],
)
def test_a_package_is_named_after_its_model(here, file, package):
    Path("folder").mkdir()
    Path("net.onnx").rename(file)
    assert cli.main([file, "-q"]) == 0
    assert (here / package / "model.py").is_file()


def test_a_package_never_replaces_its_model(here, capsys):
    Path("net.onnx").rename("net")
    assert cli.main(["net"]) == 1
    assert "expected a folder or nothing there, got a file" in capsys.readouterr().err
    assert Path("net").is_file()


def test_a_model_may_have_the_name_of_a_command(here):
    Path("net.onnx").rename("check")
    assert cli.main(["./check", "-o", "net", "-q"]) == 0
    assert cli.main(["compile", "check", "-o", "net", "-q"]) == 0
    assert cli.main(["check", "check"]) == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_a_page_of_groups(capsys, name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stopped:
        cli.main([name, "--help"])
    assert stopped.value.code == 0
    page = capsys.readouterr().out
    assert page.startswith(COMMANDS[name].summary[:40])
    headings = re.findall(r"^(\S.*):$", page, re.MULTILINE)
    assert headings[-2:] == ["Examples", "Exit status"] and "Messages" in headings
    assert max(map(len, page.splitlines())) <= 80
    for each in COMMANDS[name].declared:
        assert all(flag in page for flag in each.flags)
    for line in WORDS.read_text("utf-8").splitlines():
        word, _, _ = line.partition("->")
        assert not re.search(rf"\b{word}\b", page, re.IGNORECASE)


def test_the_main_page_lists_the_commands(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    page = capsys.readouterr().out
    for name in COMMANDS:
        assert re.search(rf"^  {name} +[A-Z]", page, re.MULTILINE)
    assert "17,179,869,184" in page and "200,000" in page


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"onnx2py {__version__}\n"


def test_help_does_not_wait_for_the_compiler():
    code = (
        "import sys, onnx2py.cli\n"
        "try: onnx2py.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'onnx', 'numpy', 'black', 'jinja2', 'shtab'} & sys.modules.keys()\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--verify" in done.stdout


def test_as_a_module(here):
    done = command("net.onnx", "-o", "net")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 calls" in done.stdout


def test_names_that_the_terminal_cannot_show(here):
    model = onnx.parser.parse_model(NET.replace("best", "meilleur"))
    for value in (model.graph.output[1], model.graph.node[3]):
        target = value.output if isinstance(value, onnx.NodeProto) else None
        if target is None:
            value.name = "größte 最大"
        else:
            target[0] = "größte 最大"
    onnx.save(model, "net.onnx")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = command("net.onnx", "-o", "net", "--verify", env=environment)
    assert done.returncode == 0, done.stderr
    assert "gr\\xf6\\xdfte \\u6700\\u5927" in done.stdout


def test_an_interrupt_leaves_nothing(here, capsys, monkeypatch):
    def interrupted(*_args, **_options):
        assert list(here.glob(".net-*/net"))  # the package is on its way
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "verify_package", interrupted)
    assert cli.main(["net.onnx", "-o", "net", "--verify"]) == 130
    assert capsys.readouterr() == ("", "onnx2py: interrupted\n")
    assert [p.name for p in here.iterdir()] == ["net.onnx"]


def test_ctrl_c(here):
    """A real signal, while the package is being verified."""
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
        g (float[2, 2] x) => (float[2, 2] y) {
            n = Constant <value = int64 {100000000}> ()
            c = Constant <value = bool {1}> ()
            y = Loop (n, c, x) <body = b (int64 i, bool k, float[2, 2] a)
                => (bool k2, float[2, 2] a2) { k2 = Identity (k) a2 = Add (a, a) }>
        }""")
    Path("slow.onnx").write_bytes(model.SerializeToString())
    arguments = ["slow.onnx", "-o", "slow", "--verify", "-v"]
    process = subprocess.Popen(
        [sys.executable, "-m", "onnx2py", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A job in the background inherits an ignored SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    try:
        while "verifying" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in err and out == ""
    assert sorted(p.name for p in here.iterdir()) == ["net.onnx", "slow.onnx"]


def test_black_has_nothing_to_change(here):
    assert cli.main(["net.onnx", "-o", "net", "--verify", "-q"]) == 0
    mode = black.Mode(target_versions={black.TargetVersion.PY39})
    sources = sorted(Path("net").rglob("*.py"))
    assert len(sources) >= 6
    for path in sources:
        text = path.read_text()
        assert black.format_str(text, mode=mode) == text, path


def test_same_bytes_whatever_the_hash_seed(here):
    found = []
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        out = Path(f"seed{seed}/net")
        out.parent.mkdir()
        done = command("net.onnx", "-o", str(out), "--verify", env=environment)
        assert done.returncode == 0, done.stderr
        files = [p for p in sorted(out.rglob("*")) if p.is_file()]
        found.append({str(p.relative_to(out)): p.read_bytes() for p in files})
    assert found[0] == found[1]
    assert "tools/golden/output_0.npy" in found[0]
