"""Ask a repository where its images are looked at in a browser."""

from __future__ import annotations

from typing import cast

from transferapp.repositories.port import Capability, Repository, WebPages


def image_page_of(repository: Repository) -> str:
    """Return the address of an image's page, with ``{id}`` for the id; empty for none."""
    if Capability.WEB_PAGES not in repository.capabilities:
        return ""
    return cast("WebPages", repository).image_page
