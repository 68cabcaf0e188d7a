"""Workers that do not start, die or babble: one sentence each, and the next request starts a new one."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from support.waiting_for_worker import collect, until_end, until_ready

from MCDetect.inference.worker.client import State, WorkerClient
from MCDetect.inference.worker.messages import Failed, Finished
from MCDetect.inference.worker.server import failure

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins for an interpreter are shell scripts")


def told(client: WorkerClient) -> Failed:
    """Start a worker that cannot live, and return what the viewer is told."""
    client.start()
    (message,) = collect(client, lambda message: isinstance(message, Failed), 20)
    assert isinstance(message, Failed)
    assert message.request is None
    assert message.message.endswith(".")
    assert message.hint.endswith(".")
    assert "Traceback" not in message.message + message.hint
    assert client.state is State.STOPPED
    assert client.poll() == []
    return message


def interpreter(folder: Path, script: str) -> Path:
    """Write a program that is started in place of Python."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_an_interpreter_that_is_not_there(tmp_path):
    assert told(WorkerClient(python=tmp_path / "missing")).code == "worker-not-started"


def test_an_interpreter_that_may_not_be_run(tmp_path):
    (tmp_path / "python").write_text("text")
    assert told(WorkerClient(python=tmp_path / "python")).code == "worker-not-started"


def test_a_worker_that_dies_says_its_last_words_in_the_details(tmp_path):
    failed = told(WorkerClient(python=interpreter(tmp_path, "echo last words >&2; exit 7")))
    assert failed.code == "worker-died"
    assert "7" in failed.message
    assert failed.details == "last words"


@pytest.mark.parametrize("text", ["hello", "[[]]", '{\\"kind\\": \\"Finished\\"}', '{\\"kind\\": \\"Shutdown\\"}'])
def test_a_worker_that_babbles_is_ended(tmp_path, text):
    failed = told(WorkerClient(python=interpreter(tmp_path, f'echo "{text}"; sleep 60')))
    assert failed.code == "worker-garbled"


def test_a_message_that_is_cut_off_is_no_message(tmp_path):
    assert told(WorkerClient(python=interpreter(tmp_path, "printf '{'; exit 1"))).code == "worker-died"


def test_a_worker_of_another_version_is_ended(tmp_path):
    ready = (
        '{"kind": "Ready", "version": "0.0", "device": "cpu", "bundle": "b", "bundle_sha256": "", '
        '"operating_points": {}, "default_operating_point": "", "seconds": 1, "process_id": 1}'
    )
    failed = told(WorkerClient(python=interpreter(tmp_path, f"echo '{ready}'; sleep 60")))
    assert failed.code == "worker-version"


def test_a_worker_that_the_system_kills_is_told_as_lack_of_memory(bundle_folder, examination):
    client = WorkerClient(bundle=bundle_folder, device="cpu", backend="torch")
    first = until_ready(client)
    request = client.detect([examination])
    os.kill(first.process_id, signal.SIGKILL)
    failed = until_end(client)[-1]
    assert isinstance(failed, Failed)
    assert (failed.request, failed.code) == (request, "worker-out-of-memory")
    assert client.state is State.STOPPED
    client.detect([examination])  # starts another
    assert isinstance(until_end(client)[-1], Finished)
    client.close()


def test_a_model_that_is_missing(tmp_path):
    assert told(WorkerClient(bundle=tmp_path / "nothing", device="cpu", backend="torch")).code == "no-such-bundle"


def test_a_model_that_is_damaged_fails_every_request_that_waits(own_bundle, examination):
    (own_bundle / "models" / "model.pt").write_bytes(b"no weights")
    client = WorkerClient(bundle=own_bundle, device="cpu", backend="torch")
    requests = [client.detect([examination]), client.detect([examination])]
    messages = collect(client, lambda message: message.request == requests[-1])
    assert [(message.request, message.code) for message in messages] == [(r, "damaged-bundle") for r in requests]
    assert client.state is State.STOPPED


def test_pytorch_that_is_not_installed(bundle_folder, tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    assert told(WorkerClient(bundle=bundle_folder, environment=environment)).code == "no-torch"


def test_a_folder_of_another_name_is_found_from_any_place(bundle_folder, examination, tmp_path, monkeypatch):
    shutil.copy(examination / "1.dcm", tmp_path / "ä b.dcm")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torch.py").write_text("raise SystemExit(9)")  # nothing is imported from where the viewer was started
    client = WorkerClient(bundle=bundle_folder, device="cpu", backend="torch")
    client.detect(["ä b.dcm"])
    messages = until_end(client)
    client.close()
    assert isinstance(messages[-1], Finished), messages
    assert messages[-2].source == str(tmp_path / "ä b.dcm")


def test_the_words_of_an_unexpected_exception_are_not_told():
    try:
        raise KeyError("SECRET^NAME")
    except KeyError as error:
        failed = failure(3, error)
    assert (failed.request, failed.code) == (3, "internal-error")
    assert "SECRET" not in str(failed)
    assert "KeyError" in failed.details
    assert Path(__file__).name in failed.details
    assert sys.version.split()[0] in failed.details


def test_lack_of_memory_is_told_as_such():
    assert failure(1, MemoryError()).code == "out-of-memory"
