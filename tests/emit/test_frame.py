"""The files of a package, and what works after its tools were deleted."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

import onnx2py
from onnx2py.emit.frame import NEEDED, TOOLS
from tests.typed import assert_typed

EXAMPLES = Path(__file__).parents[2] / "generated_examples"
HEADER = '<ir_version: 8, opset_import: ["" : 17]>'
RANDOM = np.random.default_rng(0)
X = RANDOM.random((2, 3), np.float32)

NEEDED_FILES = [
    "LICENSE", "__init__.py", "__main__.py", "_calls.py", "_checks.py", "_threads.py",
    "_weights.py", "model.py", "onnx2py.json", "ops/", "py.typed", "weights/",
]  # fmt: skip
TOOL_FILES = [
    "__init__.py", "bench.py", "binding.py", "commands.py", "feeds.py", "files.py", "golden/",
    "inference.py", "names.json", "profile.py", "records.py", "run.py", "selftest.py",
    "session.py", "watch.py", "where.py",
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


@pytest.mark.parametrize("minimal", [False, True])
def test_what_needs_tools_says_so(tmp_path: Path, minimal: bool) -> None:
    model, _ = MODELS["control flow"]
    onnx2py.compile_model(model, tmp_path / "pkg", layout=False, minimal=minimal)
    if not minimal:
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


def test_trace_has_its_former_place_too(tmp_path: Path) -> None:
    onnx2py.compile_model(MODELS["strings"][0], tmp_path / "pkg", layout=False)
    code = "from pkg import tools, watch; import pkg.tools.watch\n"
    code += "print(watch.trace is tools.watch.trace, sorted(watch.__all__))"
    names = ["Call", "Step", "Trace", "python_name", "trace", "value_names"]
    assert python(tmp_path, "-c", code).stdout.decode() == f"True {names}\n"


def test_tools_and_needed_files_are_apart() -> None:
    assert not set(NEEDED) & set(TOOLS)


# ---------------------------------------------------------------------- --minimal


@pytest.mark.parametrize("verify", [False, True])
def test_a_minimal_package_is_one_without_tools(tmp_path: Path, verify: bool) -> None:
    model, feeds = MODELS["convolutions"]
    for name, minimal in (("whole", False), ("minimal", True)):
        (tmp_path / name).mkdir()
        folder = tmp_path / name / "pkg"
        report = onnx2py.compile_model(model, folder, minimal=minimal, verify=verify)
        assert (report.verification is not None) == verify and report.agrees
    minimal_package, whole = tmp_path / "minimal/pkg", tmp_path / "whole/pkg"
    assert listing(minimal_package) == NEEDED_FILES
    manifest = json.loads((minimal_package / "onnx2py.json").read_text())
    files = [p for p in minimal_package.rglob("*") if p.is_file()]
    names = sorted(p.relative_to(minimal_package).as_posix() for p in files)
    assert manifest["files"] == names
    for name in set(names) - {"__init__.py", "__main__.py", "onnx2py.json"}:
        assert (minimal_package / name).read_bytes() == (
            whole / name
        ).read_bytes(), name
    assert_computes(tmp_path / "minimal", model, feeds)
    onnx2py.compile_model(model, minimal_package)  # recognized, and replaced
    assert (minimal_package / "tools").is_dir()


def test_minimal_packages_are_typed(tmp_path: Path) -> None:
    onnx2py.compile_model(MODELS["big weights"][0], tmp_path / "pkg", minimal=True)
    (tmp_path / "use.py").write_text("from pkg import Model, __version__\n")
    assert_typed(tmp_path, ["pkg", "use.py"])


@pytest.mark.parametrize("minimal", [False, True])
def test_forms_of_a_package(tmp_path: Path, minimal: bool) -> None:
    """The wheel and the single file, with and without sessions."""
    model, feeds = MODELS["convolutions"]
    for name in ("made", "from_wheel", "from_file"):
        (tmp_path / name).mkdir()
    report = onnx2py.compile_model(
        model, tmp_path / "made/pkg", minimal=minimal, layout=False,
        wheel=tmp_path, single_file=tmp_path / "from_file/pkg.py",
    )  # fmt: skip
    with zipfile.ZipFile(report.shipments[0].path) as wheel:
        wheel.extractall(tmp_path / "from_wheel")
    license_text = (Path(__file__).parents[2] / "LICENSE").read_text()
    for name in ("from_wheel", "from_file"):
        place = tmp_path / name
        assert_computes(place, model, feeds)
        code = "import pkg; print(pkg.__version__, hasattr(pkg, 'Model'))"
        digest = hashlib.sha256(model.SerializeToString()).hexdigest()
        assert python(place, "-c", code).stdout.decode() == f"1.0+{digest[:8]} True\n"
        done = python(place, "-c", "from pkg import InferenceSession")
        assert (done.returncode != 0) == minimal
    (distribution,) = (tmp_path / "from_wheel").glob("*.dist-info")
    metadata = message_from_string((distribution / "METADATA").read_text())
    assert metadata["Version"] == f"1.0+{digest[:8]}"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert license_text in (distribution / "licenses/LICENSE").read_text()
    source = (tmp_path / "from_file/pkg.py").read_text()
    assert license_text in re.sub(r"^# ?", "", source, flags=re.M)
    assert ("class InferenceSession" in source) != minimal
    place_of = {name: source.index(name) for name in ("class Model", "class ops")}
    assert place_of["class Model"] < place_of["class ops"]


def test_the_license_names_that_of_the_model(tmp_path: Path) -> None:
    model = parsed("g (float[2] x) => (float[2] y) { y = Neg (x) }")
    onnx2py.compile_model(model, tmp_path / "pkg")
    text = (tmp_path / "pkg/LICENSE").read_text()
    mit = (Path(__file__).parents[2] / "LICENSE").read_text()
    assert text.endswith(f"has the license of its authors.\n\n{mit}")
    helper.set_model_props(model, {"license": "CC-BY\nMIT License"})
    onnx2py.compile_model(model, tmp_path / "pkg")
    assert (tmp_path / "pkg/LICENSE").read_text() == text.replace(
        "authors.\n",
        "authors.\nThe ONNX file names this license: CC-BY\\nMIT License\n",
    )


def test_a_minimal_package_can_be_verified(tmp_path: Path) -> None:
    model, _ = MODELS["convolutions"]
    onnx2py.compile_model(model, tmp_path / "pkg", minimal=True, layout=False)
    assert onnx2py.verify_existing(tmp_path / "pkg", model).agrees
    with pytest.raises(onnx2py.VerifyError, match="expected its folder tools/"):
        onnx2py.verify_existing(tmp_path / "pkg", model, per_node=True)


def test_an_error_without_tools_names_the_value(tmp_path: Path) -> None:
    text = (
        "g (float[n] x, float[m] z) => (float[k] y) { s = Add (x, z) y = Softmax (s) }"
    )
    code = "import numpy as np; from pkg import Model\n"
    code += "Model()(np.ones(2, np.float32), np.ones(3, np.float32))"
    for minimal, label in ((False, "s: Add"), (True, "s")):
        onnx2py.compile_model(parsed(text), tmp_path / "pkg", minimal=minimal)
        last = python(tmp_path, "-B", "-c", code).stderr.decode().splitlines()[-1]
        assert last.startswith(f"ValueError: {label}: operands could not be"), last


def test_a_stand_in_for_onnxruntime_has_tools(tmp_path: Path) -> None:
    with pytest.raises(onnx2py.OptionError, match="minimal: expected an option for"):
        onnx2py.compile_shim([EXAMPLES / "loop.onnx"], tmp_path, minimal=True)
