"""The report as a browser shows it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

pytest.importorskip("selenium")

from PIL import Image
from support.viewer import browser

from MCDetect.evaluation.froc import ScoredImage
from MCDetect.evaluation.hits import Candidate, Truth
from MCDetect.evaluation.predictions import Prediction
from MCDetect.evaluation.report import Scored, write_report

SQUARE = ((0.0, 0.0), (0.0, 10.0), (10.0, 10.0), (10.0, 0.0))
LOADED = "return [...document.images].map(image => image.complete && image.naturalWidth > 0)"
WIDTHS = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"


@pytest.mark.slow
def test_a_browser_shows_all_pictures_without_an_error_and_nothing_runs_over_the_edge(tmp_path: Path):
    Image.new("L", (900, 1200), 90).save(tmp_path / "marked.png")
    predictions = tuple(
        Prediction(f"{'long' * 30}{number}.dcm", f"p{number // 2}", (("age", "31-45"),), number % 2, (1 - s, s))
        for number, s in enumerate((0.1, 0.8, 0.4, 0.3, 0.2, 0.9))
    )
    marks = (ScoredImage("a", (Candidate(SQUARE, 0.9),), (Truth(SQUARE),), (0.07, 0.07)),)
    about = {"dataset": "simulated", "split": "paper", "dataset_checksum": "0123456789abcdef" * 4}
    published = dict.fromkeys(("accuracy", "sensitivity", "specificity", "precision", "f1", "mcc", "auc"), 0.9758)
    runs = [
        Scored(
            name, ("normal", "cluster"), predictions, marks, about, published, None, {"marked": tmp_path / "marked.png"}
        )
        for name in ("one", "other")
    ]
    _, page = write_report(tmp_path, runs, repeats=5)
    with browser(tmp_path / "profile") as driver:
        for width in (1400, 700):
            screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
            driver.get(page.as_uri())
            assert driver.execute_script(LOADED) == [True] * 10, width  # four curves and one picture of each run
            whole, seen = driver.execute_script(WIDTHS)
            assert whole <= seen, width
        assert driver.get_log("browser") == []
        driver.find_element("link text", "other").click()
        assert driver.current_url.endswith("#run-1")
        assert len(base64.b64decode(driver.get_screenshot_as_base64())) > 5000
