from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bright_bundle import bundle_folder
from support.sample_files import bright_pixels, write_mammogram
from support.waiting_for_worker import until_ready

from MCDetect.inference.worker.client import WorkerClient

__all__ = ["bundle_folder"]


@pytest.fixture(scope="module")
def warm(bundle_folder: Path) -> Iterator[WorkerClient]:
    """Return a worker that has loaded the bundle of the tests."""
    client = WorkerClient(bundle=bundle_folder, device="cpu", backend="torch")
    until_ready(client)
    yield client
    client.close()


@pytest.fixture(scope="session")
def examination(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a folder of two mammograms, the second without findings."""
    folder = tmp_path_factory.mktemp("examination")
    write_mammogram(folder / "1.dcm")
    write_mammogram(folder / "2.dcm", bright_pixels((), seed=3), ImageLaterality="L")
    return folder
