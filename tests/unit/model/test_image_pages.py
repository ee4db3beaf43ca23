"""Addresses of images for a browser: only what a browser may be sent to."""

from __future__ import annotations

import pytest

from transferapp.model.image_pages import image_page, image_pages

PAGE = "https://omero.example.org/webclient/?show=image-{id}"


def test_the_id_goes_where_its_place_is() -> None:
    assert image_page(PAGE, 12) == "https://omero.example.org/webclient/?show=image-12"
    assert list(image_pages(PAGE, [7, 12])) == [7, 12]


@pytest.mark.parametrize(
    "template",
    ["", "https://omero.example.org", "file:///{id}", "javascript:alert({id})", " http://{id}"],
)
def test_what_no_browser_may_be_sent_to_is_no_page(template: str) -> None:
    assert image_page(template, 12) == ""
    assert image_pages(template, [12]) == {}
