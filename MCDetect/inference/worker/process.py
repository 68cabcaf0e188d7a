"""One life of the worker, seen from the viewer: its process, and the threads that serve its pipes."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from MCDetect.inference.worker.lines import from_line, to_line
from MCDetect.inference.worker.messages import Detect, Failed, MapProbability, Message, Ready, Request, Shutdown
from MCDetect.version import __version__

_LONGEST_LINE = 1 << 28
_LAST_WORDS = 100  # lines of the worker's standard error stream


class WorkerProcess:
    """A worker from its start to its end; a new one is made for the next life.

    Nothing here waits: the process is started, written to and read from by threads of its own.

    Parameters
    ----------
    command
        Interpreter and arguments.
    environment
        Variables of the process.
    folder
        Where it runs.

    Attributes
    ----------
    received
        The messages that have come. The last one is a :class:`Failed` whose request is None, unless :meth:`end` was
        called.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.received: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._command = list(command)
        self._environment = dict(environment)
        self._folder = folder
        self._outbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._is_unwanted = False
        threading.Thread(target=self._live, name="MCDetect worker", daemon=True).start()

    def send(self, request: Request) -> None:
        """Send a request as soon as the process listens."""
        self._outbox.put(request)

    def end(self) -> None:
        """Let the process go: at once, whatever it is doing."""
        with self._lock:
            self._is_unwanted = True
            process = self._process
        self._outbox.put(None)
        if process is not None:
            threading.Thread(target=kill_tree, args=(process,), name="end of MCDetect worker", daemon=True).start()

    def _live(self) -> None:
        failed = self._start_and_read()
        with self._lock:
            is_unwanted = self._is_unwanted
        if not is_unwanted and failed is not None:
            self.received.put(failed)

    def _start_and_read(self) -> Failed | None:
        """Return why the life ended; None when the worker has said so itself."""
        try:
            process = start(self._command, self._environment, self._folder)
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            return Failed(
                None,
                "worker-not-started",
                f"The detection process could not be started with {self._command[0]}: {reason}.",
                "Check that this Python interpreter is there and may be run.",
            )
        with self._lock:
            self._process = process
            is_unwanted = self._is_unwanted
        if is_unwanted:
            kill_tree(process)
        errors = threading.Thread(target=self._listen_to_errors, args=(process,), daemon=True)
        errors.start()
        threading.Thread(target=self._write, args=(process,), name="requests", daemon=True).start()
        failed = self._read(process)
        self._outbox.put(None)
        if isinstance(failed, Failed):
            kill_tree(process)
        code = process.wait()
        errors.join(timeout=2.0)  # a grandchild may hold the pipe open
        if failed is True:
            return None
        return failed or self._death(code)

    def _read(self, process: subprocess.Popen[bytes]) -> Failed | bool:
        """Pass messages on until the pipe is closed; return a failure of the pipe, or whether the worker failed."""
        assert process.stdout is not None
        has_failed = False
        while line := process.stdout.readline(_LONGEST_LINE):
            try:
                if not line.endswith(b"\n"):
                    break  # cut off by its death, or endless
                message = from_line(line)
                if isinstance(message, Detect | MapProbability | Shutdown):
                    raise ValueError("a request came from the worker")
            except (ValueError, RecursionError):
                return Failed(
                    None,
                    "worker-garbled",
                    "The detection process answered with something that is no message.",
                    "Try again; if it happens again, install MCDetect again.",
                    self._details(),
                )
            if isinstance(message, Ready) and message.version != __version__:
                return Failed(
                    None,
                    "worker-version",
                    f"The detection process is version {message.version} of MCDetect, the viewer {__version__}.",
                    "Start the program again; if that does not help, install MCDetect again.",
                )
            self.received.put(message)
            has_failed |= isinstance(message, Failed) and message.request is None
        return has_failed

    def _write(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        try:
            while (request := self._outbox.get()) is not None:
                process.stdin.write(to_line(request))
                process.stdin.flush()
        except OSError:
            pass  # it is dead, which the thread that reads tells
        finally:
            with contextlib.suppress(OSError):
                process.stdin.close()

    def _listen_to_errors(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        while line := process.stderr.readline(4096):
            self._last_words.append(line.decode("utf-8", "replace").rstrip())

    def _details(self) -> str:
        return "\n".join(self._last_words)

    def _death(self, code: int) -> Failed:
        if code == -getattr(signal, "SIGKILL", 9):
            return Failed(
                None,
                "worker-out-of-memory",
                "The operating system ended the detection process, most likely because the memory was full.",
                "Close other programs, then try again.",
                self._details(),
            )
        return Failed(
            None,
            "worker-died",
            f"The detection process ended unexpectedly (exit code {code}).",
            "Try again; if it happens again, report it with the details.",
            self._details(),
        )


def start(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own, behind the viewer in the scheduler's queue, without a console window.

    Raises
    ------
    OSError
        If there is no such interpreter or it cannot be run.
    """
    flags = 0
    if os.name == "nt":
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
    return subprocess.Popen(
        list(command),
        env=dict(environment),
        cwd=folder,
        creationflags=flags,
        start_new_session=os.name != "nt",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that :func:`start` started and all its children; one that is dead already is left in peace."""
    if os.name == "nt":
        words = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            subprocess.run(words, capture_output=True, check=False, creationflags=flags)
        except OSError:
            process.kill()
    elif process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
