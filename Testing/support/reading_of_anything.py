"""Giving a file to everything that reads files: it is read or refused, and nothing else may happen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from MCDetect.dicom.description import describe
from MCDetect.dicom.display import presentation_image
from MCDetect.dicom.inputs import find_inputs
from MCDetect.dicom.reading import read_mammogram
from MCDetect.dicom.results.reading import read_results
from MCDetect.errors import MCDetectError
from MCDetect.findings import Findings


def outcome(path: Path) -> str:
    """Read a file as a mammogram, and as a result if it is none; return "read" or the code of the last refusal."""
    refusal: MCDetectError | None = None
    try:
        mammogram = read_mammogram(path)
    except MCDetectError as error:
        check_refusal(error)
    else:
        assert np.isfinite(mammogram.pixels).all()
        assert presentation_image(mammogram).shape == mammogram.pixels.shape
        assert describe(mammogram)
        assert find_inputs([path]) == [path]
        return "read"
    try:
        findings = read_results([path])
    except MCDetectError as error:
        check_refusal(error)
        refusal = error
    else:
        assert Findings.from_json(findings.to_json()) == findings
    return "read" if refusal is None else refusal.code


def check_refusal(error: MCDetectError) -> None:
    """Check that a refusal is one sentence and quotes nothing of the file."""
    assert error.code
    assert error.message.endswith(".")
    assert "secret" not in str(error).lower()
