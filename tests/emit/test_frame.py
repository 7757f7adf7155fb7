"""The files of a package, and what works after its tools were deleted."""

from __future__ import annotations

import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

import onnx2py
from onnx2py.emit.frame import NEEDED, TOOLS

EXAMPLES = Path(__file__).parents[2] / "generated_examples"
HEADER = '<ir_version: 8, opset_import: ["" : 17]>'
RANDOM = np.random.default_rng(0)
X = RANDOM.random((2, 3), np.float32)

NEEDED_FILES = [
    "__init__.py", "__main__.py", "_calls.py", "_checks.py", "_threads.py", "_weights.py",
    "model.py", "onnx2py.json", "ops/", "py.typed", "weights/",
]  # fmt: skip
TOOL_FILES = [
    "__init__.py", "bench.py", "binding.py", "commands.py", "feeds.py", "files.py", "golden/",
    "inference.py", "names.json", "profile.py", "records.py", "run.py", "selftest.py",
    "session.py", "watch.py",
]  # fmt: skip

CALL = """
import pickle, sys
import numpy as np
from pkg import INPUTS, OUTPUTS, Model

feeds = pickle.loads(sys.stdin.buffer.read())
result = Model()(**{s.python_name: feeds[s.name] for s in INPUTS if s.name in feeds})
values = [result] if len(OUTPUTS) == 1 else list(result)
assert not [name for name in sys.modules if name.startswith("pkg.tools")]
sys.stdout.buffer.write(pickle.dumps(values))
"""


def parsed(text: str) -> onnx.ModelProto:
    return onnx.parser.parse_model(f"{HEADER} {text}")


def big() -> onnx.ModelProto:
    """A model with a weight of 1.4 MB, which is mapped if it lies in a file."""
    model = parsed("g (float[n, 600] x) => (float[n, 600] y) { y = MatMul (x, w) }")
    weight = RANDOM.random((600, 600), np.float32)
    model.graph.initializer.append(numpy_helper.from_array(weight, "w"))
    return model


def example(name: str) -> onnx.ModelProto:
    return onnx.load(EXAMPLES / f"{name}.onnx")


MODELS: dict[str, tuple[onnx.ModelProto, dict[str, Any]]] = {
    "convolutions": (
        example("mnist"), {"image": RANDOM.random((2, 1, 28, 28), np.float32)},
    ),
    "control flow": (example("loop"), {"start": np.array(7)}),
    "scikit-learn": (
        example("pipeline"), {"weather": RANDOM.random((5, 4), np.float32)},
    ),
    "strings": (
        parsed("g (string[2] x) => (string[2] y) { y = Identity (x) }"),
        {"x": np.array(["a", "é"], object)},
    ),
    "a sequence": (
        parsed("""g (seq(float[2]) x) => (float[n] y)
            { y = ConcatFromSequence <axis = 0> (x) }"""),
        {"x": [np.float32([1, 2]), np.float32([3, -4])]},
    ),
    "a view of an input": (
        parsed("g (float[2, 3] x) => (float[3, 2] y) { y = Transpose (x) }"), {"x": X},
    ),
    "big weights": (big(), {"x": RANDOM.random((3, 600), np.float32)}),
}  # fmt: skip


def without_tools(folder: Path) -> Path:
    """Delete the tools of a package, and every cache."""
    for path in (folder / "tools", *folder.rglob("__pycache__")):
        shutil.rmtree(path)
    return folder


def python(place: Path, *arguments: str, given: bytes = b"") -> Any:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=place, input=given, capture_output=True)


def assert_computes(place: Path, model: onnx.ModelProto, feeds: Any) -> None:
    """Compare the package ``pkg``, imported where ``place`` is, with onnxruntime."""
    code = f"import sys; sys.path[:0] = [{str(place)!r}]\n{CALL}"
    done = python(place.parent, "-B", "-c", code, given=pickle.dumps(feeds))
    assert done.returncode == 0, done.stderr.decode()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    for actual, expected in zip(
        pickle.loads(done.stdout), session.run(None, feeds), strict=True
    ):
        if isinstance(expected, list):
            assert [row.keys() for row in actual] == [row.keys() for row in expected]
        elif expected.dtype == object:
            assert actual.tolist() == expected.tolist()
        else:
            np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def listing(folder: Path) -> list[str]:
    return sorted(f"{p.name}/" if p.is_dir() else p.name for p in folder.iterdir())


def test_the_files_of_a_package(tmp_path: Path) -> None:
    onnx2py.compile_model(example("mnist"), tmp_path / "pkg", verify=True)
    expected = sorted([*NEEDED_FILES, "README.md", "tools/", "watch.py"])
    assert listing(tmp_path / "pkg") == expected
    assert listing(tmp_path / "pkg/tools") == TOOL_FILES


def test_the_readme_lists_every_file(tmp_path: Path) -> None:
    onnx2py.compile_model(example("mnist"), tmp_path / "pkg", verify=True)
    rows = re.findall(r"^\| `([^`]+)`", (tmp_path / "pkg/README.md").read_text(), re.M)
    listed = {row.partition("*")[0] for row in rows}
    unlisted = {"README.md", "tools/__init__.py"}
    everything = {*NEEDED_FILES, *(f"tools/{name}" for name in TOOL_FILES), "watch.py"}
    assert listed == everything - unlisted


def test_the_readme_knows_whether_outputs_were_recorded(tmp_path: Path) -> None:
    for verify in (False, True):
        onnx2py.compile_model(example("loop"), tmp_path / "pkg", verify=verify)
        assert (tmp_path / "pkg/tools/golden").exists() == verify
        text = (tmp_path / "pkg/README.md").read_text()
        assert ("tools/golden/" in text, "recorded outputs" in text) == (verify, verify)
        assert "--verify" not in text


@pytest.mark.parametrize("name", MODELS)
def test_a_model_needs_no_tools(tmp_path: Path, name: str) -> None:
    model, feeds = MODELS[name]
    onnx2py.compile_model(model, tmp_path / "pkg", verify=True, layout=False)
    without_tools(tmp_path / "pkg")
    assert_computes(tmp_path, model, feeds)


def test_an_archive_needs_no_tools(tmp_path: Path) -> None:
    model, feeds = MODELS["big weights"]
    onnx2py.compile_model(model, tmp_path / "pkg", layout=False)
    without_tools(tmp_path / "pkg")
    archive = shutil.make_archive(str(tmp_path / "a"), "zip", tmp_path, "pkg")
    shutil.rmtree(tmp_path / "pkg")
    assert_computes(Path(archive), model, feeds)


def test_what_needs_tools_says_so(tmp_path: Path) -> None:
    model, _ = MODELS["control flow"]
    onnx2py.compile_model(model, tmp_path / "pkg", layout=False)
    without_tools(tmp_path / "pkg")
    (tmp_path / "pkg/tools").mkdir()  # as left by a cache
    for place in ("with an empty folder", "without one"):
        done = python(tmp_path, "-m", "pkg", "bench")
        assert done.returncode == 2 and done.stdout == b"", place
        assert done.stderr.decode().splitlines() == [
            "pkg: the commands need the folder tools/, which was left out of this copy or deleted"
        ]
        for code in (
            "from pkg import InferenceSession",
            "import pkg; pkg.InferenceSession()",
        ):
            done = python(tmp_path, "-c", code)
            assert done.stderr.decode().splitlines()[-1] == (
                "ImportError: pkg: InferenceSession needs the folder tools/, which was left out "
                "of this copy or deleted"
            ), place
        done = python(tmp_path, "-c", "from pkg import *; print(Model.__name__)")
        assert done.stdout == b"Model\n", done.stderr
        shutil.rmtree(tmp_path / "pkg/tools", ignore_errors=True)


def test_a_missing_module_inside_the_tools_is_not_hidden(tmp_path: Path) -> None:
    onnx2py.compile_model(MODELS["strings"][0], tmp_path / "pkg", layout=False)
    session = tmp_path / "pkg/tools/session.py"
    session.write_text(f"{session.read_text()}\nimport no_such_module\n")
    done = python(tmp_path, "-c", "import pkg; pkg.InferenceSession()")
    assert b"No module named 'no_such_module'" in done.stderr


def test_tools_and_needed_files_are_apart() -> None:
    assert not set(NEEDED) & set(TOOLS)
