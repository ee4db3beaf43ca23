"""What Bio-Formats and its process do wrong, as errors of ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transferapp.bioformats.running import Hung, ProcessEnded
from transferapp.errors import (
    DamagedFile,
    MissingCompanion,
    TransferAppError,
    Unavailable,
    UnreadableFile,
    UnsupportedFile,
)

_AGAIN = "Retry; if that happens again, export the file as OME-TIFF and import that."


def lost(error: Hung | ProcessEnded, file: Path | None, patience_s: float) -> TransferAppError:
    """Return the error of a request whose process hung or ended."""
    if file is None:
        return Unavailable("Bio-Formats broke down. It is started and asked again.")
    if isinstance(error, Hung):
        return UnreadableFile(
            f"Bio-Formats did not answer in {patience_s:.0f} s while it read '{file.name}', and"
            f" was ended. {_AGAIN}"
        )
    return UnreadableFile(f"Bio-Formats broke down while it read '{file.name}'. {_AGAIN}")


def not_started(error: Exception, patience_s: float) -> Unavailable:
    """Return the error of a start that did not succeed; its first sentence says why."""
    match error:
        case Hung():
            why = f"did not answer in {patience_s:.0f} s while it was starting"
        case ProcessEnded():
            why = "ended while it was starting"
        case _:
            why = "does not start on this computer"
    return Unavailable(
        f"Bio-Formats {why}. It is tried again; if that does not help, let your administrator"
        " look at its Java."
    )


def check(header: Mapping[str, Any], file: Path | None, memory_mb: int) -> None:
    """Raise the error that an answer says; its words name folders and stay in the cause."""
    kind = header.get("error")
    if kind is None:
        return
    name = file.name if file is not None else "the file"
    raise _error(kind, name, memory_mb) from RuntimeError(str(header.get("detail", "")))


def _error(kind: str, name: str, memory_mb: int) -> TransferAppError:
    match kind:
        case "unknown-format":
            return UnsupportedFile(
                f"Neither TransferApp nor Bio-Formats knows the format of '{name}'. Export it"
                " from the microscope software as OME-TIFF, then import that."
            )
        case "unsupported":
            return UnsupportedFile(
                f"Bio-Formats cannot unpack what '{name}' holds on this computer. Export it"
                " from the microscope software as OME-TIFF, then import that."
            )
        case "missing-file":
            return MissingCompanion(
                f"'{name}' names a file that is not there. Add the missing file to the folder,"
                " then drop the folder again."
            )
        case "memory":
            return UnreadableFile(
                f"'{name}' needs more memory than Bio-Formats may take here ({memory_mb} MB)."
                " Ask your administrator to raise TRANSFERAPP_BIOFORMATS_MEMORY_MB, then retry."
            )
        case _:
            return DamagedFile(
                f"Bio-Formats cannot read '{name}': it is damaged or incomplete. Copy or export"
                " it again from the microscope software, then retry."
            )
