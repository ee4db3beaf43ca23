"""Where people look at an image in a browser: an address with a place for the image's id."""

from __future__ import annotations

from collections.abc import Iterable

#: What of the address is the id.
PLACE = "{id}"
#: What a browser may be sent to.
_SCHEMES = ("https://", "http://")


def image_page(template: str, image_id: int) -> str:
    """Return the address of an image's page; empty where there is none that a browser opens."""
    if PLACE not in template or not template.lower().startswith(_SCHEMES):
        return ""
    return template.replace(PLACE, str(image_id))


def image_pages(template: str, image_ids: Iterable[int]) -> dict[int, str]:
    """Return the pages of images by their ids; those without one are left out."""
    pages = {image_id: image_page(template, image_id) for image_id in image_ids}
    return {image_id: page for image_id, page in pages.items() if page}
