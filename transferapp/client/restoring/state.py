"""What was restored of an archive so far: a file beside it, written in one step.

It saves questions. Without it the same is found again by request keys and the keys of
containers, which follow from the archive, the person, and where it goes.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from transferapp.client.restoring.source import ArchiveSource
from transferapp.errors import DestinationUnwritable, Invalid

_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_NAME = re.compile(r"[^A-Za-z0-9.-]+")


class RestoreState(BaseModel):
    """The file's content."""

    model_config = ConfigDict(extra="forbid")

    restored: Literal["transferapp-restored"] = "transferapp-restored"
    version: Literal[1] = 1
    archive: str
    server: str
    username: str
    into: str = ""
    group: str = ""
    #: New containers, by their references in the archive.
    containers: dict[str, str] = {}
    #: The items of the archive in each transfer, in its order.
    transfers: dict[str, list[str]] = {}
    #: Items that the server does not take, and why.
    refused: dict[str, str] = {}

    @property
    def handed_over(self) -> set[str]:
        """Items of the archive that are in a transfer, or never will be."""
        known = {item for items in self.transfers.values() for item in items}
        return known | set(self.refused)

    def container_key(self, ref: str) -> str:
        """Return the key of a container; it stands beside the container in OMERO."""
        where = f" into {self.into}" if self.into else ""
        group = f" in {self.group}" if self.group else ""
        return f"archive {self.archive} {ref}{where}{group}"

    def request_key(self, items: list[str]) -> str:
        """Return the key of the request that imports these items."""
        # Not of the server: who reaches it under another address finds the same imports.
        parts = (self.archive, self.username, self.into, self.group, *items)
        return f"restore-{sha256('|'.join(parts).encode()).hexdigest()}"


def state_path(source: ArchiveSource, server_url: str) -> Path:
    """Return the file that says what was restored into a server."""
    server = _NO_NAME.sub("-", server_url.partition("://")[2]).strip("-.")
    return source.beside(f"restored-{server}.json")


def load_state(path: Path, wanted: RestoreState) -> RestoreState:
    """Return what was restored so far, or ``wanted`` for nothing; raises Invalid where it went
    elsewhere, or the file is damaged.
    """
    found = known_state(path)
    if found is None:
        return wanted
    check_whose(found, path, wanted.archive, wanted.username)
    for option in ("into", "group"):
        before, now = getattr(found, option), getattr(wanted, option)
        if before != now:
            raise Invalid(
                f"Restoring this archive was begun {_given(option, before)}, not"
                f" {_given(option, now)}. Go on as it was begun; or remove '{path}' to restore"
                " it once more."
            )
    return found


def check_whose(found: RestoreState, path: Path, archive: str, username: str) -> None:
    """Check that what was restored is of this archive, by this person; raises Invalid."""
    if found.archive != archive:
        raise Invalid(f"'{path}' is of another archive. Remove it, or put it where it was.")
    if found.username != username:
        raise Invalid(
            f"Restoring this archive was begun by '{found.username}', and you are signed in as"
            f" '{username}'. Sign in as '{found.username}' to go on; or restore a copy of the"
            f" archive without '{path.name}', as your own data."
        )


def _given(option: str, value: str) -> str:
    return f"with --{option} {value}" if value else f"without --{option}"


def known_state(path: Path) -> RestoreState | None:
    """Return what was restored so far; raises Invalid for a file that is damaged."""
    try:
        return RestoreState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise Invalid(
            f"'{path}' cannot be read as what was restored. Remove it: what was restored is"
            " found again."
        ) from error


def save_state(path: Path, state: RestoreState) -> None:
    """Write it durably; raises DestinationUnwritable or Invalid when that cannot be."""
    write_whole(path, state.model_dump_json(indent=1) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a file in one step, durably; raises Invalid where nobody may write into the folder,
    DestinationUnwritable when it cannot be now.
    """
    own = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with own.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        own.replace(path)
    except OSError as error:
        with suppress(OSError):
            own.unlink()
        # A folder that is not writable stays so, other than a full disk.
        kind = Invalid if error.errno in _FORBIDDEN else DestinationUnwritable
        raise kind(
            f"'{path}' cannot be written ({error.strerror}). Restore from a copy of the archive"
            " in a folder that you may write to."
        ) from error
