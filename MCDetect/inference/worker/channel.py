"""The worker's end of the pipes, out of reach of everything that prints."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO

from MCDetect.inference.worker.lines import to_line
from MCDetect.inference.worker.messages import Message


class Channel:
    """Requests in, messages out.

    Parameters
    ----------
    requests, answers
        Binary streams.
    """

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests = requests
        self._answers = answers
        self._lock = threading.Lock()

    @classmethod
    def of_this_process(cls) -> Channel:
        """Take the standard input and output for the protocol alone.

        Afterwards what any library prints, in Python or not, goes to the standard error stream, and whoever reads the
        standard input finds it empty.
        """
        sys.stdout.flush()
        requests, answers = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        return cls(os.fdopen(requests, "rb"), os.fdopen(answers, "wb"))

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the viewer until it closes its end, or is gone."""
        yield from iter(self._requests.readline, b"")

    def send(self, message: Message) -> None:
        """Send one message, whole.

        Raises
        ------
        OSError
            If the viewer is gone.
        """
        line = to_line(message)
        with self._lock:
            self._answers.write(line)
            self._answers.flush()
