"""What a peer has acknowledged, so that a send that was cut goes on where it stopped.

One file for each peer and folder, in the user's folder for state, with a line for each acknowledged object: the
SHA-256 of the file, so that neither names nor identifiers stand there. A line is on the disk before the next object is
sent; a line that a cut of power left incomplete is ignored, and its object is sent once more, which a PACS takes for
the same object.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from MCDetect.dicom.pacs.requirements import require
from MCDetect.errors import OutputError
from MCDetect.files import write_text_atomically

_LINE = re.compile(r"[0-9a-f]{64}")


def journal_path(address: str, given: Sequence[Path]) -> Path:
    """Return the file for a peer and the files and folders that are sent."""
    require("platformdirs")
    from platformdirs import user_state_path

    key = "\n".join([address, *sorted(os.path.realpath(path) for path in given)])
    name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return user_state_path("mcdetect", appauthor=False) / "sent" / f"{name}.txt"


class Journal:
    """The acknowledged objects of one peer and folder.

    Parameters
    ----------
    path
        The file; it need not exist.

    Attributes
    ----------
    problem
        Why the file cannot be kept, as a sentence; empty while it can. Sending goes on without it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        self._digests: set[str] = set()
        self._begins_inside_a_line = False
        try:
            text = path.read_text(encoding="ascii", errors="replace") if path.exists() else ""
        except OSError as error:
            self._fail(error)
            return
        self._digests = {line for line in text.split("\n") if _LINE.fullmatch(line)}
        self._begins_inside_a_line = bool(text) and not text.endswith("\n")

    def __contains__(self, digest: str) -> bool:
        return digest in self._digests

    def add(self, digest: str) -> None:
        """Remember that an object was acknowledged; it is on the disk when this returns."""
        self._digests.add(digest)
        if self.problem:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self.path.open("ab") as stream:
                stream.write((b"\n" if self._begins_inside_a_line else b"") + digest.encode("ascii") + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
            self._begins_inside_a_line = False
        except OSError as error:
            self._fail(error)

    def discard(self, digests: Collection[str]) -> None:
        """Forget objects: they are to be sent again."""
        if not self._digests & set(digests):
            return
        self._digests -= set(digests)
        try:
            write_text_atomically(self.path, "".join(f"{digest}\n" for digest in sorted(self._digests)))
            self._begins_inside_a_line = False
        except OutputError as error:
            self._fail(error.__cause__ if isinstance(error.__cause__, OSError) else OSError())

    def _fail(self, error: OSError) -> None:
        reason = error.strerror or type(error).__name__
        self.problem = (
            f"What was acknowledged cannot be remembered in {self.path}: {reason}. "
            "If this send is cut, the next begins from the start."
        )
