"""Writing: the whole package or nothing, and nobody's files are lost."""

from __future__ import annotations

import os

import numpy as np
import pytest

from onnx2py import OutputError
from onnx2py.emit.write import check_target, read_manifest, staged

FILES = {"model.py": "x = 1\n", "weights/w.npy": np.arange(3), "ops/__init__.py": ""}


def write(target, files=FILES):
    with staged(target, files):
        pass


def listing(folder):
    return sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
    )


def test_writes_texts_and_arrays(tmp_path):
    write(tmp_path / "pkg")
    assert listing(tmp_path) == [
        "pkg/model.py", "pkg/onnx2py.json", "pkg/ops/__init__.py", "pkg/weights/w.npy",
    ]  # fmt: skip
    assert np.load(tmp_path / "pkg/weights/w.npy").tolist() == [0, 1, 2]


def test_a_failure_leaves_the_older_package_and_nothing_else(tmp_path):
    target = tmp_path / "pkg"
    write(target)
    with pytest.raises(RuntimeError), staged(target, {"model.py": "x = 2\n"}):
        raise RuntimeError
    assert (target / "model.py").read_text() == "x = 1\n"
    assert [p.name for p in tmp_path.iterdir()] == ["pkg"]


def test_an_older_package_is_replaced_and_other_files_are_kept(tmp_path):
    target = tmp_path / "pkg"
    write(target)
    (target / "notes.txt").write_text("mine")
    (target / "sub").mkdir()
    (target / "sub/more.txt").write_text("mine too")
    write(target, {"model.py": "x = 2\n"})
    assert listing(target) == ["model.py", "notes.txt", "onnx2py.json", "sub/more.txt"]
    assert (target / "model.py").read_text() == "x = 2\n"
    assert (target / "sub/more.txt").read_text() == "mine too"


def test_a_foreign_folder_is_refused_without_force(tmp_path):
    target = tmp_path / "pkg"
    target.mkdir()
    (target / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="expected a package that onnx2py made"):
        check_target(target, force=False)
    check_target(target, force=True)
    write(target)
    assert (target / "thesis.txt").read_text() == "years of work"


def test_force_does_not_overwrite_a_foreign_file(tmp_path):
    target = tmp_path / "pkg"
    target.mkdir()
    (target / "model.py").write_text("somebody's")
    with pytest.raises(OutputError, match="got another file"):
        write(target)
    assert (target / "model.py").read_text() == "somebody's"
    assert listing(tmp_path) == ["pkg/model.py"]


@pytest.mark.parametrize("name", ["not-a-name", "1st", "a.b", "a b"])
def test_the_name_must_be_importable(tmp_path, name):
    with pytest.raises(OutputError, match="a name that Python can import"):
        check_target(tmp_path / name, force=False)


def test_files_links_and_missing_folders_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="got a file or a link"):
        check_target(tmp_path / "file", force=True)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(OutputError, match="got a file or a link"):
        check_target(tmp_path / "link", force=True)
    with pytest.raises(OutputError, match="to exist"):
        check_target(tmp_path / "nowhere" / "pkg", force=False)


def test_a_damaged_manifest_makes_the_folder_foreign(tmp_path):
    target = tmp_path / "pkg"
    write(target)
    (target / "onnx2py.json").write_text('{"files": 3}')
    assert read_manifest(target) is None
    with pytest.raises(OutputError):
        check_target(target, force=False)


def test_a_link_inside_is_not_followed(tmp_path):
    target, outside = tmp_path / "pkg", tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    write(target)
    os.symlink(outside, target / "elsewhere")
    write(target)
    assert (outside / "kept.txt").read_text() == "kept"
    assert (target / "elsewhere").is_symlink()
