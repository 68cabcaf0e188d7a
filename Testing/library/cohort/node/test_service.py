"""The node as a process of its own, killed and started again."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from pydicom import dcmread
from support.bright_bundle import bundle_folder
from support.cohorts import write_examination
from support.dicom_nodes import receiving, send

__all__ = ["bundle_folder"]


class Node:
    """``mcdetect serve`` with one worker."""

    def __init__(self, folder: Path, bundle: Path, destination: int) -> None:
        words = [sys.executable, "-m", "MCDetect", "serve", "--output", str(folder), "--bundle", str(bundle)]
        words += ["--device", "cpu", "--backend", "torch", "--workers", "1", "--port", "0", "--metrics-port", "0"]
        words += ["--stow-port", "0"]
        words += ["--views", "2", "--wait", "2", "--least-free", "0", "--formats", "seg,cad-sr"]
        words += ["--send-to", f"PACS@127.0.0.1:{destination}"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline().split()
        assert line[:1] == ["Listening"], line
        self.port, self.monitoring_port = int(line[5]), int(line[-1].rstrip("."))
        self.stow_port = int(line[line.index("STOW-RS") + 3].rstrip(","))
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.monitoring_port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def store(self, path: Path, *, stow: bool) -> bool:
        """Send an image; say whether its receipt was acknowledged."""
        if not stow:
            return send([path], self.port) == [0]
        client = DICOMwebClient(f"http://127.0.0.1:{self.stow_port}")
        try:
            return "ReferencedSOPSequence" in client.store_instances([dcmread(path)])
        except requests.RequestException:
            return False

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=90)


@pytest.mark.slow
def test_a_node_killed_at_random_moments_loses_nothing_that_it_acknowledged(bundle_folder, tmp_path):
    chance = random.Random(5)
    cohort = [write_examination(tmp_path / "sent" / str(number), number) for number in range(6)]
    open_images = {path for paths in cohort for path in paths}
    with receiving() as (destination, taken):
        for life in range(3):
            node = Node(tmp_path / "node", bundle_folder, destination)
            try:
                killer = threading.Timer(chance.uniform(0.0, 1.5), node.process.kill)
                if life < 2:
                    killer.start()
                # As a modality does: what was not acknowledged is sent again.
                for number, path in enumerate(sorted(open_images)):
                    if node.store(path, stow=number % 2 == 1):
                        open_images.discard(path)
                    if node.process.poll() is not None:
                        break
                if life < 2:
                    assert node.process.wait(timeout=60) == -signal.SIGKILL
                    continue
                assert not open_images
                deadline = time.monotonic() + 400
                while len({str(r.StudyInstanceUID) for r in taken if r.Modality == "SR"}) < 6:
                    assert time.monotonic() < deadline, "not all results arrived"
                    time.sleep(0.2)
                while 'mcdetect_examinations{state="done"} 6.0' not in node.get("/metrics"):
                    assert time.monotonic() < deadline, node.get("/metrics")
                    time.sleep(0.2)
                assert json.loads(node.get("/health")) == {"status": "ok", "reasons": []}
                assert node.end(signal.SIGTERM) == 0
            finally:
                node.process.kill()
    # Each report speaks of both views of its examination, and each view has its segmentation.
    assert len({str(r.SOPInstanceUID) for r in taken if r.Modality == "SEG"}) == 12
    complete = {
        str(r.StudyInstanceUID)
        for r in taken
        if r.Modality == "SR" and len(r.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence) == 2
    }
    assert len(complete) == 6
