"""The switch "Probability": asks the worker for the map of each view and shows it above the pixels."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from MCDetect.errors import MCDetectError
from MCDetect.inference.worker.messages import Cancelled, Failed, MapDone
from MCDetect.review.panel.host import Host
from MCDetect.review.panel.part import Part
from MCDetect.review.panel.toolkit import Toolkit
from MCDetect.review.session import ReviewSession


class ProbabilityPart(Part):
    """Maps are made once for an examination; its files go with it.

    Parameters
    ----------
    client
        A :class:`MCDetect.inference.worker.client.WorkerClient`, or None where nothing can be detected.
    """

    def __init__(self, widgets: Any, toolkit: Toolkit, host: Host, client: Any) -> None:
        super().__init__(widgets, toolkit, host)
        self._client = client
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._asked: dict[int, str] = {}
        self._made: dict[str, Path] = {}
        # A viewer that cannot show maps has no switch for them.
        widgets.probabilityCheckBox.setVisible(hasattr(host, "set_probability_map"))
        self.listen("probabilityCheckBox", "toggled(bool)", self._switched)
        self.refresh()

    @property
    def is_on(self) -> bool:
        """Whether maps are wanted."""
        return bool(self.widgets.probabilityCheckBox.property("checked"))

    def set_session(self, session: ReviewSession | None) -> None:
        """Work on another session, without maps."""
        with self.quiet("probabilityCheckBox"):
            self.widgets.probabilityCheckBox.setChecked(False)
        if self._client is not None and set(self._asked.values()) - set(self._made):
            # A map that is still being made would be written into the folder while that is removed.
            self._client.cancel()
        self._asked, self._made = {}, {}
        self.close()
        super().set_session(session)

    def close(self) -> None:
        """Remove the files of the maps."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def refresh(self) -> None:
        """Switch the switch on and off."""
        self.enable(self.session is not None and self._client is not None, "probabilityCheckBox")

    def toggle(self) -> None:
        """Show or hide the maps."""
        if self.widgets.probabilityCheckBox.property("enabled"):
            self.widgets.probabilityCheckBox.setChecked(not self.is_on)

    def take(self, message: Any) -> bool:
        """Take a message of the worker; return whether it is about a map."""
        key = self._asked.get(getattr(message, "request", None) or 0)
        if key is None:
            return False
        if isinstance(message, MapDone):
            self._made[key] = Path(message.path)
            self._show(key)
        if isinstance(message, Failed) and message.code == "no-torch":
            self.host.offer_installation(MCDetectError(message.code, message.message, message.hint))
        elif isinstance(message, Failed):
            self.host.tell(message.message, message.hint, message.details)
        if isinstance(message, (Failed, Cancelled)):
            self._asked = {number: asked for number, asked in self._asked.items() if number != message.request}
            self.widgets.probabilityCheckBox.setChecked(False)  # which takes away the maps that are shown already
        return True

    def _switched(self) -> None:
        session = self.session
        if session is None or self._client is None:
            return
        for number, view in enumerate(session.examination.current):
            if not self.is_on:
                self.host.set_probability_map(view.key, None)
            elif view.key in self._made:
                self._show(view.key)
            elif view.key not in self._asked.values():
                target = Path(self._work_folder()) / f"{number}.npy"
                self._asked[self._client.probability_map(view.path, target, view.given_spacing_mm)] = view.key
        self.host.status(self.text("Making the probability maps…") if self.is_on and self._asked else "")

    def _show(self, key: str) -> None:
        session = self.session
        self.host.background(
            partial(_read, self._made[key]),
            lambda values: self._arrived(session, key, values),
            lambda error: self._lost(session, key, error),
        )

    def _arrived(self, session: ReviewSession | None, key: str, values: Any) -> None:
        if session is self.session and self.is_on:
            self.host.set_probability_map(key, values)
            if session is not None and len(self._made) == len(session.examination.current):
                self.host.status("")

    def _lost(self, session: ReviewSession | None, key: str, error: BaseException) -> None:
        if session is self.session:
            self._made.pop(key, None)
            self._asked = {number: asked for number, asked in self._asked.items() if asked != key}
            self.tell(error)

    def _work_folder(self) -> str:
        if self._folder is None:
            try:
                self._folder = tempfile.TemporaryDirectory(prefix="mcdetect-", ignore_cleanup_errors=True)
            except OSError as error:
                raise MCDetectError(
                    "cannot-write",
                    "There is no room for the probability maps in the folder for temporary files.",
                    "Free space on the disk and try again.",
                ) from error
        return self._folder.name


def _read(path: Path) -> Any:
    import numpy as np

    probability = np.load(path, mmap_mode="r", allow_pickle=False)
    # As bytes, a quarter of the memory; the colours of the map have no more steps.
    return np.rint(np.clip(probability, 0, 1) * 255).astype(np.uint8)
