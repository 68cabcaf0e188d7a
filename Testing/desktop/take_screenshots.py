"""Take the screenshots of the user guide.

The window is driven as a reader does; the pictures land in Resources/Screenshots. Only simulated mammograms may be
shown in them: ``mcdetect simulate --output EXAMINATION --views 4 --seed 17``.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

from support.display import a_display  # noqa: E402 (the path is only known now)

FOLDER = Path(os.environ.get("SCREENSHOTS", ROOT / "Resources" / "Screenshots"))
SIZE = tuple(int(length) for length in os.environ.get("SCREEN", "1728x1080").split("x"))
_KEPT: list[object] = []


def main(examination: Path, bundle: str) -> None:
    if not json.loads((examination / "truth.json").read_text()):
        raise SystemExit("Only simulated examinations may be shown.")
    with a_display(f"{SIZE[0]}x{SIZE[1]}x24"), tempfile.TemporaryDirectory() as work:
        Photographer(examination, bundle, Path(work)).take()


class Photographer:
    def __init__(self, examination: Path, bundle: str, work: Path) -> None:
        from PyQt5.QtCore import Qt
        from PyQt5.QtTest import QTest
        from PyQt5.QtWidgets import QApplication

        from MCDetect.desktop.theme import use_dark
        from MCDetect.desktop.window import MainWindow
        from MCDetect.inference.worker.client import WorkerClient

        QApplication.setAttribute(Qt.AA_DontCreateNativeWidgetSiblings)
        self.application = QApplication([sys.argv[0]])
        use_dark(self.application)
        _KEPT.append(self.application)  # Qt's connection to the display must not end before the display
        self.qt, self.test, self.examination, self.work = Qt, QTest, examination, work
        self.truth = json.loads((examination / "truth.json").read_text())
        self.window = MainWindow(WorkerClient(bundle=bundle, device="cpu"), work / "unfinished")
        self.window.dialogs.ask = lambda _question, _choices: 1  # throw away
        self.window.dialogs.ask_folder = lambda _title: str(work / "results")
        self.window.setGeometry(self.application.primaryScreen().geometry())
        self.window.show()
        QTest.qWaitForWindowExposed(self.window)
        QApplication.setActiveWindow(self.window)

    def take(self) -> None:
        window, keys = self.window, self.qt
        loaded: list[str] = []
        window.views.loaded.connect(loaded.append)
        window.open_paths([self.examination])
        self.until(lambda: len(loaded) == 4)
        self.photograph("window-opened")
        window.panel.detect()
        self.until(lambda: window.widgets.progressBar.value() > 500)
        self.photograph("window-searching")
        self.until(lambda: not window.panel.is_detecting)
        self.press(keys.Key_N)
        while window.session.partner(window.session.selected) is None:
            self.press(keys.Key_N)
        self.photograph("window-finding")
        self.press(keys.Key_A)
        window.widgets.confirmPartnerButton.click()
        window.widgets.morphologyBox.setFocus()
        window.widgets.morphologyBox.setCurrentText("round")
        window.widgets.morphologyBox.activated.emit(window.widgets.morphologyBox.currentIndex())
        window.widgets.assessmentBox.setFocus()
        for _ in range(4):
            self.test.keyClick(window.widgets.assessmentBox, keys.Key_Down)
        accepted = window.session.selected
        listed = [cluster.tracking_uid for _key, cluster in window.session.shown_findings()]
        for false in [uid for uid in listed if not self.is_true(uid)][:1]:
            window.session.select(false)
            window.widgets.reasonBox.setEditText("noise")
            window.widgets.rejectButton.click()
        window.session.select(accepted)
        self.press(keys.Key_2)
        self.photograph("window-pair")
        self.press(keys.Key_4)
        self.test.keyClicks(window.widgets.readerEdit, "Meyer, Anna")
        window.panel.export()
        self.until(lambda: not window.background_work.is_busy)
        said = window.widgets.exportLabel.text().replace(str(self.work), "/home/meyer")
        window.widgets.exportLabel.setText(said)
        window.status(said)
        self.photograph("window-exported")
        self.press(keys.Key_F1)
        self.photograph("window-keys")
        window.help_box.close()
        window.close()

    def is_true(self, uid: str) -> bool:
        """Say whether most calcifications of a finding are those that were simulated."""
        image, cluster = self.window.session.state.find(uid)
        view = next(view for view in self.truth["views"] if view["sop_instance_uid"] == image.sop_instance_uid)
        there = {
            (row, column)
            for one in view["calcifications"]
            for row, first, n in one["runs"]
            for column in range(first, first + n)
        }
        members = [one for one in image.calcifications if one.id in cluster.member_ids]
        hits = [
            any((row, column) in there for row, first, n in one.runs for column in range(first, first + n))
            for one in members
        ]
        return 2 * sum(hits) > len(hits)

    def press(self, key: int) -> None:
        self.test.keyClick(self.window.views.active, key)
        self.test.qWait(50)

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 300
        while not condition():
            if time.monotonic() > end:
                raise SystemExit("The window did not do what was expected.")
            self.test.qWait(10)

    def photograph(self, name: str) -> None:
        """Save the screen with few colours: those of lines and buttons, and as many greys as are left."""
        from PIL import Image
        from PyQt5.QtCore import QBuffer

        self.test.qWait(300)
        buffer = QBuffer()
        buffer.open(QBuffer.ReadWrite)
        self.application.primaryScreen().grabWindow(0).save(buffer, "PNG")
        picture = Image.open(io.BytesIO(bytes(buffer.data()))).convert("RGB")
        target = FOLDER / f"{name}.png"
        with_few_colours(picture).save(target, optimize=True)
        print(f"{target} ({target.stat().st_size // 1000} kB)")


def with_few_colours(picture: Any) -> Any:
    """Return a picture with a palette; a palette made from all pixels would leave none for the thin lines."""
    import numpy as np
    from PIL import Image

    pixels = np.asarray(picture).reshape(-1, 3)
    is_coloured = np.ptp(pixels.astype(int), axis=1) > 24
    coloured = Image.fromarray(pixels[is_coloured][None]).quantize(40)
    palette = (coloured.getpalette() or [])[: 3 * 40] + [grey for step in range(76) for grey in [round(step * 3.4)] * 3]
    chosen = Image.new("P", (1, 1))
    chosen.putpalette(palette)
    return picture.quantize(palette=chosen, dither=Image.Dither.NONE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("examination", type=Path, metavar="EXAMINATION")
    parser.add_argument("bundle", nargs="?", default="default", metavar="BUNDLE")
    given = parser.parse_args()
    main(given.examination, given.bundle)
