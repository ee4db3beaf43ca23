"""OMERO.web, unmodified, on the sandbox, in headless Chromium: what people do there every day.

Its screenshots are kept in the test's folder; ``OMERO_WEB_PICTURES`` names another.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.browser import Browser, chromium
from tests.support.omero_imported import CELLS, ImportedByUs, imported_by_us
from tests.support.omero_programs import omero_programs, omero_web
from transferapp.repositories.omero.web_check import web_fault
from transferapp.testing.repository_env import ALICE

# The first run fetches the packages.
pytestmark = [pytest.mark.omero_clients, pytest.mark.timeout(1800)]

#: Pictures of pages whose addresses hold one of these have loaded, and have colours.
_LOADED = """
return Array.from(document.querySelectorAll('img')).filter(
  i => %s.some(part => i.src.includes(part)) && i.complete && i.naturalWidth > 1
).length
"""
_AGREE = """
const buttons = Array.from(document.querySelectorAll('.ui-dialog button'));
const yes = buttons.find(b => b.innerText == 'Yes' && b.offsetParent);
if (yes) yes.click();
return !!yes
"""
#: OMERO.web's own look for the newest OMERO.insight at GitHub.
_NOT_OURS = "api.github.com"


@dataclass
class WebPage:
    """A browser in which alice has signed in."""

    browser: Browser
    address: str
    held: ImportedByUs
    folder: Path

    def show(self, path: str) -> None:
        self.browser.open(f"{self.address}/webclient/{path}")

    def choose(self, image: int) -> None:
        """Open an image in the tree, and wait for its thumbnail and its panel."""
        self.show(f"?show=image-{image}")
        self.browser.until(
            f"return document.querySelector('#image_icon-{image} img')?.naturalWidth > 1",
            "the thumbnail",
        )
        self.browser.until(
            "return document.querySelector('#metadata_general')?.innerText.includes('Owner')",
            "the panel",
        )

    def pictures(self, *parts: str, at_least: int = 1) -> int:
        """Wait for pictures whose address holds one of these; return how many loaded."""
        code = f"const loaded = (() => {{ {_LOADED % list(parts)} }})();"
        code += f" return loaded >= {at_least} && loaded"
        return int(self.browser.until(code, f"{at_least} pictures of {parts}"))

    def keep(self, name: str) -> None:
        self.browser.picture(self.folder / f"{name}.png")

    def nothing_failed(self) -> None:
        shown = [text for text in self.browser.complaints() if _NOT_OURS not in text]
        assert shown == []


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebPage]:
    folder = tmp_path_factory.mktemp("omero-web")
    pictures = Path(os.environ.get("OMERO_WEB_PICTURES", folder / "pictures"))
    pictures.mkdir(exist_ok=True)
    (folder / "downloads").mkdir()
    python = omero_programs()
    with (
        imported_by_us(folder) as held,
        omero_web(python, held.sandbox, folder / "web") as address,
        chromium(folder / "downloads") as browser,
    ):
        made = WebPage(browser, address, held, pictures)
        made.show("login/")
        browser.write("#id_username", ALICE)
        browser.write("#id_password", held.sandbox.password)
        browser.click("input[type=submit]")
        browser.until("return document.querySelector('#dataTree li')", "the tree")
        yield made


def test_doctor_knows_it_without_signing_in(page: WebPage) -> None:
    assert web_fault(page.address) == ""
    assert "Something else than OMERO.web" in web_fault(f"{page.address}/webclient")


def test_the_tree_shows_what_was_imported(page: WebPage) -> None:
    page.choose(page.held.cells)
    tree = page.browser.js("return document.querySelector('#dataTree').innerText")
    for name in ("By TransferApp", "cells_D03f00d0.tif", "test plate"):
        assert name in tree
    assert page.pictures("data:image/jpeg", "render_thumbnail") >= 3
    page.keep("tree")
    page.nothing_failed()


def test_the_panel_tells_of_the_image(page: WebPage) -> None:
    page.choose(page.held.cells)
    panel = page.browser.js("return document.querySelector('#metadata_general').innerText")
    for text in ("512 x 512", "uint8", "0.65 x 0.65", "Alice", "Key-Value Pairs"):
        assert text in panel
    page.browser.click("a[href='#metadata_tab']")
    page.browser.until(
        "return document.querySelector('#metadata_tab').innerText.includes('Channel')",
        "acquisition",
    )
    page.nothing_failed()


def test_the_preview_shows_channels_and_settings(page: WebPage) -> None:
    page.choose(page.held.slide)
    page.browser.click("a[href='#preview_tab']")
    page.pictures("render_image_region")
    page.browser.until(
        "return document.querySelector('#preview_tab').innerText.includes('Ki-67')", "channels"
    )
    page.keep("preview")
    page.nothing_failed()


def test_the_full_viewer_reads_tiles_at_every_zoom(page: WebPage) -> None:
    page.show(f"img_detail/{page.held.slide}/")
    page.pictures("render_image_region")
    page.pictures("render_birds_eye_view")
    page.browser.click("span.zoom11")
    # The tiles in the middle of full resolution, and those around them.
    page.pictures("tile=0,3,2")
    page.pictures("tile=0,", at_least=12)
    page.keep("viewer")
    page.nothing_failed()


def test_the_plate_is_a_grid_of_wells(page: WebPage) -> None:
    page.show("?show=plate-1")
    page.browser.until(
        "return document.querySelectorAll('#spw td.well img').length == 2", "the wells"
    )
    assert page.pictures("render_thumbnail", "data:image/jpeg") >= 2
    page.keep("plate")
    page.nothing_failed()


def _content(page: WebPage, path: str) -> bytes:
    """Fetch with the browser's own cookies."""
    numbers = page.browser.js(
        "const x = new XMLHttpRequest(); x.open('GET', arguments[0], false);"
        "x.overrideMimeType('text/plain; charset=x-user-defined'); x.send();"
        "return [x.status, Array.from(x.response, c => c.charCodeAt(0) & 255)];",
        path,
    )
    assert numbers[0] == 200
    return bytes(numbers[1])


def test_the_download_is_the_file_that_was_imported(page: WebPage) -> None:
    page.choose(page.held.cells)
    link = page.browser.js(
        "return document.querySelector('a[href*=\"archived_files/download\"]').href"
    )
    assert _content(page, link) == CELLS.paths[0].read_bytes()


def test_a_rendered_picture_has_the_colours_of_the_settings(page: WebPage) -> None:
    page.choose(page.held.cells)
    red = _content(
        page, f"/webgateway/render_image/{page.held.cells}/0/0/?c=1|0:100$FF0000&m=c"
    )
    colours = np.asarray(Image.open(io.BytesIO(red)).convert("RGB"), np.int32)
    assert colours.shape == (512, 512, 3)
    assert colours[..., 0].mean() > 5 * colours[..., 1].mean()


def test_a_deleted_image_is_gone(page: WebPage) -> None:
    page.choose(page.held.stack)
    page.browser.click("#deleteButton")
    page.browser.until(_AGREE, "the question")
    page.browser.until(
        "return !document.querySelector('#dataTree').innerText.includes('timelapse')"
        f" && !document.querySelector('#image_icon-{page.held.stack}')",
        "the image to go",
    )
    page.choose(page.held.cells)
    assert page.held.sandbox.control("status")["counts"]["Fileset"] == 3
    page.nothing_failed()
