"""An import that has ended on a real server, and what its receipt is tried on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.imported_image import ome_tiff, two_channels
from tests.support.rest_server import RestServer, new_dataset
from tests.support.rest_uploads import run_import, upload
from transferapp.client.server import ServerClient
from transferapp.protocol.messages import ImportRequest, NewFile, NewItem
from transferapp.protocol.receipts import CheckLine, FileHolding, Holding

#: Client paths of the files.
FIELDS = ("day 3/field_0.tif", "day 3/field_1.tif")


@dataclass
class ImportedFields:
    """Two images of ada's, and their bytes by client path."""

    server: RestServer
    ada: ServerClient
    transfer_id: str
    grant: str
    contents: dict[str, bytes]

    def original(self, path: str) -> Path:
        """Where the embedded repository keeps a file."""
        folder = self.server.parts.settings.repository_folder
        content = self.contents[path]
        (found,) = (
            one
            for one in (folder / "originals").rglob("*")
            if one.is_file() and one.read_bytes() == content
        )
        return found


async def imported_fields(server: RestServer, *, most: int = len(FIELDS)) -> ImportedFields:
    """Import as agent and worker do; ``most`` of the items, the others wait for files."""
    ada = await server.signed_in()
    contents = {path: ome_tiff(two_channels(64, 80 + n * 16)) for n, path in enumerate(FIELDS)}
    request = ImportRequest(
        name="day 3",
        target=str((await new_dataset(ada)).ref),
        items=[
            NewItem(name=path, files=[NewFile(client_path=path, size_bytes=len(content))])
            for path, content in contents.items()
        ],
    )
    accepted = await ada.submit_import(request)
    transfer_id = accepted.details.transfer.id
    agent = server.client(accepted.grant)
    async with httpx.AsyncClient(base_url=server.url) as http:
        for file in accepted.details.files[:most]:
            sha1 = await upload(
                http, accepted.grant, transfer_id, file, contents[file.client_path]
            )
            await agent.seal(transfer_id, file.id, sha1)
            await run_import(server, transfer_id, file.item_id)
    return ImportedFields(server, ada, transfer_id, accepted.grant, contents)


async def check_lines(
    client: ServerClient, content: bytes, *, deep: bool = False
) -> list[CheckLine]:
    """Check a receipt and return every line."""
    return [line async for line in client.check_receipt(content, deep=deep)]


async def checked(
    client: ServerClient, content: bytes, *, deep: bool = False
) -> dict[str, FileHolding]:
    """Check a receipt; what came of each file, by client path."""
    lines = await check_lines(client, content, deep=deep)
    files = [line.file for line in lines if line.file is not None]
    assert Counter(one.path for one in files).most_common(1)[0][1] == 1
    return {one.path: one for one in files}


def held_by_path(found: dict[str, FileHolding]) -> dict[str, Holding]:
    """Return what the repository has of each file."""
    return {path: one.holding for path, one in found.items()}
