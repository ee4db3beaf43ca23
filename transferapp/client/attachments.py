"""Files attached to containers and images: which there are, and copies on this computer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from transferapp.client.downloads import DownloadOrder, download_file
from transferapp.client.names import local_path
from transferapp.client.partial_file import destination_errors
from transferapp.client.server import ServerClient
from transferapp.client.transport import bulk_client
from transferapp.host.folders import open_destination
from transferapp.model.attachments import Attachment
from transferapp.model.containers import ContainerRef
from transferapp.protocol import routes


class AttachmentsClient(ServerClient):
    """A ServerClient that also lists and saves attachments."""

    async def attachments(self, container: ContainerRef) -> list[Attachment]:
        """List what was attached to a container with TransferApp; raises TargetNotFound."""
        path = routes.container_attachments(str(container))
        return await self._call(list[Attachment], "GET", path)

    async def image_attachments(self, image_id: int) -> list[Attachment]:
        """List what was attached to an image with TransferApp; raises ImageNotFound."""
        path = routes.image_attachments(image_id)
        return await self._call(list[Attachment], "GET", path)

    async def save_attachments(
        self, attachments: Sequence[Attachment], folder: Path
    ) -> list[Path]:
        """Save them below a folder under their client paths, each verified; what is there
        with the same content is kept, and no file is replaced.

        Raises what ``downloads.download_file`` raises.
        """
        return await asyncio.to_thread(self._save, attachments, folder)

    def _save(self, attachments: Sequence[Attachment], folder: Path) -> list[Path]:
        # Made once: then the folder is there for each of them.
        with destination_errors(folder / "-"), open_destination(folder, make=True):
            pass
        with bulk_client(self.base_url) as client:
            return [
                download_file(client, self._order(one, folder), lambda _arrived: None).path
                for one in attachments
            ]

    def _order(self, attachment: Attachment, folder: Path) -> DownloadOrder:
        return DownloadOrder(
            address=routes.attachment_content(attachment.id),
            file_id=attachment.sha1,
            open_folder=partial(open_destination, folder, make=True),
            inside=local_path(attachment.client_path),
            size_bytes=attachment.size_bytes,
            sha1=attachment.sha1,
            grant=self.token or "",
        )
