"""Run the command on files in a process that may have 4 GB of addresses and little time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MEMORY = 4 << 30
SECONDS = 60
"""Of the processor; the whole suite may share it with others, so the clock gets more."""

WARDEN = f'''
"""Import the compiler once, then fork for each command; write what became of it as JSON."""
import json, os, resource, signal, sys, time, warnings
from onnx2py.cli import command

resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
for line in sys.stdin:
    arguments, place = json.loads(line)
    out, err = place + ".out", place + ".err"
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS + 5}))
        for descriptor, name in ((1, out), (2, err)):
            os.dup2(os.open(name, os.O_CREAT | os.O_WRONLY | os.O_TRUNC), descriptor)
        warnings.simplefilter("always")
        sys.argv = ["onnx2py", *arguments]
        status = 1
        try:
            command()
        except SystemExit as ended:
            status = ended.code
        except BaseException as error:
            print("Traceback:", repr(error), file=sys.stderr)
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(status)
    _, ended, usage = os.wait4(child, 0)
    print(json.dumps([os.waitstatus_to_exitcode(ended), usage.ru_utime + usage.ru_stime,
                      usage.ru_maxrss]), flush=True)
'''


@dataclass(frozen=True)
class Outcome:
    """What became of a command."""

    status: int
    """Negative: the signal that ended it."""
    out: str
    err: str
    seconds: float
    megabytes: int


class Jail:
    """Runs each command in a process of its own, which cannot have more than is said above."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.warden = subprocess.Popen(
            [sys.executable, "-c", WARDEN],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, name: str, arguments: Sequence[str]) -> Outcome:
        """Run the command; the name is one for files."""
        assert self.warden.stdin is not None and self.warden.stdout is not None
        print(
            json.dumps([arguments, str(self.place / name)]),
            file=self.warden.stdin,
            flush=True,
        )
        status, seconds, kilobytes = json.loads(self.warden.stdout.readline())
        out, err = (
            (self.place / f"{name}.{end}").read_text("utf-8", "replace")
            for end in ("out", "err")
        )
        return Outcome(status, out, err, seconds, kilobytes // 1024)

    def close(self) -> None:
        """End the warden."""
        self.warden.communicate()
