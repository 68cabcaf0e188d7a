"""Starting the window, and the last resort for errors that nothing else has taken."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PyQt5.QtCore import QLocale, Qt
from PyQt5.QtWidgets import QApplication

from MCDetect.desktop.language import use_language
from MCDetect.desktop.theme import use_dark
from MCDetect.desktop.window import MainWindow
from MCDetect.errors import InputError
from MCDetect.inference.worker.client import WorkerClient
from MCDetect.review.recovery import default_folder, wait_until_kept

_LONGEST_GOODBYE_S = 2.0


def run(paths: Sequence[Path], bundle: str, device: str, detect: bool) -> int:
    """Open the window and return when it is closed.

    Parameters
    ----------
    paths
        Opened at once; may be empty.
    bundle, device
        See ``Detector.load``.
    detect
        Whether the search begins at once.
    """
    QApplication.setAttribute(Qt.AA_EnableHighDpiScaling)
    QApplication.setAttribute(Qt.AA_UseHighDpiPixmaps)
    QApplication.setAttribute(Qt.AA_DontCreateNativeWidgetSiblings)
    application = QApplication([sys.argv[0]])
    application.setApplicationName("MCDetect")
    use_dark(application)
    problem = None
    try:
        translation = use_language(QLocale())
    except InputError as error:
        translation, problem = None, error
    client = WorkerClient(bundle=bundle, device=device)
    window = MainWindow(client, default_folder())
    catch_everything(window)
    spare_collections()
    if problem is not None:
        window.tell(problem.message, problem.hint)
    client.start()
    screen = application.primaryScreen()
    if screen is not None:
        # Where no window manager runs (a remote display), nobody makes a window larger.
        window.setGeometry(screen.availableGeometry())
    window.showMaximized()
    if paths:
        window.open_paths(list(paths), then=window.panel.detect if detect else None)
    ended = int(application.exec_())
    del translation  # Qt has used it until now, and does not keep it
    wait_until_kept()
    _end_what_waits(ended)
    return ended


def _end_what_waits(code: int) -> None:
    """End this process where threads are left that wait for what nobody wants any more, as a PACS that is silent."""
    others = [one for one in threading.enumerate() if one is not threading.main_thread() and not one.daemon]
    end = time.monotonic() + _LONGEST_GOODBYE_S
    for thread in others:
        thread.join(max(0.0, end - time.monotonic()))
    if any(thread.is_alive() for thread in others):
        logging.shutdown()
        sys.stdout.flush()
        os._exit(code)


def spare_collections() -> None:
    """Let Python's search for garbage pass over what lives as long as the program.

    A whole search looks at all modules and tables and holds up the window for a third of a second, whenever it comes.
    """
    gc.collect()
    gc.freeze()


def catch_everything(window: MainWindow) -> None:
    """Let no error end the program or be printed: it is told in one sentence, with the details behind a button."""

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            window.close()
            return
        try:
            window.panel.detection.tell(error.with_traceback(trace))
        except Exception:  # telling failed too: the last thing left is the standard error stream
            traceback.print_exception(error, file=sys.stderr)

    sys.excepthook = tell
