"""What engines, suites and users can do that would end a run, or lose or blur its results."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest

from onnx2py import testing
from onnx2py.cli import main
from onnx2py.errors import OptionError
from onnx2py.testing.judge import MOST_PRINTED, captured

from . import odd

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="processes of POSIX")


@pytest.fixture(autouse=True)
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the suite ``odd``, for other processes too."""
    info = tmp_path / "site" / "odd_suite-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: odd-suite\nVersion: 1.0\n"
    )
    (info / "entry_points.txt").write_text(
        "[onnx2py.suites]\nodd = tests.testing.odd:OddSuite\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


def run(engine: str, *only: str, limit: float = 20) -> list[tuple[str, str]]:
    results = testing.run(
        f"tests.testing.odd:{engine}", ["odd"], only=only, jobs=1, time_limit=limit
    )
    return [(outcome.verdict, outcome.reason) for outcome in results.outcomes]


def command(*arguments: str, engine: str = "tests.testing.odd:Right") -> int:
    return main(["conformance", engine, "--jobs", "1", *arguments])


# -------------------------------------------------------------------- engines


@pytest.mark.parametrize(
    ("engine", "verdict", "words"),
    [
        ("Right", "passed", ""),
        ("Exits", "crashed", "SystemExit: good bye"),
        ("ExitsInPrepare", "crashed", "SystemExit: 0"),
        ("RaisesWithoutText", "crashed", "WithoutText: (an error without a text)"),
        ("ReturnsForeign", "crashed", "got tests.testing.odd.Foreign"),
        ("ReturnsGenerator", "crashed", "expected a list, got generator"),
        ("ClosesStdout", "differs", "it printed 'so long"),
        ("EmptiesItsInputs", "passed", ""),
    ],
)
def test_what_an_engine_does_is_said(engine: str, verdict: str, words: str) -> None:
    made = getattr(odd, engine)()
    found, reason = testing.judge(made, odd.OddSuite("").case("one"))
    assert (found, words in reason) == (verdict, True), reason


@POSIX
def test_a_fork_that_comes_back_is_not_an_answer() -> None:
    names = [f"case {number}" for number in range(8)]
    assert run("Forks", *names) == [("passed", "")] * len(names)


def test_a_folder_that_an_engine_leaves_is_entered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        onnx.save(odd.OddSuite("").case(name).model, tmp_path / f"{name}.onnx")
    monkeypatch.chdir(tmp_path)
    results = testing.run("tests.testing.odd:LeavesTheFolder", ["corpus=."], jobs=1)
    assert results.counts() == {"passed": 2}


@POSIX
def test_a_connection_that_an_engine_closes_ends_one_case() -> None:
    ((verdict, reason),) = run("ClosesEverything", "one")
    assert (verdict, reason) == ("crashed", "the process closed its connection")


@POSIX
def test_processes_of_an_engine_end_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "child"
    monkeypatch.setenv("ONNX2PY_TEST_CHILD", str(file))
    assert run("LeavesAChild", "one", limit=5)[0][0] == "slow"
    child = int(file.read_text())
    for _ in range(50):
        if not _runs(child):
            return
        time.sleep(0.1)
    raise AssertionError(f"{child} still runs")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
        status = Path(f"/proc/{process}/stat")
        return (
            not status.exists()
            or status.read_text().rpartition(")")[2].split()[0] != "Z"
        )
    except OSError:
        return False


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise RuntimeError('boom')", "RuntimeError: boom"),
        ("x = (", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import nothing_of_the_kind", "No module named 'nothing_of_the_kind'"),
    ],
)
def test_a_module_that_cannot_be_imported_is_no_bug_of_ours(
    source: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_engine.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(OptionError) as raised:
        testing.engine("broken_engine")
    assert words in str(raised.value)


def test_versions_that_cannot_be_told() -> None:
    with pytest.raises(OptionError, match=r"versions\(\) raised RuntimeError"):
        run("WithoutVersions", "one")


def test_engines_of_one_name() -> None:
    with pytest.raises(OptionError, match="expected different names"):
        testing.run([odd.Right(), odd.Right()], ["odd"])


def test_a_name_does_not_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    results = testing.run(odd.Hostile(), ["odd"], only=["one"], jobs=1)
    from onnx2py.terminal import Palette
    from onnx2py.testing.command import table
    from onnx2py.testing.page import page

    assert "\x1b" not in "".join(table(results, Palette()))
    assert len(table(results, Palette())) == 2
    assert "<b>me" not in page(results)


def test_an_engine_in_the_working_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a console script finds it, whose own folder is the first of ``sys.path``."""
    (tmp_path / "engine_in_the_folder.py").write_text(
        "from tests.testing.odd import Right\nENGINE = Right()\n"
    )
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p] + [os.getcwd()])
    monkeypatch.chdir(tmp_path)
    arguments = ["--suite", "odd", "--only", "one", "-q"]
    assert command(*arguments, engine="engine_in_the_folder:ENGINE") == 0


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="files of a fixed size")
def test_what_is_printed_has_a_bound() -> None:
    with captured() as printed:
        os.write(1, "häufig".encode())
        assert printed() == "häufig"
        odd.PrintsGigabytes().run({"x": np.ones(1)})
        assert os.fstat(1).st_size == MOST_PRINTED
        assert printed().startswith("häufigxxx")
        assert len(printed()) < 1000


# -------------------------------------------------------------------- suites


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("impossible", "the suite cannot make this case: RuntimeError: cannot be made"),
        ("unknowable", "the suite has no answer: RuntimeError: not known"),
    ],
)
def test_an_error_of_a_suite_is_not_one_of_the_engine(name: str, words: str) -> None:
    ((verdict, reason),) = run("Right", name)
    assert verdict == "open"
    assert words in reason


@pytest.mark.parametrize(
    ("suites", "words"),
    [
        (["odd=raises"], "names() raised KeyError"),
        (["odd=nothing"], "expected cases, got none"),
        (["odd=a", "odd=b"], "expected each once"),
    ],
)
def test_suites_that_cannot_run(suites: list[str], words: str) -> None:
    with pytest.raises(OptionError) as raised:
        testing.run("tests.testing.odd:Right", suites, jobs=1)
    assert words in str(raised.value)


@pytest.mark.parametrize("arguments", [{"each": 0}, {"start": -1}])
def test_no_cases_are_not_a_success(arguments: dict[str, int]) -> None:
    with pytest.raises(OptionError, match="expected a count of 1 or more"):
        testing.run("numpy", ["gradients"], jobs=1, **arguments)


def test_a_model_that_a_folder_lacks_is_named(tmp_path: Path) -> None:
    onnx.save(odd.OddSuite("").case("a").model, tmp_path / "a.onnx")
    with pytest.raises(OptionError, match="expected models of .*, got b"):
        testing.run("tests.testing.odd:Right", [f"corpus={tmp_path}"], only=["a", "b"])


def test_cases_of_one_name_run_once_and_all_are_tests() -> None:
    results = testing.run("tests.testing.odd:Right", ["odd"], jobs=1)
    assert [o.case for o in results.outcomes] == ["one", "two", "a-b", "a_b"]
    found = testing.test_cases("tests.testing.odd:Right", ["odd"])
    assert [*found] == [
        "test_odd_one",
        "test_odd_two",
        "test_odd_a_b",
        "test_odd_a_b_2",
    ]
    assert found["test_odd_a_b"].__doc__ == "odd a-b"


# -------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--json", "no/r.json"], 1),
        (["--json", "r.txt"], 2),
        (["--html", "folder.html"], 1),
        (["--expected", "no/e.json", "--update"], 1),
        (["--expected", "folder.html"], 2),
        (["--suite", "official", "--scoreboard", "file"], 1),
        (["--scoreboard", "board"], 2),
    ],
)
def test_what_cannot_be_written_is_said_before_the_work(
    arguments: list[str], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.setattr("onnx2py.testing.running.run_cases", None)  # no case may run
    try:
        found = command("--suite", "odd", *arguments)
    except SystemExit as ended:
        found = ended.code
    assert found == status


def test_a_damaged_trend_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trend.json").write_text("[1, 2")
    with pytest.raises(SystemExit):
        command("--suite", "official", "--scoreboard", str(tmp_path))
    assert "expected a list of entries" in capsys.readouterr().err
    assert (tmp_path / "trend.json").read_text() == "[1, 2"


def test_resuming_keeps_other_engines_and_cases(tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    arguments = ["--suite", "odd", "--json", str(file), "-q"]
    assert command(*arguments, "--only", "one") == 0
    second = "tests.testing.odd:EmptiesItsInputs"
    assert command(*arguments, "--only", "two", "--resume", engine=second) == 0
    cases = json.loads(file.read_text())["cases"]
    assert [(row[0].partition(":")[2], row[2]) for row in cases] == [
        ("Right", "one"), ("EmptiesItsInputs", "two"),
    ]  # fmt: skip


def test_an_update_keeps_what_it_does_not_contradict(tmp_path: Path) -> None:
    def outcome(case: str, verdict: str) -> testing.Outcome:
        return testing.Outcome("e", "odd", case, verdict, "new")

    from onnx2py.testing.results import expected_text

    by_hand = {"verdict": "differs", "reason": "by hand"}
    earlier = {"odd": {"a*": by_hand, "b": by_hand, "c": by_hand, "gone": by_hand}}
    outcomes = [outcome("a1", "differs"), outcome("b", "passed"), outcome("c", "slow")]
    found = json.loads(expected_text(testing.Results(outcomes), earlier))
    slow = {"verdict": "slow", "reason": "new"}
    assert found == {"odd": {"a*": by_hand, "gone": by_hand, "c": slow}}
    whole = testing.Results(outcomes, complete=True)
    assert "gone" not in json.loads(expected_text(whole, earlier))["odd"]


def test_an_update_for_several_engines_allows_what_each_does() -> None:
    from onnx2py.testing.results import expected_text

    outcomes = [
        testing.Outcome("e", "odd", "a", "passed"),
        testing.Outcome("f", "odd", "a", "differs", "so"),
    ]
    results = testing.Results(outcomes, complete=True)
    results.expected = testing.read_expected(json.loads(expected_text(results)))
    assert results.regressions == []


def test_the_command_to_repeat_names_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(odd.OddSuite("").case("a").model, tmp_path / "a.onnx")
    suite, page, file = f"corpus={tmp_path}", tmp_path / "p.html", tmp_path / "r.json"
    engine = "tests.testing.odd:Exits"
    arguments = ["--suite", suite, "--html", str(page), "--json", str(file)]
    assert command(*arguments, engine=engine) == 3
    again = f"onnx2py conformance {engine} --suite {suite} --only a"
    assert again in capsys.readouterr().err
    assert again in page.read_text()
    results = testing.read_results(file)
    assert " ".join(results.command_for(results.outcomes[0])) == again


@POSIX
def test_an_interrupt_keeps_results_and_no_process(tmp_path: Path) -> None:
    file, number = tmp_path / "r.json", tmp_path / "number"
    paths = os.pathsep.join(map(str, (tmp_path / "site", Path(__file__).parents[2])))
    process = subprocess.Popen(
        [
            sys.executable, "-m", "onnx2py", "conformance",
            "tests.testing.odd:SleepsInTheSecondCase",
            "--suite", "odd", "--jobs", "1", "--json", str(file),
        ],
        env={**os.environ, "PYTHONPATH": paths, "ONNX2PY_TEST_CHILD": str(number)},
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    end = time.monotonic() + 120
    while not (number.exists() and number.read_text()) and time.monotonic() < end:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert "interrupted" in process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert not _runs(int(number.read_text()))
    assert [(row[2], row[3]) for row in json.loads(file.read_text())["cases"]] == [
        ("one", "passed")
    ]


# -------------------------------------------------------------------- one model


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "abs.onnx"
    onnx.save(odd.OddSuite("").case("a").model, path)
    return str(path)


def test_one_answer_is_no_agreement(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    engines = ["reference", "tests.testing.odd:Refuses"]
    assert main(["conformance", model, "--engines", *engines]) == 3
    assert "fewer than two engines have outputs" in capsys.readouterr().err


def test_an_engine_that_returns_what_cannot_be_sent(model: str) -> None:
    names = ["ReturnsForeign", "Exits", "RaisesWithoutText"]
    engines = [f"tests.testing.odd:{name}" for name in names]
    found = testing.differential(model, engines)
    assert [ran.verdict for ran in found.ran] == ["crashed"] * 3
    reasons = [ran.reason for ran in found.ran]
    assert "got tests.testing.odd.Foreign" in reasons[0]
    assert "SystemExit: good bye" in reasons[1]
    assert "WithoutText" in reasons[2]


def test_an_engine_that_cannot_be_sent(model: str) -> None:
    with pytest.raises(OptionError, match="name it as MODULE:OBJECT"):
        testing.differential(model, ["reference", odd.Unsendable()])


def test_a_value_that_is_not_known_says_why(model: str) -> None:
    found = testing.differential(
        model, ["tests.testing.odd:Right", "tests.testing.odd:Fickle"]
    )
    assert (
        "crashed: RuntimeError: not those outputs" in found.disagreements[0].unlocated
    )
