"""Errors of originals that lie in an archive; the tree is drawn in ``errors.py``."""

from __future__ import annotations

from transferapp.errors import TransferAppError, Unavailable


class ArchiveUnavailable(Unavailable):
    """The facility's archive cannot be asked where files are; no fault of the repository."""

    code = "archive-unavailable"
    title = "The archive does not answer"
    default_message = "Nothing is lost. It is asked again, and then goes on by itself."


class InArchive(ArchiveUnavailable):
    """Files lie on a tier that cannot be read at once; they are asked for and waited for."""

    code = "in-archive"
    title = "From the archive"
    default_message = "From the archive. It goes on by itself when the files are here."


class RecallFailed(TransferAppError):
    """The archive does not give files back."""

    code = "recall-failed"
    title = "The archive does not give these files back"
    default_message = (
        "The archive does not give its files back. Tell the administrator of the server, then"
        " press Retry. Nothing is lost."
    )
