"""The load that ``mcdetect serve`` holds: DCMTK's storescu, many in parallel, and Orthanc as the destination.

Views have the size of full-field mammograms. ``extra_info`` says how long it took until all was acknowledged, and
until the segmentation of every view and the report of every examination lay in the Orthanc; for the load that lasts,
how many examinations a minute came, and how many were not delivered yet, meanwhile and in the end.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bright_bundle import make_mammogram
from support.cohorts import study_uid
from support.orthanc import Orthanc, find_program, free_port
from support.sample_files import mammogram_dataset

SENDERS, VIEWS, ROWS, COLUMNS = 8, 2, 3328, 2560
EVERY_S, LASTS_S = 6.0, 120.0
PATIENCE_S = 900.0
SPOTS = ((1500, 1900), (1510, 1910), (1505, 1922), (1522, 1905), (1518, 1930))


@pytest.fixture(scope="module")
def examination(tmp_path_factory) -> Callable[[int], list[Path]]:
    """Return a function that writes the views of an examination."""
    folder = tmp_path_factory.mktemp("sent")
    pixels = (make_mammogram(SPOTS, shape=(ROWS, COLUMNS)).pixels.clip(0, None) + 100).astype("uint16")

    def write(number: int) -> list[Path]:
        paths = [folder / f"{number}-{view}.dcm" for view in range(VIEWS)]
        for view, path in enumerate(paths):
            pixels[10, 10:12] = number, view
            mammogram_dataset(pixels, StudyInstanceUID=study_uid(number)).save_as(path, enforce_file_format=True)
        return paths

    return write


class Destination(Orthanc):
    """An Orthanc that says how much has come."""

    def results(self) -> dict[str, int]:
        """Return how many objects of each modality are there."""
        found: Counter[str] = Counter()
        for series in self.get("/series?expand"):
            found[series["MainDicomTags"]["Modality"]] += len(series["Instances"])
        return dict(found)

    def wait_for(self, examinations: int) -> None:
        """Wait for the segmentation of every view and the report of every examination."""
        deadline = time.monotonic() + PATIENCE_S
        while self.results() != {"SEG": examinations * VIEWS, "SR": examinations}:
            assert time.monotonic() < deadline, self.results()
            time.sleep(0.25)


@pytest.fixture
def orthanc(tmp_path):
    server = Destination(tmp_path / "orthanc").start()
    yield server
    server.kill()


class Node:
    """A running ``mcdetect serve``."""

    def __init__(self, folder: Path, destination: int) -> None:
        self._port, self._monitoring = free_port(), free_port()
        self._sender = find_program("storescu")
        words = ["serve", "--output", str(folder), "--device", "cpu", "--port", str(self._port)]
        words += ["--metrics-port", str(self._monitoring), "--views", str(VIEWS), "--workers", "2"]
        words += ["--least-free", "0", "--formats", "seg,cad-sr", "--send-to", f"ORTHANC@127.0.0.1:{destination}"]
        self.process = subprocess.Popen([sys.executable, "-m", "MCDetect", *words], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("Listening")

    def send(self, paths: list[Path]) -> subprocess.Popen[bytes]:
        """Begin to send images, as a modality does."""
        return subprocess.Popen([self._sender, "-aec", "MCDETECT", "127.0.0.1", str(self._port), *map(str, paths)])

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._monitoring}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def queue(self) -> int:
        """Return how many examinations have come, at least in part, and are not delivered."""
        text = self.get("/metrics")
        states = dict(re.findall(r'^mcdetect_examinations\{state="(\w+)"\} (\S+)', text, re.MULTILINE))
        (undelivered,) = re.findall(r"^mcdetect_undelivered (\S+)", text, re.MULTILINE)
        return int(sum(map(float, (states["waiting"], states["pending"], undelivered))))


@pytest.fixture
def node(tmp_path, orthanc):
    made = Node(tmp_path / "node", orthanc.dicom_port)
    yield made
    made.process.terminate()
    made.process.communicate(timeout=120)


@pytest.mark.benchmark(group="a DICOM node under load")
def test_many_senders_at_once(benchmark, examination, node, orthanc):
    examinations = [examination(number) for number in range(SENDERS)]

    def send_all() -> None:
        processes = [node.send(paths) for paths in examinations]
        assert [process.wait() for process in processes] == [0] * SENDERS

    begin = time.perf_counter()
    benchmark.pedantic(send_all, rounds=1)
    acknowledged = time.perf_counter() - begin
    orthanc.wait_for(SENDERS)
    delivered = time.perf_counter() - begin
    size = sum(path.stat().st_size for paths in examinations for path in paths)
    assert json.loads(node.get("/health"))["status"] == "ok"
    benchmark.extra_info.update(
        senders=SENDERS,
        images=SENDERS * VIEWS,
        seconds_until_acknowledged=acknowledged,
        images_a_second=SENDERS * VIEWS / acknowledged,
        mebibytes_a_second=size / 2**20 / acknowledged,
        seconds_until_delivered=delivered,
    )


@pytest.mark.benchmark(group="a DICOM node under load")
def test_a_load_that_lasts(benchmark, examination, node, orthanc):
    """An examination every six seconds; the rate is held if the queue is not longer in the end than in the middle."""
    queues: list[int] = []
    acknowledged: list[float] = []
    count = round(LASTS_S / EVERY_S)

    def send_all() -> None:
        begin = time.perf_counter()
        for number in range(count):
            paths = examination(SENDERS + number)
            wait_while_sampling(begin + number * EVERY_S)
            started = time.perf_counter()
            assert node.send(paths).wait() == 0
            acknowledged.append(time.perf_counter() - started)
            for path in paths:
                path.unlink()
        wait_while_sampling(begin + count * EVERY_S)

    def wait_while_sampling(moment: float) -> None:
        while time.perf_counter() < moment:
            queues.append(node.queue())
            time.sleep(max(0.0, min(1.0, moment - time.perf_counter())))

    benchmark.pedantic(send_all, rounds=1)
    ended = time.perf_counter()
    orthanc.wait_for(count)
    assert json.loads(node.get("/health"))["status"] == "ok"
    third = len(queues) // 3
    in_the_middle, in_the_end = statistics.mean(queues[third : 2 * third]), statistics.mean(queues[2 * third :])
    benchmark.extra_info.update(
        examinations=count,
        examinations_a_minute=60 / EVERY_S,
        is_held=in_the_end <= in_the_middle + 1,
        mean_queue_in_the_middle=in_the_middle,
        mean_queue_in_the_end=in_the_end,
        longest_queue=max(queues),
        seconds_until_delivered_after_the_last=time.perf_counter() - ended,
        median_seconds_until_acknowledged=statistics.median(acknowledged),
        longest_seconds_until_acknowledged=max(acknowledged),
    )
