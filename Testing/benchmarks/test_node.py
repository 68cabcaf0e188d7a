"""The load that ``mcdetect serve`` holds: DCMTK's storescu, many in parallel, and Orthanc as the destination.

Views have the size of full-field mammograms. ``extra_info`` says how long it took until all was acknowledged, and
until the results of every examination lay in the Orthanc.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from support.bright_bundle import make_mammogram
from support.cohorts import study_uid
from support.orthanc import Orthanc, free_port
from support.sample_files import mammogram_dataset

SENDERS, VIEWS, ROWS, COLUMNS = 8, 2, 3328, 2560
SPOTS = ((1500, 1900), (1510, 1910), (1505, 1922), (1522, 1905), (1518, 1930))


@pytest.fixture(scope="module")
def examinations(tmp_path_factory) -> list[list[Path]]:
    folder = tmp_path_factory.mktemp("sent")
    pixels = (make_mammogram(SPOTS, shape=(ROWS, COLUMNS)).pixels.clip(0, None) + 100).astype("uint16")
    made = []
    for number in range(SENDERS):
        made.append([folder / f"{number}-{view}.dcm" for view in range(VIEWS)])
        for view, path in enumerate(made[-1]):
            pixels[10, 10:12] = number, view
            mammogram_dataset(pixels, StudyInstanceUID=study_uid(number)).save_as(path, enforce_file_format=True)
    return made


@pytest.fixture
def orthanc(tmp_path):
    server = Orthanc(tmp_path / "orthanc").start()
    yield server
    server.kill()


@pytest.fixture
def node(tmp_path, orthanc):
    port, monitoring = free_port(), free_port()
    words = ["serve", "--output", str(tmp_path / "node"), "--device", "cpu", "--port", str(port)]
    words += ["--metrics-port", str(monitoring), "--views", str(VIEWS), "--workers", "2", "--least-free", "0"]
    words += ["--formats", "seg,cad-sr", "--send-to", f"ORTHANC@127.0.0.1:{orthanc.dicom_port}"]
    process = subprocess.Popen([sys.executable, "-m", "MCDetect", *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Listening")
    yield port, monitoring
    process.terminate()
    process.communicate(timeout=120)


@pytest.mark.benchmark(group="a DICOM node under load")
def test_many_senders_at_once(benchmark, examinations, node, orthanc):
    sender = shutil.which("storescu")
    if sender is None:
        pytest.skip("storescu of DCMTK is not installed")
    port, monitoring = node

    def send_all() -> None:
        words = [sender, "-aec", "MCDETECT", "127.0.0.1", str(port)]
        processes = [subprocess.Popen([*words, *map(str, paths)]) for paths in examinations]
        assert [process.wait() for process in processes] == [0] * SENDERS

    begin = time.perf_counter()
    benchmark.pedantic(send_all, rounds=1)
    acknowledged = time.perf_counter() - begin
    deadline = time.monotonic() + 900
    while len(orthanc.get("/studies")) < SENDERS:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    size = sum(path.stat().st_size for paths in examinations for path in paths)
    with urllib.request.urlopen(f"http://127.0.0.1:{monitoring}/health", timeout=10) as answer:
        assert json.loads(answer.read())["status"] == "ok"
    benchmark.extra_info.update(
        senders=SENDERS,
        images=SENDERS * VIEWS,
        seconds_until_acknowledged=acknowledged,
        images_a_second=SENDERS * VIEWS / acknowledged,
        mebibytes_a_second=size / 2**20 / acknowledged,
        seconds_until_delivered=time.perf_counter() - begin,
    )
