"""The interactive page: it loads nothing, holds its data, and draws in a browser."""

import base64
import json
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from gendemod import landscape, plot

pytest.importorskip("plotly")

FOUND = landscape.figure1(size=61)
LABELS = ("h / h0", "m / m0")


@pytest.fixture(scope="module")
def page():
    return plot.page(FOUND.surface, FOUND.hyperbolas, title="A <title>", labels=LABELS)


class Reader(HTMLParser):
    """Collects all attributes, and the text of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.attributes, self.texts, self.inside = set(), [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.attributes |= {name for name, _ in attrs}
        self.inside = tag in ("script", "style")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.texts.append(data)


def traces(page):
    """The data that the page gives to plotly."""
    start = page.rindex("Plotly.newPlot(")
    return json.JSONDecoder().raw_decode(page, page.index("[", start))[0]


def array(value):
    """An array as plotly writes it."""
    flat = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
    shape = [int(size) for size in str(value.get("shape", len(flat))).split(",")]
    return flat.reshape(shape)


def test_page_loads_nothing_from_anywhere(page):
    reader = Reader(page)
    assert not reader.attributes & {"src", "href", "srcset", "data", "action", "poster"}
    own = [text for text in reader.texts if len(text) < 10**6]
    library = [text for text in reader.texts if len(text) >= 10**6]
    assert len(library) == 1  # all of plotly
    for text in own:
        assert "http" not in text
        assert "url(" not in text
        assert "import" not in text


def test_page_holds_its_data(page):
    surface, *curves = traces(page)
    np.testing.assert_array_equal(array(surface["x"]), FOUND.surface.s)
    np.testing.assert_array_equal(array(surface["y"]), FOUND.surface.t)
    height = np.minimum(FOUND.surface.relative, 2).T
    np.testing.assert_allclose(array(surface["z"]), height, atol=1e-6)
    assert len(curves) == 4
    for curve, s, t in zip(curves, FOUND.hyperbolas.s, FOUND.hyperbolas.t, strict=True):
        np.testing.assert_array_equal(array(curve["x"]), s)
        np.testing.assert_array_equal(array(curve["y"]), t)


def test_page_names_its_axes_and_offers_no_upload(page):
    rest = page[page.rindex("Plotly.newPlot(") :]
    for label in LABELS:
        assert label.replace("/", "\\u002f") in rest
    assert '"modeBarButtonsToRemove": ["sendChartToCloud"]' in rest


def test_pages_of_the_same_data_are_the_same(page):
    assert page == plot.page(FOUND.surface, FOUND.hyperbolas, title="A <title>", labels=LABELS)


def test_curves_in_K_are_left_out():
    one = np.ones(1)
    s = FOUND.surface.s
    curves = landscape.hyperbolas(FOUND.plane, one, one, (1, 1), s, s)
    assert len(traces(plot.page(FOUND.surface, curves))) == 2
    assert len(traces(plot.page(FOUND.surface))) == 1


def test_a_missing_plotly_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly", None)
    with pytest.raises(ImportError, match=r"install gendemod\[plot\]"):
        plot.page(FOUND.surface)


def browser():
    """The path of a Chromium on PATH, or of that of playwright; None if there is neither."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"):
        if found := shutil.which(name):
            return found
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return str(path) if path.exists() else None


def test_page_draws_in_a_browser(page, tmp_path):
    """The browser resolves no name: whatever it shows is in the page."""
    pytest.importorskip("matplotlib")
    from matplotlib.image import imread

    program = browser()
    if program is None:
        pytest.skip("no Chromium on PATH and none of playwright: the page was not opened")
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    shot = tmp_path / "shot.png"
    options = [
        "--headless=new",
        "--no-sandbox",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--window-size=900,700",
        "--virtual-time-budget=20000",
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--screenshot={shot}",
    ]
    address = (tmp_path / "page.html").as_uri()
    subprocess.run([program, *options, address], check=True, capture_output=True, timeout=300)
    red, green, blue = np.moveaxis(imread(shot)[..., :3], -1, 0)
    # The high ground is brown and the valleys purple; a page of text has neither.
    assert np.mean((red > 0.4) & (blue < 0.25) & (red > green + 0.1)) > 0.02
    assert np.mean((blue > green + 0.1) & (red > green + 0.02) & (red < 0.6)) > 0.005
