"""A person at the OHIF viewer: opens a study, double-clicks a series, looks at the screen."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from support.orthanc import find_program

Answer = TypeVar("Answer")

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--window-size=1600,1000",
)
PATIENCE_S = 60
# OHIF swallows what fails inside its promises: neither its page nor the browser's console tells it.
_LISTEN = """
window.seenErrors = [];
window.addEventListener('error', event => window.seenErrors.push(String(event.message)));
window.addEventListener('unhandledrejection', event => window.seenErrors.push(String(event.reason)));
"""


@contextmanager
def browser(profile: Path) -> Iterator[webdriver.Chrome]:
    """Start a headless Chromium that draws by software, with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = find_program("chromium")
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(find_program("chromedriver")))
    driver.set_script_timeout(PATIENCE_S)
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _LISTEN})
    try:
        yield driver
    finally:
        driver.quit()


def wait_for(what: str, look: Callable[[], Answer]) -> Answer:
    """Return what ``look`` sees as soon as it is something."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            seen = look()
        except StaleElementReferenceException:  # the page was drawn anew meanwhile
            continue
        if seen is not None and seen is not False and not (isinstance(seen, list) and not seen):
            return seen
        time.sleep(0.25)
    raise AssertionError(f"the viewer did not show {what} within {PATIENCE_S} s")


class Viewer:
    """The viewer with one study open."""

    def __init__(self, driver: webdriver.Chrome, url: str, study: str, series: int) -> None:
        self._driver = driver
        driver.get(f"{url}/viewer?StudyInstanceUIDs={study}")
        wait_for("the series of the study", lambda: len(self.series()) == series)
        wait_for("an image", lambda: self.screen().std() > 5)

    def series(self) -> list[Any]:
        """Return the entries of the list of series."""
        return self._driver.find_elements(By.CSS_SELECTOR, "[data-cy^='study-browser-thumbnail']")

    def open(self, begins: str, holds: str) -> None:
        """Double-click the series whose entry begins with a modality and holds some words."""
        wait_for(f"{begins} {holds} in its list", lambda: self._double_clicked(begins, holds))

    def _double_clicked(self, begins: str, holds: str) -> bool:
        (entry,) = [item for item in self.series() if item.text.startswith(begins) and holds in item.text]
        ActionChains(self._driver).double_click(entry).perform()
        return True

    def answer_yes(self) -> None:
        """Say yes to the question whether a segmentation is to be opened."""
        find = lambda: self._driver.find_elements(By.XPATH, "//button[.='Yes']")  # noqa: E731
        wait_for("its question", find)[0].click()
        wait_for("that the question is answered", lambda: not find())

    def touch(self) -> None:
        """Drag the mouse over the image a little, as anybody does who changes the window; it is drawn anew."""
        canvas = self._driver.find_element(By.CSS_SELECTOR, "canvas.cornerstone-canvas")
        ActionChains(self._driver).drag_and_drop_by_offset(canvas, 3, 3).perform()

    def ask(self, script: str) -> Any:
        """Return what the viewer's own services say."""
        return self._driver.execute_script(f"return {script}")

    def errors(self) -> list[str]:
        """Return what has failed since the study was opened: what is thrown, told in the console or on the page."""
        console = [line["message"] for line in self._driver.get_log("browser") if line["level"] == "SEVERE"]
        notices = self._driver.find_elements(
            By.CSS_SELECTOR, "[data-sonner-toast][data-type='error'], [role='alertdialog']"
        )
        thrown: list[str] = self.ask("window.seenErrors")
        return [
            *thrown,
            *(line for line in console if "Failed to load resource" not in line),
            *(n.text for n in notices),
        ]

    def is_empty(self) -> bool:
        """Say whether the viewport shows no image at all."""
        return not self._driver.find_elements(By.CSS_SELECTOR, "canvas.cornerstone-canvas")

    def screen(self) -> npt.NDArray[np.float64]:
        """Return what is seen in the viewport: red, green and blue, (rows, columns, 3)."""
        return wait_for("its viewport", self._screen)

    def _screen(self) -> npt.NDArray[np.float64]:
        found = self._driver.find_elements(By.CSS_SELECTOR, "canvas.cornerstone-canvas")
        if not found:
            return np.zeros((1, 1, 3))
        place = found[0].rect
        picture = Image.open(io.BytesIO(self._driver.get_screenshot_as_png())).convert("RGB")
        left, top = round(place["x"]), round(place["y"])
        box = (left, top, left + round(place["width"]), top + round(place["height"]))
        return np.asarray(picture.crop(box), dtype=np.float64)

    def save_screenshot(self, path: Path) -> None:
        """Write the whole page as PNG."""
        self._driver.save_screenshot(str(path))
