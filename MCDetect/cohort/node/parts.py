"""The images in the body of a request by STOW-RS, taken apart while they arrive."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import IO

from python_multipart.multipart import MultipartParser

MOST_IMAGES = 64
"""In one request: an examination has four views, with implants eight; more come in several requests."""


class TooMuchError(Exception):
    """An image or a request is larger than allowed."""


class Parts:
    """The parts of a request, each in a file below ``folder``, none larger than ``most_bytes``."""

    def __init__(self, boundary: str, folder: Path, most_bytes: int) -> None:
        self._folder, self._most_bytes = folder, most_bytes
        self._files: list[Path] = []
        self._present: IO[bytes] | None = None
        self._size = 0
        self.complete = False
        self._parser = MultipartParser(
            boundary.encode("latin-1", "replace"),
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_part_end": self._close,
                "on_end": self._finish,
            },
        )

    def write(self, chunk: bytes) -> None:
        """Take what follows; raises TooMuchError, MultipartParseError and OSError."""
        self._parser.write(chunk)

    def take(self) -> list[Path]:
        """Return the files; who takes them removes them."""
        files, self._files = self._files, []
        return files

    def clear(self) -> None:
        """Remove what nobody took."""
        self._close()
        for path in self.take():
            path.unlink(missing_ok=True)

    def _begin(self) -> None:
        if len(self._files) >= MOST_IMAGES:
            raise TooMuchError
        self._size = 0
        self._present = tempfile.NamedTemporaryFile(dir=self._folder, prefix="stow-", delete=False)  # noqa: SIM115
        self._files.append(Path(self._present.name))

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._size > self._most_bytes:
            raise TooMuchError
        assert self._present is not None
        self._present.write(data[start:end])

    def _close(self) -> None:
        if self._present is not None:
            with contextlib.suppress(OSError):
                self._present.close()
            self._present = None

    def _finish(self) -> None:
        self.complete = bool(self._files)
