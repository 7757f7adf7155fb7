"""Ways from ONNX to one library on the same cases: counts of verdicts, as a table.

Each engine that is installed computes ONNX's own test suite, and the models of folders, compared
with onnxruntime's results of random inputs. A case has a process of its own. Results are added to
a file as they come, and ``--resume`` goes on with it. ``--python onnx2tf=PYTHON`` runs an engine
in another interpreter, which needs what the engine needs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from .. import records
from ..pages import ROOT, write_section
from .cases import Case, of_model, official
from .serve import CRASHED, VERDICTS

SUITE = "ONNX's test suite"

Result = dict[str, Any]


class Peers(NamedTuple):
    """Engines that are compared, by the names that their processes know."""

    record: str
    """The name of the module to run, and of the record of its counts."""
    section: str
    titles: Mapping[str, str]
    """What the table calls each engine."""
    note: str = ""
    """Said after the table."""


class Server:
    """An engine in a process that is started when it is first needed."""

    def __init__(self, engine: str, python: str) -> None:
        self.engine, self.python = engine, python
        self.process: subprocess.Popen[str] | None = None

    def versions(self) -> dict[str, str]:
        """Start the process and return the engine's versions, {} if it cannot be imported."""
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "JAX_PLATFORMS": "cpu",
            "JAX_ENABLE_X64": "1",  # models have 64-bit types
            "PYTHONWARNINGS": "ignore",
        }
        self.process = subprocess.Popen(
            [self.python, "-m", "benchmarks.peers.serve", self.engine],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found: dict[str, str] = json.loads(line or "{}")
        return found

    def verdict(self, case: Path) -> Result:
        """Return an engine's verdict on a case."""
        if self.process is None:
            self.versions()
        assert self.process and self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(f"{case}\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            self.close()
            return {"verdict": CRASHED, "reason": "its server ended"}
        found: Result = json.loads(line)
        return found

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.process = None


class Results:
    """Results in a file of JSON lines, which grows."""

    def __init__(self, path: Path, resume: bool) -> None:
        self.path, self.lock = path, threading.Lock()
        self.known: dict[tuple[str, str, str], Result] = {}
        self.versions: dict[str, dict[str, str]] = {}
        if resume and path.exists():
            for line in path.read_text("utf-8").splitlines():
                self._know(json.loads(line))
        else:
            path.write_text("", encoding="utf-8")

    def _know(self, result: Result) -> None:
        if "versions" in result:
            self.versions[result["engine"]] = result["versions"]
        else:
            self.known[result["suite"], result["case"], result["engine"]] = result

    def add(self, result: Result) -> None:
        """Add a result to the file."""
        with self.lock:
            self._know(result)
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(result) + "\n")


class Servers(threading.local):
    """The servers of a thread, by engine; ``opened`` has those of all threads."""

    def __init__(self, engines: Mapping[str, str], opened: list[Server]) -> None:
        self.servers = {name: Server(name, path) for name, path in engines.items()}
        opened += self.servers.values()


def run(
    suite: str,
    cases: Iterable[tuple[str, Callable[[], Case | None]]],
    engines: Mapping[str, str],
    results: Results,
    jobs: int,
) -> None:
    """Run the cases that have no results yet; ``jobs`` of them at the same time."""
    opened: list[Server] = []
    local = Servers(engines, opened)

    def one(named: tuple[str, Callable[[], Case | None]]) -> None:
        name, made = named
        missing = [e for e in engines if (suite, name, e) not in results.known]
        case = made() if missing else None
        if case is None:
            return
        path = case.stored(Path(folder))
        for engine in missing:
            found = local.servers[engine].verdict(path)
            results.add({"suite": suite, "case": name, "engine": engine, **found})
        path.unlink()

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        try:
            for _ in pool.map(one, cases):
                pass
        finally:
            for server in opened:
                server.close()


def counted(results: Iterable[Result]) -> dict[str, dict[str, dict[str, int]]]:
    """Return how many cases of each suite have each verdict, by engine."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for result in results:
        suite = counts.setdefault(result["suite"], {})
        engine = suite.setdefault(result["engine"], dict.fromkeys(VERDICTS, 0))
        engine[result["verdict"]] += 1
    return counts


def table(record: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """Return the table of a record."""
    lines = [
        f"| cases | engine | {' | '.join(VERDICTS)} |",
        f"| --- | --- |{' ---: |' * len(VERDICTS)}",
    ]
    for suite, engines in record["suites"].items():
        for name in filter(engines.get, titles):
            numbers = [engines[name][verdict] for verdict in VERDICTS]
            package, comma, rest = titles[name].partition(",")
            version = record["versions"][name].get(package, "")
            title = f"{package} {version}".strip() + comma + rest
            cells = [f"{suite} ({sum(numbers)})", title, *map(str, numbers)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def compare_peers(peers: Peers, arguments: Sequence[str] | None = None) -> int:
    """Run the cases and print the table."""
    chosen = _arguments(peers, arguments)
    pythons = dict(each.split("=", 1) for each in chosen.python)
    engines: dict[str, str] = {}
    results = Results(chosen.results, chosen.resume)
    for name in chosen.engines:
        server = Server(name, pythons.get(name, sys.executable))
        if versions := server.versions():
            engines[name] = server.python
            results.add({"engine": name, "versions": versions})
        else:
            print(f"{name}: cannot be imported", file=sys.stderr)
        server.close()
    with tempfile.TemporaryDirectory() as name:
        if not chosen.no_suite:
            suite = ((case.name, partial(_same, case)) for case in official(Path(name)))
            run(SUITE, suite, engines, results, chosen.jobs)
        for folder in chosen.folders:
            files = sorted(folder.glob("*.onnx"))
            run(
                folder.name,
                ((path.stem, partial(of_model, path)) for path in files),
                engines,
                results,
                chosen.jobs,
            )
    record = {
        "versions": results.versions,
        "suites": counted(results.known.values()),
    }
    written = table(record, peers.titles)
    print("\n".join(filter(None, (written, peers.note))))
    if chosen.write:
        records.write(peers.record, record)
        write_section(peers.section, written)
    return 0


def _same(case: Case) -> Case:
    return case


def _arguments(peers: Peers, given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{peers.record}")
    add = parser.add_argument
    add("folders", nargs="*", type=Path, metavar="FOLDER", help="models")
    add("--engines", nargs="+", choices=peers.titles, default=[*peers.titles])
    add("--python", nargs="*", default=[], metavar="ENGINE=PYTHON")
    add("--jobs", type=int, default=2, help="cases at the same time")
    file = Path(f"{peers.record}.jsonl")
    add("--results", type=Path, default=file, metavar="FILE", help="one line per case")
    add("--resume", action="store_true", help="keep the results that the file has")
    add("--no-suite", action="store_true", help="leave out ONNX's test suite")
    add("--write", action="store_true", help="record the counts, update the table")
    return parser.parse_args(given)
