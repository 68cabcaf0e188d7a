"""Dark surroundings: a bright panel beside a mammogram blinds the reader. Contrast is 7 to 1 and more for text."""

from __future__ import annotations

from PyQt5.QtGui import QColor, QPainter, QPalette
from PyQt5.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleOption, QWidget

_DARK = {
    QPalette.Window: "#26282b",
    QPalette.WindowText: "#e8e8e8",
    QPalette.Base: "#1b1c1e",
    QPalette.AlternateBase: "#212326",
    QPalette.ToolTipBase: "#3a3d41",
    QPalette.ToolTipText: "#f0f0f0",
    QPalette.Text: "#e8e8e8",
    QPalette.Button: "#3a3d41",
    QPalette.ButtonText: "#f0f0f0",
    QPalette.BrightText: "#f0e442",
    QPalette.Link: "#56b4e9",
    QPalette.Highlight: "#2b6f9e",
    QPalette.HighlightedText: "#ffffff",
    QPalette.PlaceholderText: "#9a9da1",
}
_DISABLED = "#85888c"
_BORDER = "#8c9095"
"""Of fields and boxes; 4 to 1 on the panel, where WCAG 2.1 (1.4.11) asks for 3 to 1."""

STYLE = """
QPushButton#detectButton:enabled { background: #2b6f9e; color: white; font-weight: bold; padding: 5px 10px; }
QPushButton:checked { background: #56b4e9; color: black; }
QPushButton:focus, QComboBox:focus, QLineEdit:focus, QTableWidget:focus, QSlider:focus, QCheckBox:focus {
    border: 2px solid #56b4e9; }
QLineEdit { border: 1px solid #8c9095; border-radius: 2px; padding: 1px 3px; }
QLineEdit:disabled { border-color: #55585c; }
QToolTip { color: #f0f0f0; background: #3a3d41; border: 1px solid #6a6d71; }
QGroupBox { font-weight: bold; border: none; margin-top: 1.3em; }
QPushButton#editFoldButton, QPushButton#exportFoldButton { border: none; font-weight: bold; text-align: left;
    padding: 4px 2px 1px 2px; }
QPushButton#editFoldButton:focus, QPushButton#exportFoldButton:focus { border: 2px solid #56b4e9; }
QGroupBox::title { subcontrol-origin: margin; left: 2px; top: 2px; }
"""


class DarkStyle(QProxyStyle):
    """Fusion, whose empty boxes cannot be seen on a dark panel, with a border round them."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw a part of a widget; Qt calls this."""
        super().drawPrimitive(element, option, painter, widget)
        if element == QStyle.PE_IndicatorCheckBox:
            painter.save()
            painter.setPen(QColor(_BORDER))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
            painter.restore()


def use_dark(application: QApplication) -> None:
    """Make the whole program dark."""
    application.setStyle(DarkStyle())
    palette = QPalette()
    for role, colour in _DARK.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.WindowText, QPalette.Text, QPalette.ButtonText):
        palette.setColor(QPalette.Disabled, role, QColor(_DISABLED))
    application.setPalette(palette)
    application.setStyleSheet(STYLE)
