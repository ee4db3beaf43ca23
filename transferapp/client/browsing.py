"""A repository's containers and images, as a server shows them to a person."""

from __future__ import annotations

from collections.abc import Sequence

from transferapp.client.connection import (
    ServerConnection,
    body_of,
    given,
)
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.duplicates import DuplicateMatch
from transferapp.model.export_places import ImageLocation
from transferapp.model.images import Annotation, ImageDetails, ImageSummary
from transferapp.protocol import routes
from transferapp.protocol.duplicates import AskedItem, DuplicatesRequest
from transferapp.protocol.messages import (
    NewContainer,
    Page,
)


class BrowseClient(ServerConnection):
    """Looks at containers and images, and makes and deletes containers."""

    async def containers(
        self,
        parent: ContainerRef | None = None,
        *,
        kind: ContainerKind | None = None,
        owner: str = "",
    ) -> list[Container]:
        """List what is in a container, or (None) the tops; as ``owner`` sees them."""
        params = given(parent=parent, kind=kind, owner=owner)
        return await self._call(list[Container], "GET", routes.CONTAINERS, params=params)

    async def container(self, ref: ContainerRef, *, owner: str = "") -> Container:
        """Return one container, as ``owner`` sees it; raises TargetNotFound."""
        params = given(owner=owner)
        return await self._call(Container, "GET", f"{routes.CONTAINERS}/{ref}", params=params)

    async def create_container(  # noqa: PLR0913 - all that a container is made of
        self,
        kind: ContainerKind,
        name: str,
        *,
        parent: ContainerRef | None = None,
        group_id: int | None = None,
        description: str = "",
        owner: str = "",
        key: str = "",
        annotations: Sequence[Annotation] = (),
    ) -> Container:
        """Make a project, dataset or screen; the same ``key`` gives the first one again. Raises
        PermissionDenied, Invalid.
        """
        new = NewContainer(
            kind=kind,
            name=name,
            parent=str(parent) if parent else None,
            group_id=group_id,
            description=description,
            owner=owner,
            key=key,
            annotations=list(annotations),
        )
        return await self._call(Container, "POST", routes.CONTAINERS, json=body_of(new))

    async def delete_container(self, ref: ContainerRef) -> None:
        """Delete a container; the images in it stay."""
        await self._call(None, "DELETE", f"{routes.CONTAINERS}/{ref}")

    async def images(
        self,
        container: ContainerRef | None = None,
        *,
        text: str = "",
        after: str = "",
        limit: int = 100,
    ) -> Page[ImageSummary]:
        """List images in id order; ``after`` is the ``next`` of the page before."""
        params = given(text=text, after=after, limit=limit) | given(**{"in": container})
        return await self._call(Page[ImageSummary], "GET", routes.IMAGES, params=params)

    async def image(self, image_id: int) -> ImageDetails:
        """Return all of one image; raises ImageNotFound."""
        return await self._call(ImageDetails, "GET", f"{routes.IMAGES}/{image_id}")

    async def locations(self, image_id: int) -> list[ImageLocation]:
        """List where an image lies; in several datasets several times."""
        path = f"{routes.IMAGES}/{image_id}/locations"
        return await self._call(list[ImageLocation], "GET", path)

    async def thumbnail(self, image_id: int, edge_px: int = 96) -> bytes:
        """Return a JPEG whose longer edge is ``edge_px``."""
        path = f"{routes.IMAGES}/{image_id}/thumbnail"
        return (await self._send("GET", path, params={"edge": edge_px})).content

    async def duplicates(self, items: Sequence[AskedItem]) -> list[DuplicateMatch]:
        """Say for each item which filesets already hold its files; a few hundred at once."""
        body = body_of(DuplicatesRequest(items=list(items)))
        return await self._call(list[DuplicateMatch], "POST", routes.DUPLICATES, json=body)
