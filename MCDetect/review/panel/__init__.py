"""The panel of the review, the same in 3D Slicer and in the desktop window. It imports no Qt.

``panel.ui`` holds the widgets; :class:`MCDetect.review.panel.panel.ReviewPanel` makes them work through two objects
that the viewer gives it: a :class:`MCDetect.review.panel.toolkit.Toolkit` (how to listen to widgets) and a
:class:`MCDetect.review.panel.host.Host` (dialogs, views, threads).
"""

from __future__ import annotations

from pathlib import Path

UI_FILE = str(Path(__file__).with_name("panel.ui"))
"""The widgets, for ``slicer.util.loadUI`` or ``PyQt5.uic.loadUi``."""
