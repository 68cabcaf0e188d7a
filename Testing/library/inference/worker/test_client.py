"""A real worker process, asked as a viewer asks."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from support.waiting_for_worker import collect, until_end, until_ready

from MCDetect.inference.detector import Detector
from MCDetect.inference.pipeline import detect
from MCDetect.inference.worker.client import State, WorkerClient
from MCDetect.inference.worker.messages import (
    Cancelled,
    Failed,
    Finished,
    MapDone,
    Ready,
    ViewDone,
    ViewProgress,
    ViewRefused,
)


def of_kind(kind, messages):
    return [message for message in messages if isinstance(message, kind)]


def test_the_worker_says_what_it_has_loaded(warm, bundle_folder):
    detector = Detector.load(bundle_folder, "cpu")
    assert warm.ready.bundle == bundle_folder.name
    assert warm.ready.bundle_sha256 == detector.bundle.sha256
    assert warm.ready.operating_points == detector.operating_points
    assert warm.ready.algorithm() == detector.algorithm()
    assert warm.ready.algorithm("high-sensitivity") == detector.algorithm("high-sensitivity")
    assert warm.ready.algorithm(0.4) == detector.algorithm(0.4)
    assert warm.ready.process_id != os.getpid()
    assert warm.state is State.READY


def test_a_viewer_gets_the_findings_that_the_library_gives(warm, bundle_folder, examination):
    request = warm.detect([examination])
    assert warm.state is State.BUSY
    messages = until_end(warm)
    expected = detect(examination, bundle=bundle_folder, device="cpu", operating_point=0.0)
    done = of_kind(ViewDone, messages)
    assert tuple(message.image for message in done) == expected.images
    assert {message.algorithm for message in done} == {expected.algorithm}
    assert [message.source for message in done] == [str(examination / "1.dcm"), str(examination / "2.dcm")]
    assert messages[-1] == Finished(request, 2, 0, messages[-1].seconds)
    assert warm.state is State.READY


@pytest.mark.skipif(
    find_spec("openvino") is None or find_spec("onnx") is None, reason="the extra openvino is not installed"
)
def test_the_worker_computes_with_the_back_end_that_was_asked_for(bundle_folder):
    client = WorkerClient(bundle=bundle_folder, device="cpu", backend="openvino")
    until_ready(client)
    assert client.ready.device == "cpu (OpenVINO, fp32)"
    client.close()


def test_progress_moves_on_and_names_the_view(warm, examination, tmp_path):
    again = tmp_path / "same pixels, other file"
    shutil.copytree(examination, again)
    for file in again.iterdir():
        file.write_bytes(file.read_bytes() + bytes(2))  # nothing of it is remembered
    warm.detect([again])
    progress = of_kind(ViewProgress, until_end(warm))
    overall = [message.overall for message in progress]
    assert overall == sorted(overall)
    assert overall[0] == 0
    assert {message.index for message in progress} == {0, 1}
    assert {message.stage for message in progress} >= {"reading", "preparing", "finding calcifications"}
    assert all(message.seconds_left is None or message.seconds_left >= 0 for message in progress)


def test_the_same_question_is_answered_from_memory_and_says_so(warm, examination):
    warm.detect([examination])
    first = of_kind(ViewDone, until_end(warm))
    warm.detect([examination / "2.dcm", examination / "1.dcm"])
    second = of_kind(ViewDone, until_end(warm))
    assert [message.remembered for message in second] == [True, True]
    assert [message.image for message in second] == [message.image for message in reversed(first)]
    warm.detect([examination], threshold=0.99)
    assert not any(message.remembered for message in of_kind(ViewDone, until_end(warm)))


def test_what_cannot_be_read_is_refused_and_the_rest_is_done(warm, examination, tmp_path):
    broken = tmp_path / "broken.dcm"
    broken.write_bytes((examination / "1.dcm").read_bytes()[:3000])
    warm.detect([tmp_path / "missing.dcm", examination / "1.dcm", broken])
    messages = until_end(warm)
    assert [(m.index, m.refusal.code) for m in of_kind(ViewRefused, messages)] == [
        (0, "no-such-file"),
        (2, "truncated"),
    ]
    assert [m.index for m in of_kind(ViewDone, messages)] == [1]
    assert (messages[-1].done, messages[-1].refused) == (1, 2)


def test_a_probability_map_is_that_of_which_the_findings_are_made(warm, bundle_folder, examination, tmp_path):
    from MCDetect.dicom.reading import read_mammogram

    target = tmp_path / "maps" / "1.npy"
    warm.probability_map(examination / "1.dcm", target)
    messages = until_end(warm)
    mammogram = read_mammogram(examination / "1.dcm")
    expected = Detector.load(bundle_folder, "cpu").probability_of(mammogram)
    written = np.load(target)
    assert written.dtype == np.float32
    np.testing.assert_allclose(written, expected, atol=1e-6)
    (done,) = of_kind(MapDone, messages)
    assert (done.rows, done.columns) == mammogram.shape
    assert isinstance(messages[-1], Finished)


def test_a_map_that_cannot_be_written_is_one_sentence_and_leaves_nothing(warm, examination, tmp_path):
    (tmp_path / "file").touch()
    warm.probability_map(examination / "1.dcm", tmp_path / "file" / "map.npy")
    failed = until_end(warm)[-1]
    assert isinstance(failed, Failed)
    assert failed.code == "cannot-write"
    warm.probability_map(examination / "1.dcm", tmp_path / "map.txt")
    assert until_end(warm)[-1].code == "wrong-target"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_requests_that_make_no_sense_fail_and_the_worker_stays(warm, examination):
    number = warm.ready.process_id
    warm.detect([])
    assert until_end(warm)[-1].code == "no-inputs"
    warm.detect([examination], threshold=7)
    assert until_end(warm)[-1].code == "threshold-out-of-range"
    warm.detect([examination], spacing_mm=-1)
    assert {m.refusal.code for m in of_kind(ViewRefused, until_end(warm))} == {"wrong-spacing"}
    assert warm.ready.process_id == number


def test_requests_made_before_the_worker_is_ready_are_answered_in_order(bundle_folder, examination):
    client = WorkerClient(bundle=str(bundle_folder), device="cpu")
    begun = time.monotonic()
    first, second = client.detect(str(examination / "1.dcm")), client.detect([examination / "2.dcm"])
    assert client.state is State.STARTING
    assert client.poll() == []
    assert time.monotonic() - begun < 0.1
    try:
        messages = collect(client, lambda message: isinstance(message, Finished) and message.request == second)
        assert [message.request for message in of_kind(Finished, messages)] == [first, second]
        begun = time.monotonic()
    finally:
        client.close()
    assert time.monotonic() - begun < 0.1
    assert client.state is State.STOPPED
    client.close()


def test_cancelling_ends_the_process_at_once_and_warms_up_another(bundle_folder, examination):
    client = WorkerClient(bundle=bundle_folder, device="cpu", backend="torch")
    first = until_ready(client)
    request = client.detect([examination] * 3)
    collect(client, lambda message: isinstance(message, ViewProgress))
    begun = time.monotonic()
    client.cancel()
    assert time.monotonic() - begun < 0.1
    messages = client.poll()
    assert messages[-1] == Cancelled(request)
    assert gone(first.process_id)
    second = until_ready(client)
    assert second.process_id != first.process_id
    client.detect([examination])
    assert isinstance(until_end(client)[-1], Finished)
    client.cancel()  # nothing to cancel: the worker stays as it is
    assert client.ready == second
    client.close()
    assert gone(second.process_id)


def gone(process_id: int, seconds: float = 5.0) -> bool:
    """Say whether a process ends within some seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{process_id}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True  # dead, and not yet reaped
        time.sleep(0.02)
    return False


VIEWER = """
import sys, time
from MCDetect.inference.worker.client import WorkerClient
client = WorkerClient(bundle=sys.argv[1], device="cpu", backend="torch")
client.start()
while client.ready is None:
    client.poll()
    time.sleep(0.01)
client.detect([sys.argv[2]] * 50)
print(client.ready.process_id, flush=True)
time.sleep(60)
"""


def test_the_worker_does_not_outlive_a_viewer_that_is_killed(bundle_folder, examination):
    words = [sys.executable, "-c", VIEWER, str(bundle_folder), str(examination)]
    viewer = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    worker = int(viewer.stdout.readline())
    viewer.kill()
    viewer.communicate()
    assert gone(worker)


def test_the_viewers_side_imports_nothing_heavy():
    code = (
        "import sys; import MCDetect.inference.worker.client; "
        "print(sorted({'torch', 'numpy', 'scipy', 'pydicom', 'monai', 'PyQt5'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ast.literal_eval(run.stdout) == []


def test_what_a_library_prints_does_not_disturb_the_messages(bundle_folder, examination, tmp_path):
    # sitecustomize runs in every interpreter that finds it: here it prints to both levels of the standard output.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, threading, time\n"
        "def chatter():\n"
        "    while True:\n"
        '        print(\'{"kind": "Finished"}\', flush=True)\n'
        "        os.write(1, b'garbage')\n"
        "        time.sleep(0.001)\n"
        "def begin():\n"
        "    import MCDetect.inference.worker.channel as channel\n"
        "    taken = channel.Channel.of_this_process\n"
        "    def of_this_process():\n"
        "        result = taken()\n"
        "        threading.Thread(target=chatter, daemon=True).start()\n"
        "        return result\n"
        "    channel.Channel.of_this_process = of_this_process\n"
        "begin()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    client = WorkerClient(bundle=bundle_folder, device="cpu", backend="torch", environment=environment)
    client.detect([examination])
    messages = until_end(client)
    client.close()
    assert isinstance(messages[-1], Finished), messages
    assert len(of_kind(Ready, messages)) == 1
