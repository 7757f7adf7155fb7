"""The demo that the README starts with; tests/docs/ checks all pages."""

from __future__ import annotations

import runpy

import pytest


def test_the_demo_reads_all_ten_digits(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("generated_examples.make.demo", run_name="__main__")
    assert stopped.value.code == 0
    assert "10 of 10 right" in capsys.readouterr().out
