"""The port to write on images and containers what an archive says of them.

It is a part of a session (``RepositorySession.restoring``), and an optional ability: the
capability RESTORING. Every method may be repeated: what is there already is not made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from transferapp.model.containers import Container, ContainerRef
from transferapp.model.images import Annotation
from transferapp.model.restoring import ContainerPlan, ImageTexts
from transferapp.model.rois import Roi


class Restoring(Protocol):
    """What is written when an archive goes into a repository.

    Methods raise TargetNotFound and ImageNotFound for what is not there or not to be seen, and
    PermissionDenied for what may not be changed.
    """

    async def make_container(self, plan: ContainerPlan) -> Container:
        """Make a container in the session's group, or its parent's; returns what this person
        made under the plan's key before, whatever it is called now. Two at once with one key
        may make two. Raises Invalid for a wrong parent or a name that cannot be.
        """

    async def describe_container(self, ref: ContainerRef, name: str, description: str) -> None:
        """Give a container this name and description; raises Invalid for a name that cannot
        be.
        """

    async def annotate_container(
        self, ref: ContainerRef, annotations: Sequence[Annotation]
    ) -> None:
        """Add annotations to a container; the same one twice is added once."""

    async def container_annotations(self, ref: ContainerRef) -> list[Annotation]:
        """List the annotations of a container, in the order they were made."""

    async def describe_images(self, texts: Mapping[int, ImageTexts]) -> None:
        """Give images, by their ids, these names and descriptions, and channels theirs where
        an image has as many.
        """

    async def add_rois(self, image_id: int, rois: Sequence[Roi]) -> int:
        """Draw those ROIs that the image does not have yet, as many times as they are given;
        ids do not count. Returns how many.
        """

    async def link_images(self, dataset: ContainerRef, image_ids: Sequence[int]) -> None:
        """Put images into a dataset, in which some may be; raises Invalid for another kind of
        container.
        """

    async def unlink_images(self, dataset: ContainerRef, image_ids: Sequence[int]) -> None:
        """Take images out of a dataset, in which some may not be."""
