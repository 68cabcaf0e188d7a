"""The process that asks PixelMed about many reports says what PixelMed's own program says of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from support.faults_of_reports import no_intent, wrong_unit
from support.pixelmed import PIXELMED, Validator
from support.small_examination import small_objects

OPTIONS = ["-Xss16m", *(f"-Djdk.xml.xpath{limit}Limit=0" for limit in ("ExprGrp", "ExprOp", "TotalOp"))]


@pytest.mark.slow
def test_it_says_the_same_as_the_program(pixelmed: Validator, run_tool: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.dcm"
    small_objects()["cad-sr"].save_as(path, enforce_file_format=True)
    report = dcmread(path)
    no_intent(report)
    wrong_unit(report)
    report.save_as(path)
    said = pixelmed.text(path)
    program = run_tool("java", *OPTIONS, "-cp", PIXELMED, "com.pixelmed.validate.DicomSRValidator", path)
    assert program.strip() == said.strip()
    assert said.count("Error") >= 2


def test_a_file_that_is_no_report_does_not_pass_and_the_next_one_is_judged(pixelmed: Validator, tmp_path: Path) -> None:
    path = tmp_path / "nothing.dcm"
    path.write_bytes(b"nothing")
    assert "Root Template Validation Complete" not in pixelmed.text(path)
    small_objects()["measurements-sr"].save_as(path, enforce_file_format=True)
    assert "Root Template Validation Complete" in pixelmed.text(path)
