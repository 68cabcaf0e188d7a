from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.bright_bundle import bundle_folder, own_bundle
from support.sample_files import write_mammogram

from MCDetect.command_line import main

__all__ = ["bundle_folder", "own_bundle"]


@dataclass
class Outcome:
    """What a call of the command printed, returned and left in its output folder."""

    code: int
    stdout: str
    stderr: str
    output: Path

    @property
    def files(self) -> list[str]:
        """Every file below the output folder, hidden ones too."""
        return sorted(path.relative_to(self.output).as_posix() for path in self.output.rglob("*") if path.is_file())

    @property
    def findings(self) -> dict[str, Any]:
        return json.loads((self.output / "findings.json").read_text())

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The standard output as JSON lines."""
        return [json.loads(line) for line in self.stdout.splitlines()]


Detect = Callable[..., Outcome]


@pytest.fixture
def detect(bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Detect:
    """Return a function that runs ``mcdetect detect`` in this process."""

    def run(*inputs: Path | str, output: Path | None = None, bundle: Path = bundle_folder, options=()) -> Outcome:
        folder = tmp_path / "results" if output is None else output
        words = ["detect", *map(str, inputs), "--output", str(folder), "--bundle", str(bundle), "--device", "cpu"]
        words += ["--backend", "torch"]
        capsys.readouterr()
        code = main([*words, *options])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err, folder)

    return run


@pytest.fixture(scope="session")
def mammogram(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a mammogram with one cluster."""
    return write_mammogram(tmp_path_factory.mktemp("mammograms") / "cluster.dcm")
