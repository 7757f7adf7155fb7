"""What is wrong on a command line gets one clear message, the right status, and nothing else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import TensorProto, helper

from onnx2py import InternalError, OutputError, compile_model, front
from onnx2py.cli import main

GOOD = """<ir_version: 8, opset_import: ["" : 17]>
g (float[2, 3] x) => (float[2, 3] y) { y = Relu (x) }"""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(text: str, path: str = "model.onnx") -> onnx.ModelProto:
    model = onnx.parser.parse_model(text)
    onnx.save(model, path)
    return model


def failure(capsys, *arguments: str, status: int = 1) -> str:
    """Run the command, which must fail and leave the folder as it was; return its message."""
    before = listing(Path())
    assert main([*arguments]) == status
    assert listing(Path()) == before
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert err.startswith("onnx2py: error: ")
    return err.removeprefix("onnx2py: error: ")


def listing(folder: Path) -> dict[str, bytes | None]:
    return {str(p): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


# ---------------------------------------------------------------------- the model's file


def test_a_missing_file(here, capsys):
    message = failure(capsys, "missing.onnx", "-o", "pkg")
    assert message == (
        "missing.onnx: expected a readable ONNX file: No such file or directory\n"
    )


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "got an empty file"),
        (b"# just text, not a model\n" * 20, "got a file that is damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "expected an ONNX model"),
    ],
)
def test_a_file_that_is_no_model(here, capsys, content, words):
    Path("model.onnx").write_bytes(content)
    message = failure(capsys, "model.onnx", "-o", "pkg")
    assert message.startswith("model.onnx: ") and words in message
    assert message.count("\n") == 1


def test_every_way_to_truncate_a_model(here, capsys):
    data = save(GOOD).SerializeToString()
    for length in range(1, len(data)):
        Path("model.onnx").write_bytes(data[:length])
        status = main(["model.onnx", "-o", "pkg"])
        err = capsys.readouterr().err
        # Where a field ends, the rest may still be a model; it must never be a bug of ours.
        assert status == (0 if err == "" else 1), length
        assert "Traceback" not in err and "bug in onnx2py" not in err, (length, err)


def test_a_folder_for_a_model(here, capsys):
    Path("model.onnx").mkdir()
    assert "expected an ONNX file, got a folder" in failure(
        capsys, "model.onnx", "-o", "pkg"
    )


# ---------------------------------------------------------------------- the graph


def test_all_unsupported_nodes_are_listed(here, capsys):
    nodes = [
        helper.make_node("Frob", ["x"], ["a"], name="first", domain="com.example"),
        helper.make_node("Relu", ["a"], ["b"], name="fine"),
        helper.make_node("Nonesuch", ["b"], ["y"], name="second"),
    ]
    write_graph(nodes, domains=["com.example"])
    lines = failure(capsys, "model.onnx", "-o", "pkg").splitlines()
    assert lines[0] == "2 unsupported nodes:"
    assert lines[1].startswith("  first: com.example.Frob (opset 1): ")
    assert lines[2].startswith("  second: Nonesuch (opset 17): ")
    assert len(lines) == 3


def test_a_cycle(here, capsys):
    write_graph(
        [
            helper.make_node("Add", ["x", "b"], ["a"], name="first"),
            helper.make_node("Relu", ["a"], ["b"], name="second"),
            helper.make_node("Relu", ["b"], ["y"], name="third"),
        ]
    )
    assert "cycle" in failure(capsys, "model.onnx", "-o", "pkg")


def test_an_undefined_input(here, capsys):
    write_graph([helper.make_node("Add", ["x", "nowhere"], ["y"], name="sum")])
    message = failure(capsys, "model.onnx", "-o", "pkg")
    assert "'sum'" in message and "'nowhere'" in message


def test_an_output_that_nobody_makes(here, capsys):
    write_graph([helper.make_node("Relu", ["x"], ["other"])])
    assert "output 'y'" in failure(capsys, "model.onnx", "-o", "pkg")


def test_names_cannot_reach_the_terminal(here, capsys):
    hostile = "\x1b[2J\n[red]onnx2py: all is well[/red]\r\u202e"
    write_graph([helper.make_node("Nonesuch", ["x"], ["y"], name=hostile)])
    message = failure(capsys, "model.onnx", "-o", "pkg")
    assert message.count("\n") == 2
    assert "\\x1b[2J\\n[red]onnx2py" in message
    assert all(c.isprintable() or c == "\n" for c in message)


def write_graph(nodes, domains=()):
    types = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3]) for name in "xy"
    ]
    graph = helper.make_graph(nodes, "g", types[:1], types[1:])
    opsets = [helper.make_opsetid("", 17)]
    opsets += [helper.make_opsetid(domain, 1) for domain in domains]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    Path("model.onnx").write_bytes(model.SerializeToString())


# ---------------------------------------------------------------------- external data


def external(location: str, length: int | None = None) -> None:
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
        g (float[600] x) => (float[600] y) { y = Add (x, w) }""")
    weight = TensorProto(name="w", dims=[600], data_type=TensorProto.FLOAT)
    weight.data_location = TensorProto.EXTERNAL
    entries = {"location": location, "length": str(length or 2400)}
    for key, value in entries.items():
        weight.external_data.add(key=key, value=value)
    model.graph.initializer.append(weight)
    Path("model.onnx").write_bytes(model.SerializeToString())


def test_external_data_are_read(here, capsys):
    np.arange(600, dtype="<f4").tofile("w.bin")
    external("w.bin")
    assert main(["model.onnx", "-o", "pkg", "-q"]) == 0
    weight = np.load(next(Path("pkg/weights").iterdir()))
    np.testing.assert_array_equal(weight, np.arange(600, dtype=np.float32))


def test_missing_external_data(here, capsys):
    external("w.bin")
    message = failure(capsys, "model.onnx", "-o", "pkg")
    assert message == "tensor 'w': its data are in 'w.bin', which is missing\n"


def test_external_data_that_are_too_short(here, capsys):
    Path("w.bin").write_bytes(bytes(2396))
    external("w.bin")
    message = failure(capsys, "model.onnx", "-o", "pkg")
    assert "expected 2400 bytes in 'w.bin', got 2396" in message


@pytest.mark.parametrize("location", ["../w.bin", "a/../../w.bin", "/etc/passwd", ""])
def test_external_data_elsewhere(here, capsys, location, monkeypatch):
    (here / "w.bin").write_bytes(bytes(2400))  # it is there, and must not be read
    (here / "models").mkdir()
    monkeypatch.chdir(here / "models")
    external(location)
    message = failure(capsys, "model.onnx", "-o", "pkg")
    assert "expected a file beside the model" in message and repr(location) in message


def test_external_data_behind_a_link(here, capsys, monkeypatch):
    (here / "w.bin").write_bytes(bytes(2400))
    (here / "models").mkdir()
    monkeypatch.chdir(here / "models")
    os.symlink(here / "w.bin", "w.bin")
    external("w.bin")
    assert "a link out of its folder" in failure(capsys, "model.onnx", "-o", "pkg")


# ---------------------------------------------------------------------- the target


def test_a_foreign_folder_is_refused(here, capsys):
    save(GOOD)
    Path("pkg").mkdir()
    Path("pkg/notes.txt").write_text("mine")
    assert "--force" in failure(capsys, "model.onnx", "-o", "pkg")


def test_force_keeps_foreign_files(here, capsys):
    save(GOOD)
    Path("pkg/ops").mkdir(parents=True)
    Path("pkg/notes.txt").write_text("mine")
    Path("pkg/ops/mine.py").write_text("x = 1\n")
    for _ in range(2):
        assert main(["model.onnx", "-o", "pkg", "--force", "-q"]) == 0
        assert Path("pkg/notes.txt").read_text() == "mine"
        assert Path("pkg/ops/mine.py").read_text() == "x = 1\n"
        assert Path("pkg/model.py").is_file()
    assert sorted(p.name for p in here.iterdir()) == ["model.onnx", "pkg"]


def test_force_does_not_overwrite_foreign_files(here, capsys):
    save(GOOD)
    Path("pkg").mkdir()
    Path("pkg/model.py").write_text("mine")
    message = failure(capsys, "model.onnx", "-o", "pkg", "--force")
    assert "got another file" in message


def test_a_file_for_a_target(here, capsys):
    save(GOOD)
    Path("pkg").write_text("mine")
    assert "got a file" in failure(capsys, "model.onnx", "-o", "pkg")
    assert "got a file" in failure(capsys, "model.onnx", "-o", "pkg", "--force")


@pytest.mark.parametrize("name", ["my-package", "1st", "a.b", "two words"])
def test_a_target_that_cannot_be_imported(here, capsys, name):
    save(GOOD)
    message = failure(capsys, "model.onnx", "-o", name)
    assert f"expected a name that Python can import, got {name!r}" in message


def test_a_target_in_no_folder(here, capsys):
    save(GOOD)
    message = failure(capsys, "model.onnx", "-o", "nowhere/pkg")
    assert "to exist" in message


def test_a_folder_that_cannot_be_written_to(here, capsys, monkeypatch):
    save(GOOD)
    folder = Path("closed")
    folder.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    if os.access(
        folder, os.W_OK
    ):  # root may write anywhere, but for the system saying no

        def refuse(*_args, **_kwargs):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "mkdir", refuse)
    message = failure(capsys, "model.onnx", "-o", "closed/pkg")
    assert "written" in message


def test_a_full_disk_leaves_the_older_package(here, capsys, monkeypatch):
    save(GOOD)
    assert main(["model.onnx", "-o", "pkg", "-q"]) == 0

    def full(_stream, *_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    before = listing(here)
    with pytest.raises(OutputError, match="No space left on device"):
        compile_model("model.onnx", "pkg")
    assert listing(here) == before


def test_a_failure_leaves_the_older_package(here, capsys):
    save(GOOD)
    assert main(["model.onnx", "-o", "pkg", "-q"]) == 0
    write_graph([helper.make_node("Nonesuch", ["x"], ["y"])])
    assert "Nonesuch" in failure(capsys, "model.onnx", "-o", "pkg")


# ---------------------------------------------------------------------- bugs of ours


def test_a_bug_is_called_one(here, capsys, monkeypatch):
    save(GOOD)

    def broken(*_arguments):
        raise KeyError("oops")

    monkeypatch.setattr(front, "lower", broken)
    message = failure(capsys, "model.onnx", "-o", "pkg")
    assert message.startswith("KeyError: 'oops' (this is a bug in onnx2py")
    assert main(["model.onnx", "-o", "pkg", "-v"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_bug_in_a_pass_is_called_one(here, monkeypatch):
    model = save(GOOD)

    def broken(graph, *, level, left_out):
        raise InternalError("a pass went wrong")

    monkeypatch.setattr(front, "run_passes", broken)
    with pytest.raises(InternalError, match="bug in onnx2py"):
        compile_model(model, "pkg")
