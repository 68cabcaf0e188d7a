"""Objects to send, a real PACS to send them to, and nodes that describe it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.bright_bundle import bundle_folder
from support.orthanc import Orthanc, free_port
from support.sample_files import write_mammogram

from MCDetect.command_line import main
from MCDetect.dicom.pacs import back_off
from MCDetect.dicom.pacs.nodes import DicomNode, WebNode

__all__ = ["bundle_folder"]


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what is remembered about sends out of the home of whoever runs the tests; and wait little."""
    state = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    monkeypatch.setattr(back_off, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(back_off, "LONGEST_WAIT_S", 0.2)
    return state


@pytest.fixture(scope="session")
def examination(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a mammogram, all our objects of it, and the files that are no DICOM."""
    folder = tmp_path_factory.mktemp("examination")
    image = write_mammogram(folder / "image.dcm")
    words = ["detect", str(image), "--output", str(folder / "results"), "--bundle", str(bundle_folder)]
    assert main([*words, "--device", "cpu"]) == 0
    return folder


@pytest.fixture(scope="session")
def orthanc_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Start an Orthanc for all tests of this process."""
    server = Orthanc(tmp_path_factory.mktemp("orthanc")).start()
    yield server
    server.kill()


@pytest.fixture
def orthanc(orthanc_of_all: Orthanc) -> Orthanc:
    """Return an Orthanc that is empty."""
    orthanc_of_all.empty()
    return orthanc_of_all


NodeFor = Callable[..., DicomNode]


@pytest.fixture
def node_for() -> NodeFor:
    """Return the function that describes an Orthanc, or whatever listens on a port, as a node."""

    def make(port: int | Orthanc, **changes: object) -> DicomNode:
        listens = port if isinstance(port, int) else port.dicom_port
        calls_back = free_port() if isinstance(port, int) else port.client_port
        values = {
            "host": "127.0.0.1",
            "port": listens,
            "ae_title": "ORTHANC",
            "listen_port": calls_back,
            "timeout_s": 10.0,
            "attempts": 3,
            **changes,
        }
        return DicomNode("archive", **values)  # type: ignore[arg-type]

    return make


@pytest.fixture
def web_node() -> Callable[..., WebNode]:
    """Return the function that describes an Orthanc, or a url, as a DICOMweb node."""

    def make(server: str | Orthanc, **changes: object) -> WebNode:
        url = server if isinstance(server, str) else f"{server.url}/dicom-web"
        return WebNode("web", url, **{"timeout_s": 10.0, "attempts": 3, **changes})  # type: ignore[arg-type]

    return make
