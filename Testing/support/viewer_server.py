"""The OHIF viewer and a PACS's DICOMweb from one origin, as a hospital's web server would offer them."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

# The viewer shows newcomers round; that lies over everything and begins at any time.
_SETTINGS = """
localStorage.setItem('shownTours', JSON.stringify(['basicViewerTour']));
window.config = {
  routerBasename: null, extensions: [], modes: [], customizationService: {}, showStudyList: true,
  maxNumberOfWebWorkers: 2, showWarningMessageForCrossOrigin: false, showCPUFallbackMessage: false,
  strictZSpacingForVolumeViewport: true, investigationalUseDialog: { option: 'never' },
  maxNumRequests: { interaction: 8, thumbnail: 4, prefetch: 4 },
  defaultDataSourceName: 'pacs',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'pacs',
    configuration: {
      friendlyName: 'PACS', name: 'pacs', wadoUriRoot: '/wado', qidoRoot: '/dicom-web', wadoRoot: '/dicom-web',
      qidoSupportsIncludeField: false, imageRendering: 'wadors',
      thumbnailRendering: 'wadors', enableStudyLazyLoad: true,
      supportsFuzzyMatching: false, supportsWildcard: true, omitQuotationForMultipartRequest: true,
      bulkDataURI: { enabled: true }
    }
  }]
};
"""


class ViewerServer:
    """Serves the viewer's files, its settings, and everything below ``/dicom-web`` from the PACS.

    Parameters
    ----------
    viewer
        The folder with the viewer's ``index.html``.
    pacs
        The root of the PACS's web server, e.g. ``http://127.0.0.1:8042``.
    """

    def __init__(self, viewer: Path, pacs: str) -> None:
        class Handler(SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __init__(self, *arguments: object) -> None:
                super().__init__(*arguments, directory=str(viewer))  # type: ignore[arg-type]

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                if path.startswith(("/dicom-web", "/wado")):
                    self._forward()
                elif path == "/app-config.js":
                    self._answer(200, "text/javascript", _SETTINGS.encode())
                else:
                    if not (viewer / path.lstrip("/")).is_file():
                        self.path = "/index.html"  # the viewer has pages that are no files
                    super().do_GET()

            def _forward(self) -> None:
                accepted = {"Accept": self.headers.get("Accept", "*/*"), "Host": self.headers["Host"]}
                try:
                    with urllib.request.urlopen(urllib.request.Request(pacs + self.path, headers=accepted)) as answer:
                        self._answer(answer.status, answer.headers["Content-Type"], answer.read())
                except urllib.error.HTTPError as error:
                    self._answer(error.code, "text/plain", error.read())

            def _answer(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def end_headers(self) -> None:
                # What lets a page share memory with its workers.
                self.send_header("Cross-Origin-Opener-Policy", "same-origin")
                self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
                super().end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ViewerServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
