"""The load that ``mcdetect serve`` holds: DCMTK's storescu, many in parallel, and Orthanc as the destination.

At once: views with the size of full-field mammograms; ``extra_info`` says how long it took until all was acknowledged,
and until the segmentation of every view and the report of every examination lay in the Orthanc.

For long: examinations of four views, smaller ones so that several rates fit into three minutes, at rates that rise
until more come than are delivered; ``extra_info`` says which size, and the highest rate at which no queue grew.
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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.bright_bundle import make_mammogram
from support.cohorts import study_uid
from support.orthanc import Orthanc, find_program, free_port
from support.sample_files import mammogram_dataset

SENDERS, VIEWS, SHAPE = 8, 2, (3328, 2560)
LASTING_SENDERS, LASTING_VIEWS, LASTING_SHAPE = 4, 4, (1664, 1280)
RATES = (8, 16, 32, 64, 128)
STEP_S, MOST_S = 24.0, 120.0
PATIENCE_S = 900.0
SPOTS = ((0, 0), (10, 10), (5, 22), (22, 5), (18, 30))


Writer = Callable[[int], list[Path]]


@pytest.fixture
def writer(tmp_path) -> Callable[[int, tuple[int, int]], Writer]:
    """Return a function that makes a writer of examinations with so many views of a size."""
    folder = tmp_path / "sent"
    folder.mkdir()

    def make(views: int, shape: tuple[int, int]) -> Writer:
        spots = [(shape[0] * 9 // 20 + row, shape[1] * 3 // 4 + column) for row, column in SPOTS]
        pixels = (make_mammogram(spots, shape=shape).pixels.clip(0, None) + 100).astype("uint16")

        def write(number: int) -> list[Path]:
            paths = [folder / f"{number}-{view}.dcm" for view in range(views)]
            for view, path in enumerate(paths):
                pixels[10, 10:12] = number, view
                mammogram_dataset(pixels, StudyInstanceUID=study_uid(number)).save_as(path, enforce_file_format=True)
            return paths

        return write

    return make


class Destination(Orthanc):
    """An Orthanc that says how much has come."""

    def results(self) -> dict[str, int]:
        """Return how many objects of each modality are there."""
        found: Counter[str] = Counter()
        for series in self.get("/series?expand"):
            found[series["MainDicomTags"]["Modality"]] += len(series["Instances"])
        return dict(found)

    def wait_for(self, examinations: int, views: int) -> None:
        """Wait for the segmentation of every view and the report of every examination."""
        deadline = time.monotonic() + PATIENCE_S
        while self.results() != {"SEG": examinations * views, "SR": examinations}:
            assert time.monotonic() < deadline, self.results()
            time.sleep(0.25)


@pytest.fixture
def orthanc(tmp_path):
    server = Destination(tmp_path / "orthanc").start()
    yield server
    server.kill()


class Node:
    """A running ``mcdetect serve``."""

    def __init__(self, folder: Path, destination: int, views: int) -> None:
        self._port, self._monitoring = free_port(), free_port()
        self._sender = find_program("storescu")
        words = ["serve", "--output", str(folder), "--device", "cpu", "--port", str(self._port)]
        words += ["--metrics-port", str(self._monitoring), "--views", str(views), "--workers", "2"]
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
def node(tmp_path, orthanc, request):
    made = Node(tmp_path / "node", orthanc.dicom_port, request.param)
    yield made
    made.process.terminate()
    made.process.communicate(timeout=120)


@pytest.mark.benchmark(group="a DICOM node under load")
@pytest.mark.parametrize("node", [VIEWS], indirect=True)
def test_many_senders_at_once(benchmark, writer, node, orthanc):
    write = writer(VIEWS, SHAPE)
    examinations = [write(number) for number in range(SENDERS)]

    def send_all() -> None:
        processes = [node.send(paths) for paths in examinations]
        assert [process.wait() for process in processes] == [0] * SENDERS

    begin = time.perf_counter()
    benchmark.pedantic(send_all, rounds=1)
    acknowledged = time.perf_counter() - begin
    orthanc.wait_for(SENDERS, VIEWS)
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


class Load:
    """Several senders that send examinations at a rate, whether or not the one before was acknowledged."""

    def __init__(self, node: Node, write: Writer) -> None:
        self._node, self._write = node, write
        self.sent = 0
        self.kept_up = True
        self.acknowledged: list[float] = []

    def last(self, rate: float, seconds: float) -> list[tuple[float, int]]:
        """Send so many a minute for a while; return (second, length of the queue) every half second.

        ``kept_up`` says whether the senders could: the node acknowledged quickly enough for so many a minute.
        """
        count = round(rate * seconds / 60)
        examinations = [self._write(self.sent + number) for number in range(count)]
        self.sent += count
        queues: list[tuple[float, int]] = []
        begin = time.perf_counter()

        def send(number: int) -> None:
            time.sleep(max(0.0, begin + number * 60 / rate - time.perf_counter()))
            started = time.perf_counter()
            assert self._node.send(examinations[number]).wait() == 0
            self.acknowledged.append(time.perf_counter() - started)
            for path in examinations[number]:
                path.unlink()

        with ThreadPoolExecutor(LASTING_SENDERS) as pool:
            sending = [pool.submit(send, number) for number in range(count)]
            while (now := time.perf_counter() - begin) < seconds:
                queues.append((now, self._node.queue()))
                time.sleep(0.5)
            for one in sending:
                one.result()
        self.kept_up = time.perf_counter() - begin < seconds + 2.0
        return queues


def is_held(queues: list[tuple[float, int]], rate: float) -> bool:
    """Say whether the queue grew by less than a tenth of what came, from the second third to the last."""
    second, last = (
        statistics.mean(queue for moment, queue in queues if third * STEP_S / 3 <= moment < (third + 1) * STEP_S / 3)
        for third in (1, 2)
    )
    return last - second <= max(1.0, 0.1 * rate * STEP_S / 3 / 60)


@pytest.mark.benchmark(group="a DICOM node under load")
@pytest.mark.parametrize("node", [LASTING_VIEWS], indirect=True)
def test_a_load_that_lasts(benchmark, writer, node, orthanc):
    """Rates that double until the queue grows, each beginning when all of the one before was delivered."""
    load = Load(node, writer(LASTING_VIEWS, LASTING_SHAPE))
    held: dict[int, bool] = {}
    longest: dict[int, int] = {}

    def raise_the_rate() -> None:
        begin = time.perf_counter()
        for rate in RATES:
            queues = load.last(rate, STEP_S)
            held[rate] = load.kept_up and is_held(queues, rate)
            longest[rate] = max(queue for _, queue in queues)
            orthanc.wait_for(load.sent, LASTING_VIEWS)
            if not held[rate] or time.perf_counter() - begin > MOST_S:
                break

    benchmark.pedantic(raise_the_rate, rounds=1)
    assert json.loads(node.get("/health"))["status"] == "ok"
    benchmark.extra_info.update(
        senders=LASTING_SENDERS,
        views_of_an_examination=LASTING_VIEWS,
        rows_and_columns_of_a_view=LASTING_SHAPE,
        examinations=load.sent,
        highest_rate_held_a_minute=max((rate for rate in held if held[rate]), default=0),
        lowest_rate_not_held_a_minute=min((rate for rate in held if not held[rate]), default=None),
        longest_queue_at_each_rate=longest,
        median_seconds_until_acknowledged=statistics.median(load.acknowledged),
        longest_seconds_until_acknowledged=max(load.acknowledged),
    )
    assert held[RATES[0]], f"not even {RATES[0]} examinations a minute are held: {longest}"
