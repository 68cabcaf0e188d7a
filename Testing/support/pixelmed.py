"""PixelMed's DicomSRValidator, the judge of report templates, in one Java process for many reports.

Its stylesheets take 10 seconds to compile, and Java's own XSLT processor reads the code lists again for every code; so
the process is kept, and Saxon does the transformations. Both give the same text, which a test compares.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PIXELMED = Path("/usr/share/java/pixelmed.jar")
SAXON = Path("/usr/share/java/Saxon-HE.jar")
_SAXON_FACTORY = "-Djavax.xml.transform.TransformerFactory=net.sf.saxon.TransformerFactoryImpl"


class Validator:
    """The process; it starts with the first report and ends with :meth:`close`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def text(self, path: Path) -> str:
        """Return everything that PixelMed says of a report."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(str(path)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "PixelMed's process has ended."
        text: str = json.loads(answer)
        return text

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


def _answer() -> None:
    """Answer every path on standard input with what PixelMed says, both as a line of JSON."""
    validator = jpype.JClass("com.pixelmed.validate.DicomSRValidator")()
    field = validator.getClass().getDeclaredField("transformerPass2")
    field.setAccessible(True)
    second_pass = field.get(validator).getUnderlyingController()
    for line in sys.stdin:
        # Saxon keeps every document that a stylesheet reads; the second pass reads what the first one found.
        second_pass.clearDocumentPool()
        try:
            text = str(validator.validate(json.loads(line)))
        except jpype.JException as error:
            text = f"Error: {error}"
        print(json.dumps(text), flush=True)


if __name__ == "__main__":
    import jpype

    jpype.startJVM(_SAXON_FACTORY, classpath=[str(PIXELMED), str(SAXON)])
    _answer()
