"""A real Orthanc of one's own: on loopback, on free ports, with its storage in a temporary folder."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

_PLUGINS = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def free_port() -> int:
    """Return a TCP port of loopback that nothing listens on.

    It is below those that the system gives to whoever connects: a server that was killed must find it free when it
    starts again, and a client that tries to connect meanwhile must not meet itself there.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def missing(what: str) -> None:
    """Skip a test for want of ``what``; in continuous integration, where it is installed, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is not installed")
    pytest.skip(f"{what} is not installed")


def find_program(name: str) -> str:
    """Return the path of a program; where it is absent the test is skipped, or fails on CI."""
    # The system's before those beside Python: pynetdicom brings programs with the names of DCMTK's.
    found = shutil.which(name, path=os.pathsep.join(["/usr/bin", "/usr/sbin", os.environ.get("PATH", "")]))
    if found is None:
        missing(name)
    assert found is not None
    return found


class Orthanc:
    """An Orthanc that can be started, killed and started again over the same storage."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        if not _PLUGINS.exists():
            missing("orthanc-dicomweb")
        self._program = find_program("Orthanc")
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.dicom_port, self.http_port, self.client_port = free_port(), free_port(), free_port()
        self._settings = {
            "Name": "Orthanc of the tests",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "HttpPort": self.http_port,
            "DicomPort": self.dicom_port,
            "DicomAet": "ORTHANC",
            "DicomCheckCalledAet": True,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomAlwaysAllowEcho": True,
            "DicomAlwaysAllowStore": True,
            "DicomAlwaysAllowFind": True,
            "DicomAlwaysAllowGet": True,
            "DicomAlwaysAllowMove": True,
            "DicomModalities": {"mcdetect": ["MCDETECT", "127.0.0.1", self.client_port]},
            "SynchronousCMove": True,
            "OverwriteInstances": False,
            "ConcurrentJobs": 2,
            "Plugins": [str(_PLUGINS)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The root of the REST interface, without a slash at its end."""
        return f"http://127.0.0.1:{self.http_port}"

    def start(self) -> Orthanc:
        """Start it and wait until it answers."""
        configuration = self._folder / "orthanc.json"
        configuration.write_text(json.dumps(self._settings))
        with (self._folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen([self._program, str(configuration)], stdout=log, stderr=log)
        for _ in range(300):
            try:
                self.get("/system")
            except urllib.error.HTTPError:
                return self  # it answers, even if it asks for a password
            except OSError:
                assert self._process.poll() is None, (self._folder / "log.txt").read_text()[-2000:]
                time.sleep(0.1)
            else:
                return self
        raise AssertionError("Orthanc did not answer within 30 seconds")

    def kill(self) -> None:
        """End it at once, as a cut of power would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def get(self, path: str) -> Any:
        """Return what its REST interface answers, JSON decoded."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.loads(answer.read())

    def instances(self) -> list[str]:
        """Return the SOP Instance UIDs of all that is stored, in order, twice what is there twice."""
        return sorted(instance["MainDicomTags"]["SOPInstanceUID"] for instance in self.get("/instances?expand"))

    def empty(self) -> None:
        """Delete all that is stored."""
        for patient in self.get("/patients"):
            request = urllib.request.Request(f"{self.url}/patients/{patient}", method="DELETE")
            urllib.request.urlopen(request, timeout=10).close()
