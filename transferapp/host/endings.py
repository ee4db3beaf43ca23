"""Why a server, worker or agent of this account ended, where others here can read it.

A process that ends by an error leaves one line in a private file beside its data; the next
start takes it away. A process that is killed leaves nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from transferapp.errors import Conflict, SettingsInvalid, TransferAppError
from transferapp.host.config_file import chosen
from transferapp.host.hiding import hide_in_text
from transferapp.host.paths import host_paths

#: What lasts longer than a command.
SERVER, WORKER, AGENT = "server", "worker", "agent"
_MOST_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Ending:
    """When a process ended by an error, and the last line of its log."""

    at: datetime
    line: str

    @property
    def sentence(self) -> str:
        """The line, so that a sentence can follow."""
        return self.line if self.line.endswith((".", "!", "?", "…")) else f"{self.line}."


def reason(error: BaseException) -> str:
    """Return why a process ends, in one line without secrets."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, TransferAppError):
        text = f"{error.title}. {error.message}"
    elif isinstance(error, SystemExit):
        text = f"exit code {error.code}"
    else:
        text = f"{type(error).__name__}: {error}".removesuffix(": ")
    line = hide_in_text(" ".join(text.split()))
    return line if len(line) <= _MOST_CHARACTERS else f"{line[: _MOST_CHARACTERS - 1]}…"


@contextmanager
def kept(process: str) -> Iterator[None]:
    """Keep why a process ends, when an error ends this block; raises it on."""
    forget(process)
    try:
        yield
    except Conflict:
        raise  # Another one is at work.
    except Exception as error:
        leave(process, reason(error))
        raise
    except SystemExit as error:
        if error.code:
            leave(process, reason(error))
        raise


def leave(process: str, line: str) -> None:
    """Keep the line; a folder that cannot be written is no further problem."""
    path = _file(process)
    stated = json.dumps({"at": datetime.now(UTC).isoformat(), "line": line})
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w", encoding="utf-8") as file:
            file.write(stated)


def forget(process: str) -> None:
    """Take away what an earlier one left."""
    with suppress(OSError):
        _file(process).unlink(missing_ok=True)


def ending(process: str) -> Ending | None:
    """Return what the last one left; None when it did not end by an error."""
    try:
        stated = json.loads(_file(process).read_text(encoding="utf-8"))
        return Ending(datetime.fromisoformat(stated["at"]), str(stated["line"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _file(process: str) -> Path:
    paths = host_paths()
    if process == AGENT:
        return paths.agent_outbox.parent / f"{process}.ended"
    # As the server's settings have it; here they may be what is wrong.
    data = ""
    with suppress(SettingsInvalid):
        data = chosen("data")
    return (Path(data) if data else paths.server_data) / f"{process}.ended"
