"""Orders for the files of an export, as the workstation makes them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from transferapp.client.downloads import DownloadOrder
from transferapp.client.names import local_path
from transferapp.host.folders import OpenFolder
from transferapp.model.transfers import TransferFile
from transferapp.protocol import routes


def order_of(grant: str, transfer_id: str, file: TransferFile, folder: Path) -> DownloadOrder:
    """Order a file of an export into ``folder`` as ``a.tif``."""
    return DownloadOrder(
        address=routes.file_content(transfer_id, file.id),
        file_id=file.id,
        open_folder=partial(OpenFolder.at, folder),
        inside=local_path("a.tif"),
        size_bytes=file.size_bytes,
        sha1=file.sha1,
        grant=grant,
    )


def found_in(folder: Path) -> list[Path]:
    """List what is in a folder, also what is hidden."""
    return sorted(folder.iterdir())
