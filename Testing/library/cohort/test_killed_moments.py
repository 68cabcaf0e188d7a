"""The command killed, each time at another moment: between and in the middle of what it writes down."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from support.cohorts import study_uid, write_cohort, write_examination
from support.orthanc import Orthanc

from MCDetect.cohort.manifest import Manifest
from MCDetect.dicom.pacs.client import send
from MCDetect.dicom.pacs.nodes import DicomNode

DYING = """
import importlib, os, signal, sys
module, names, when = sys.argv[1:4]
owner = importlib.import_module(module)
*path, last = names.split(".")
for name in path:
    owner = getattr(owner, name)
call = getattr(owner, last)
def die():
    os.kill(os.getpid(), signal.SIGKILL)
def dying(*arguments, **more):
    if when == "before":
        die()
    call(*arguments, **more)
    die()
setattr(owner, last, dying)
from MCDetect.command_line import main
sys.exit(main(sys.argv[4:]))
"""
"""The command as it is, but killed by SIGKILL before or after it calls a function for the first time."""

COHORT = "MCDetect.cohort"
SEARCH = (
    (f"{COHORT}.manifest", "Manifest.known_files", "after"),  # the source is being listed
    (f"{COHORT}.manifest", "Manifest.take_files", "after"),  # headers are written down, no examination yet
    (f"{COHORT}.manifest", "group_files", "after"),  # in a transaction
    (f"{COHORT}.manifest", "Manifest.group", "after"),
)
SUMMARY = (
    ("pyarrow.parquet", "ParquetWriter.write_table", "after"),  # half a table
    (f"{COHORT}.batch", "write_table", "after"),  # no page beside it
    (f"{COHORT}.overview", "write_text_atomically", "before"),
)
FETCH = (
    ("MCDetect.dicom.pacs.receiving", "write_atomically", "after"),  # one of two images has come
    (f"{COHORT}.fetching", "put_in_place", "before"),  # both, not in their place
    (f"{COHORT}.fetching", "put_in_place", "after"),  # not written down
    (f"{COHORT}.manifest", "Manifest.note_fetched", "before"),
    (f"{COHORT}.manifest", "Manifest.note_fetched", "after"),
)


class Batch:
    """The command on one output folder, again and again."""

    def __init__(self, output, *words):
        self.output = output
        self.words = ["batch", *words, "--output", str(output), "--formats", "json", "--progress", "json"]
        self.computed = {}

    def killed(self, moment):
        words = [sys.executable, "-c", DYING, *moment, *self.words]
        assert subprocess.run(words, capture_output=True, check=False).returncode == -signal.SIGKILL, moment
        self.nothing_was_computed_twice()

    def ends(self):
        done = subprocess.run([sys.executable, "-m", "MCDetect", *self.words], capture_output=True, check=True)
        self.nothing_was_computed_twice()
        return json.loads(done.stdout.splitlines()[-1])

    def nothing_was_computed_twice(self):
        """Compare with the times at which results were written that were there when this was last asked."""
        outcomes = self.output.glob("examinations/*/*/outcome.json")
        now = {path: path.stat().st_mtime_ns for path in outcomes}
        assert {path: now.get(path) for path in self.computed} == self.computed
        self.computed = now


@pytest.mark.slow
def test_killed_while_it_searches_or_sums_up_nothing_is_lost_or_computed_twice(cluster, bundle_folder, tmp_path):
    source = write_cohort(tmp_path / "source", 3, images=1)
    words = ["--scheduler", cluster.scheduler_address, "--bundle", bundle_folder, "--device", "cpu"]
    run = Batch(tmp_path / "results", source, *words, "--backend", "torch")
    run.words = [str(word) for word in run.words]
    for moment in SEARCH:
        run.killed(moment)
        assert not run.computed
    for moment in SUMMARY:
        run.killed(moment)
        assert len(run.computed) == 3
        assert not (tmp_path / "results" / "overview.html").exists()
    last = run.ends()
    assert (last["done"], last["computed"], last["exit_code"]) == (3, 0, 0)
    assert pq.read_table(tmp_path / "results" / "summary.parquet").num_rows == 3
    assert (tmp_path / "results" / "overview.html").read_text().endswith("</html>\n")
    assert not [path.name for path in (tmp_path / "results").iterdir() if path.name.startswith(".")]
    with Manifest(tmp_path / "results") as manifest:
        assert [row["attempts"] for row in manifest.rows("SELECT attempts FROM examinations")] == [1, 1, 1]


@pytest.mark.slow
def test_killed_while_it_fetches_no_half_study_is_examined(cluster, bundle_folder, tmp_path):
    server = Orthanc(tmp_path / "orthanc").start()
    try:
        for number in range(2):
            write_examination(tmp_path / "sent" / str(number), number)
        node = DicomNode("archive", host="127.0.0.1", port=server.dicom_port, ae_title="ORTHANC")
        assert not send([tmp_path / "sent"], node).failed
        configuration, wanted = tmp_path / "nodes.toml", tmp_path / "wanted.csv"
        configuration.write_text(
            f'[nodes.archive]\nhost = "127.0.0.1"\nport = {server.dicom_port}\nae_title = "ORTHANC"\n'
        )
        wanted.write_text(f"study\n{study_uid(0)}\n{study_uid(1)}\n")
        words = [wanted, "--node", "archive", "--config", configuration, "--scheduler", cluster.scheduler_address]
        words += ["--bundle", bundle_folder, "--device", "cpu", "--backend", "torch"]
        run = Batch(tmp_path / "results", *map(str, words))
        for moment in FETCH:
            run.killed(moment)
        last = run.ends()
    finally:
        server.kill()
    assert (last["done"], last["total"]) == (2, 2)
    assert len(list((tmp_path / "results" / "fetched").rglob("*.dcm"))) == 4
    for path in run.computed:
        assert len(json.loads(path.read_text())["images"]) == 2
