"""The port to what a repository knows of a person's data beside the files: many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from transferapp.model.containers import ContainerRef
    from transferapp.model.descriptions import ContainerDescription, ImageDescription


class Descriptions(Protocol):
    """What is to be kept of containers and images when their files leave the repository."""

    async def owned(self) -> list[ContainerRef]:
        """List all containers that belong to the person of the session, in no order."""

    async def containers(self, refs: Sequence[ContainerRef]) -> list[ContainerDescription]:
        """Describe containers, at most 1000, in no order; what is not there, or not to be
        seen, is left out.
        """

    async def images(self, image_ids: Sequence[int]) -> list[ImageDescription]:
        """Describe images in id order, at most 1000; what is not there, or not to be seen, is
        left out.
        """
