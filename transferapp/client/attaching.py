"""Which of the files that are no images may be attached, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from transferapp.errors import Invalid
from transferapp.intake.file_names import hidden, is_litter, unfinished
from transferapp.intake.scanning import FoundFile
from transferapp.model.attachments import too_much_to_attach
from transferapp.protocol.messages import ServerInfo

#: The name of the ability in ``ServerInfo.capabilities``; older servers do not have it.
ATTACHMENTS = "attachments"
OLD_SERVER = (
    "This server takes no attachments. Import without attaching the other files, or ask its"
    " administrator for a newer release."
)


class HasServerInfo(Protocol):
    """What is needed of a server here; ``client.server.ServerClient`` is one."""

    async def server_info(self) -> ServerInfo:
        """Say what answers there."""


def attachable(files: Iterable[FoundFile]) -> tuple[FoundFile, ...]:
    """Return the files that may be attached: not what operating systems leave behind, what
    is hidden, or what is not written completely. Looks at files, so call it in a thread.
    """
    return tuple(file for file in files if not _is_litter(file))


def _is_litter(file: FoundFile) -> bool:
    name = Path(file.client_path).name
    if is_litter(file.place, is_folder=False):
        return True
    return unfinished(name) is not None or hidden(name) is not None


def why_not_attached(files: Sequence[FoundFile]) -> str:
    """Say why these files cannot be attached together; empty when they can."""
    return too_much_to_attach(len(files), sum(file.size_bytes for file in files))


def attaching_text(count: int, to: str = "the target") -> str:
    """Say in one line how many files are attached, and to what; empty for none."""
    if count == 1:
        return f"1 other file is not an image; it is attached to {to}."
    text = f"{count:,} other files are not images; they are attached to {to}."
    return text if count else ""


async def check_attaching(server: HasServerInfo, files: Sequence[FoundFile]) -> None:
    """Raise Invalid where the server takes no attachments, or not so many or large ones."""
    if not files:
        return
    if why := why_not_attached(files):
        raise Invalid(why)
    if ATTACHMENTS not in (await server.server_info()).capabilities:
        raise Invalid(OLD_SERVER)
