"""Objects about a small examination, as files."""

from __future__ import annotations

from io import BytesIO

import pytest
from support.small_examination import small_objects


@pytest.fixture(scope="session")
def objects() -> dict[str, bytes]:
    """Return a segmentation, a CAD report and a measurement report of reviewed findings, and their mammogram."""
    stored = {}
    for kind, dataset in small_objects().items():
        stream = BytesIO()
        dataset.save_as(stream, enforce_file_format=True)
        stored[kind] = stream.getvalue()
    return stored
