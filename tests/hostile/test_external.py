"""Data beside a model: nothing outside its folder is read, and nothing that is no file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from onnx2py.cli import main

COUNT = 600
"""Elements of the weight: 2,400 bytes."""


@pytest.fixture
def models(tmp_path, monkeypatch) -> Path:
    """The model's folder, which is the current one; what it must not read lies above."""
    (tmp_path / "secret.bin").write_bytes(bytes(4 * COUNT))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.bin").write_bytes(bytes(4 * COUNT))
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "a").mkdir()
    np.arange(COUNT, dtype="<f4").tofile(folder / "w.bin")
    monkeypatch.chdir(folder)
    return folder


def write(
    entries: dict[str, str], dims: tuple[int, ...] = (COUNT,), kind: int = 1
) -> None:
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
        g (float[600] x) => (float[600] y) { c = Cast <to=1> (w) y = Add (x, c) }""")
    weight = TensorProto(name="w", dims=dims, data_type=kind)
    weight.data_location = TensorProto.EXTERNAL
    for key, value in entries.items():
        weight.external_data.add(key=key, value=value)
    model.graph.initializer.append(weight)
    Path("model.onnx").write_bytes(model.SerializeToString())


def refused(capsys) -> str:
    status = main(["model.onnx", "-o", "pkg", "-q"])
    out, err = capsys.readouterr()
    assert (status, out) == (1, "") and not Path("pkg").exists()
    assert err.startswith("onnx2py: error: tensor 'w': ") and err.count("\n") == 1, err
    assert (
        len(err) < 600
        and "bug in onnx2py" not in err
        and all(c.isprintable() or c == "\n" for c in err)
    )
    return err


PLACES = [
    "../secret.bin", "a/../../secret.bin", "./../secret.bin", "a/./../../secret.bin", "..", ".",
    "/etc/passwd", "//etc/passwd", "/proc/self/environ", "/dev/zero", "..\\secret.bin",
    "a\\..\\..\\secret.bin", "C:\\secret.bin", "C:secret.bin", "\\\\host\\share\\w.bin", "", "a",
    "w.bin/../w.bin", "w.bin\0", "\0", "~/w.bin", "$HOME/w.bin", "file:///etc/passwd",
    "x" * 300, "a/" * 5000 + "w.bin", "\udcff".encode("utf-8", "replace").decode(), "\x1b[2J", "\n",
    "link.bin", "linked/secret.bin", "chain.bin", "fifo", "loop", "absolute",
]  # fmt: skip


@pytest.mark.parametrize("location", PLACES, ids=lambda text: ascii(text)[1:20])
def test_where_no_data_may_be(models, capsys, location):
    os.symlink("../secret.bin", "link.bin")
    os.symlink("../outside", "linked")
    os.symlink("link.bin", "chain.bin")
    os.symlink("loop", "loop")
    os.symlink("/dev/zero", "absolute")
    os.mkfifo("fifo")
    write({"location": location})
    refused(capsys)


def test_a_folder_that_is_a_link_may_stay_inside(models, capsys):
    """A link is no harm in itself: caches of models consist of them."""
    os.symlink("w.bin", "inside.bin")
    write({"location": "inside.bin"})
    assert main(["model.onnx", "-o", "pkg", "-q"]) == 0
    os.symlink(models, models.parent / "other")
    assert main([str(models.parent / "other" / "model.onnx"), "-o", "pkg2", "-q"]) == 0


NUMBERS = [
    {"offset": "-1"}, {"offset": "-2400"}, {"offset": "1"}, {"offset": "2400"},
    {"offset": "9999999999"}, {"offset": str(2**63)}, {"offset": str(2**64)},
    {"offset": "1" + "0" * 5000}, {"offset": "one"}, {"offset": ""}, {"offset": "0x0"},
    {"offset": "1e3"}, {"offset": "nan"}, {"offset": "\x1b"}, {"length": "-1"},
    {"length": "2399"}, {"length": "0"}, {"length": "two"}, {"length": ""},
    {"length": str(-(2**64))}, {"length": "2400", "offset": "4"},
    {"length": str(2**70), "offset": "4"}, {"length": "9" * 5000}, {"length": "2404"},
]  # fmt: skip


@pytest.mark.parametrize("numbers", NUMBERS, ids=lambda d: ascii(d)[1:40])
def test_offsets_and_lengths(models, capsys, numbers):
    write({"location": "w.bin", **numbers})
    refused(capsys)


@pytest.mark.parametrize(
    "dims, kind",
    [
        ((601,), 1), ((600,), 11), ((2**40,), 1), ((2**31, 2**31, 2**31), 1), ((-1,), 1),
        ((-600, -1), 1), ((2**62, 4, 0), 1), ((600,), 8), ((600,), 99), ((600,), 0),
        ((1,) * 70, 1), ((2**63 - 1,), 22),
    ],
    ids=str,
)  # fmt: skip
def test_types_that_do_not_fit(models, capsys, dims, kind):
    write({"location": "w.bin"}, dims, kind)
    status = main(["model.onnx", "-o", "pkg", "-q"])
    err = capsys.readouterr().err
    assert status == 1 and err.count("\n") == 1 and "bug in onnx2py" not in err, err


def test_where_data_may_be(models, capsys):
    """The control: offsets, lengths and names that are fine."""
    np.arange(COUNT + 1, dtype="<f4").tofile("a/more data.bin")
    for number, entries in enumerate(
        [
            {},
            {"offset": "0"},
            {"length": "2400"},
            {"location": "a/more data.bin", "offset": "4"},
        ]
    ):
        write({"location": "w.bin", **entries})
        assert main(["model.onnx", "-o", f"pkg{number}", "-q"]) == 0
        weight = np.load(next(Path(f"pkg{number}/weights").iterdir()))
        start = 1 if "offset" in entries and entries["offset"] == "4" else 0
        np.testing.assert_array_equal(weight, np.arange(COUNT) + start)
