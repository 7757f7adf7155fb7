"""Options are declared once: the library, every command and the documentation agree on them."""

from __future__ import annotations

import argparse
import inspect
import re
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

import onnx2py
from benchmarks.options import table
from onnx2py import OptionError, arguments, cli
from onnx2py.commands import COMMANDS
from onnx2py.declaration import PAIRS, SWITCH, number
from onnx2py.options import ALL, CONFORMANCE, DECLARED, Options

TEXT = '<ir_version: 8, opset_import: ["" : 17]> g (float[n] x) => (float[n] y) { y = Relu (x) }'


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    onnx.save(onnx.parser.parse_model(TEXT), "net.onnx")
    return tmp_path


WRONG = [
    (["-O2"], {"level": 2}, "level (-O): expected 0 or 1, got 2"),
    (["-Ox"], {"level": "x"}, "level (-O): expected 0 or 1, got 'x'"),
    (["--seed", "-1"], {"seed": -1}, "seed: expected a whole number, 0 or more, got -1"),
    (["--seed", "1.5"], {"seed": 1.5}, "seed: expected a whole number, 0 or more, got 1.5"),
    (["--rtol", "2"], {"rtol": 2}, "rtol: expected a number, 0 or more and less than 1, got 2"),
    (["--rtol", "nan"], {"rtol": float("nan")}, "less than 1, got nan"),
    (["--rtol", "x"], {"rtol": "x"}, "less than 1, got 'x'"),
    (
        ["--minimal", "--zipapp", "net.pyz"],
        {"minimal": True, "zipapp": "net.pyz"},
        "zipapp: expected a package with tools/",
    ),
    (
        ["--accelerate", "--single-file", "net.py"],
        {"accelerate": True, "single_file": "net.py"},
        "single_file: expected a package of NumPy alone",
    ),
    (["--time-limit", "0"], {"time_limit": 0}, "a number of seconds, more than 0, got 0"),
    (["--time-limit", "inf"], {"time_limit": float("inf")}, "more than 0, got inf"),
    (["--max-nodes", "-3"], {"max_nodes": -3}, "max_nodes: expected a whole number"),
    (["--max-elements", "many"], {"max_elements": "many"}, "0 or more, got 'many'"),
    (["--outputs", "a,,b"], {"outputs": ("a", "", "b")}, "outputs: expected a list of names"),
    (["--inputs", ""], {"inputs": ("",)}, "inputs: expected a list of names, got ('',)"),
    (["--dim", "n=x"], {"dims": {"n": "x"}}, "dims (--dim): expected a length, 0 or more"),
    (["--dim", "n=-1"], {"dims": {"n": -1}}, "for each name, got {'n': -1}"),
    (["--shape", "x=1,,2"], {"shapes": {"x": (1, "", 2)}}, "shapes (--shape): expected a list"),
    (["--report", "r.pdf"], {"report": "r.pdf"}, "ends in .html, got 'r.pdf'"),
    (["--wheel", ""], {"wheel": ""}, "wheel: expected a path, got ''"),
    (["--seed", "\x1b[2J"], {"seed": "\x1b[2J"}, r"got '\x1b[2J'"),
]  # fmt: skip


@pytest.mark.parametrize("given, keywords, words", WRONG)
def test_command_and_library_say_the_same_of_a_wrong_value(
    here, capsys, given, keywords, words
):
    with pytest.raises(OptionError) as raised:
        onnx2py.compile_model("net.onnx", "net", **keywords)
    assert words in str(raised.value)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["net.onnx", "-o", "net", *given])
    assert stopped.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"onnx2py: error: {raised.value}\nhelp: onnx2py --help\n"
    assert [p.name for p in here.iterdir()] == ["net.onnx"]


@pytest.mark.parametrize(
    "keywords",
    [
        {"data": "x.npy"},
        {"data": [1]},
        {"ops": Path("a.py")},
        {"outputs": "y"},
        {"outputs": [b"y"]},
        {"dims": ["n"]},
        {"dims": {"n": True}},
        {"dims": {1: 1}},
        {"shapes": {"x": "1,2"}},
        {"shapes": {"x": 3}},
        {"shapes": {"x": [1.5]}},
        {"bind": {"x": None}},
        {"verify": "yes"},
        {"minimal": 2},
        {"layout": None},
        {"level": True},
        {"rtol": None},
        {"zipapp": 3},
    ],
)
def test_the_library_refuses_values_of_a_wrong_type(here, keywords):
    (name,) = keywords
    with pytest.raises(OptionError, match=rf"^{name}( \(--\w+\)| \(-O\))?: expected "):
        onnx2py.compile_model("net.onnx", "net", **keywords)


def test_numbers_of_numpy_and_any_collection_are_fine():
    options = Options(
        seed=np.int64(3),
        rtol=np.float32(0.1),
        dims={"n": np.int32(2)},
        shapes={"x": np.array([1, 2])},
        outputs={"y": None}.keys(),
        data=(Path("x.npy"),),
        bind={"x": np.zeros(3), "k": 2.0},
        verify=np.bool_(True),
    )
    assert options.seed == 3


def test_a_misspelt_keyword_is_named_with_the_nearest(here):
    for function, first in (
        (onnx2py.compile_model, ("net.onnx", "net")),
        (onnx2py.inspect_model, ("net.onnx",)),
        (onnx2py.load_model, ("net.onnx",)),
        (onnx2py.compile_shim, (["net.onnx"], "shim")),
    ):
        with pytest.raises(OptionError, match="got 'levl'; is it 'level'"):
            function(*first, levl=0)


# ---------------------------------------------------------------------- declarations


def test_every_option_is_declared_in_full():
    for name, each in DECLARED.items():
        assert each.help and each.group and each.check is not None, name
        assert set(each.commands) <= {*ALL, CONFORMANCE} and each.commands, name
        assert each.metavar or each.style == SWITCH or not each.flags, name
        each.verify(each.default if each.style != PAIRS else {})


@pytest.mark.parametrize("name", COMMANDS)
def test_no_flag_of_a_command_is_declared_twice(name):
    flags = [flag for each in COMMANDS[name].declared for flag in each.flags]
    assert len(flags) == len(set(flags))


@pytest.mark.parametrize("name", COMMANDS)
def test_options_that_were_not_given_are_left_to_the_library(name):
    positional = [e for e in COMMANDS[name].declared if not e.flags]
    command, chosen = arguments.parse([name, *("x" for _ in positional)])
    assert arguments.keywords(command, chosen) == {}


def test_every_option_of_a_command_reaches_the_library():
    given = {
        "level": ["-O0"], "flat": ["--flat"], "ops": ["--ops", "a.py"], "force": ["--force"],
        "scan_layers": ["--scan-layers"],
        "outputs": ["--outputs", "a, b"], "inputs": ["--inputs", "c"],
        "dims": ["--dim", "n=1,024", "--dim", "a=b=2"], "shapes": ["--shape", "x=1,h"],
        "bind": ["--bind", "k=k.npy"], "overridable": ["--overridable"],
        "verify": ["--verify"], "data": ["--data", "a", "b"], "seed": ["--seed", "7"],
        "rtol": ["--rtol", "1e-2"],
        "time_limit": ["--time-limit", "5"], "wheel": ["--wheel", "w"],
        "zipapp": ["--zipapp", "z"], "single_file": ["--single-file", "s.py"],
        "report": ["--report", "r.html"], "sbom": ["--sbom", "b.json"],
        "max_elements": ["--max-elements", "17,179,869,184"], "max_nodes": ["--max-nodes", "5"],
    }  # fmt: skip
    names = {each.name for each in DECLARED.values() if each.flags}
    # these exclude zipapp, or a single file
    assert set(given) == names - {"minimal", "target", "accelerate"}
    words = ["m.onnx", "--minimal", "--target", "torch", "--accelerate"]
    command, chosen = arguments.parse(words)
    expected = {"minimal": True, "target": "torch", "accelerate": True}
    assert arguments.keywords(command, chosen) == expected
    words = [word for words in given.values() for word in words]
    command, chosen = arguments.parse(["m.onnx", *words])
    assert arguments.keywords(command, chosen) == {
        "level": 0, "flat": True, "ops": ["a.py"], "force": True, "outputs": ("a", "b"),
        "scan_layers": True,
        "inputs": ("c",), "dims": {"n": 1024, "a=b": 2}, "shapes": {"x": (1, "h")},
        "bind": {"k": "k.npy"}, "overridable": True, "verify": True, "data": ["a", "b"], "seed": 7,
        "rtol": 0.01, "time_limit": 5, "wheel": "w", "zipapp": "z", "single_file": "s.py",
        "report": "r.html", "sbom": "b.json", "max_elements": 2**34, "max_nodes": 5,
    }  # fmt: skip


def test_the_docstring_lists_every_option():
    assert Options.__doc__ is not None
    for name in inspect.signature(Options).parameters:
        assert f"\n    {name} : " in Options.__doc__


def test_defaults_stand_in_the_library_alone():
    """The parsers have none: a default that changed would not reach the library."""
    for command in COMMANDS.values():
        parser = arguments.Parser(command)
        for action in parser._actions:
            if action.option_strings and action.dest != "help":
                assert action.default is argparse.SUPPRESS, action.option_strings


def test_the_shape_of_a_scalar_is_written_as_brackets():
    command, chosen = arguments.parse(
        ["m.onnx", "--shape", "x=[]", "--shape", "y=[2,n]"]
    )
    assert arguments.keywords(command, chosen) == {"shapes": {"x": (), "y": (2, "n")}}


@pytest.mark.parametrize(
    "text, value",
    [("3", 3), ("1e-3", 1e-3), ("17,179,869,184", 2**34), ("1_000", 1000), ("0x", "0x"), ("", "")],
)  # fmt: skip
def test_numbers_are_read_as_they_are_printed(text, value):
    assert number(text) == value and type(number(text)) is type(value)


# ---------------------------------------------------------------------- documentation


def test_the_table_has_a_row_for_each_option_and_flag():
    header, rule, *rows = table().splitlines()
    assert header == "| option | keyword | effect |" and rule.count("---") == 3
    cells = [re.split(r" ?\| ?", row)[1:-1] for row in rows]
    assert all(len(row) == 3 and row[2] for row in cells)
    keywords = {row[1].strip("`") for row in cells if row[1]}
    assert keywords == {*inspect.signature(Options).parameters, "out"}
    flags = {flag for row in cells for flag in re.findall(r"`(--?[\w-]+)", row[0])}
    declared = {flag for each in COMMANDS["compile"].declared for flag in each.flags}
    assert declared - {"-O"} <= flags and {"-O0", "-O1", "--version", "-h"} <= flags
    (row,) = [row for row in cells if row[1] == "`max_elements`"]
    assert row[0] == "`--max-elements N`" and row[2].endswith(
        "(default: 17,179,869,184)"
    )
