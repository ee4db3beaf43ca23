"""Ask a repository where its images are looked at in a browser."""

from __future__ import annotations

from typing import Protocol, cast

from transferapp.repositories.port import Capability, Repository


class WebPages(Protocol):
    """A repository whose images have pages in a browser; the capability WEB_PAGES."""

    #: The address of an image's page, with ``{id}`` where the image's id belongs.
    image_page: str


def image_page_of(repository: Repository) -> str:
    """Return the address of an image's page, with ``{id}`` for the id; empty for none."""
    if Capability.WEB_PAGES not in repository.capabilities:
        return ""
    return cast("WebPages", repository).image_page
