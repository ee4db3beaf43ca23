"""The one error tree: every failure a person or a program can meet.

Each class carries a stable ``code``, a ``title``, and a default ``message`` that says what to
do next. ``retryable``: the queue retries for days; else a person is asked at once.

    TransferAppError
    |-- Unavailable        the other side is not there now; retried; also ArchiveUnavailable
    |   |-- ServerUnreachable, AgentUnreachable, RepositoryUnavailable, StorageFull,
    |   |   SessionLost, UploadLost, DestinationUnwritable, PlaceUnavailable, Busy, InArchive
    |-- Denied: SignInFailed, GrantRefused, PermissionDenied, SignedUrlEnded, QuotaExceeded
    |-- NotFound: TargetNotFound, ImageNotFound, TransferNotFound, NoSuchFile
    |-- Conflict: NameTaken, OffsetMismatch, StateConflict
    |-- Invalid            the input is wrong; retrying cannot help
    |   |-- SettingsInvalid, ReceiptKeyUnknown
    |   |-- SourceProblem: UnsupportedFile, EmptyFile, DamagedFile, UnreadableFile,
    |       VanishedFile, ChangedFile, MissingCompanion, NameNotAllowed, LinkLoop
    |-- Corrupt            bytes are not what they should be: ChecksumMismatch, DamagedReceipt
    |-- Cancelled, CommandFailed, RecallFailed, ViewerUnavailable (napari), Internal (ours)
"""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override


class TransferAppError(Exception):
    """Base of all errors that leave a package of TransferApp."""

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"
    default_message: ClassVar[str] = "Try again; else tell your administrator when it was."
    retryable: ClassVar[bool] = False

    def __init__(
        self, message: str | None = None, *, retry_after_s: float | None = None
    ) -> None:
        """Make the error; ``retry_after_s`` is the other side's own wish in seconds."""
        self.message = message or self.default_message
        self.retry_after_s = retry_after_s
        super().__init__(self.message)

    @override
    def __reduce__(self) -> tuple[type[TransferAppError], tuple[str]]:
        """Rebuild from the message alone (the default would lose the class defaults)."""
        return type(self), (self.message,)


class Unavailable(TransferAppError):
    """The other side is not there now; the queue retries with back-off."""

    code = "unavailable"
    title = "Not available right now"
    default_message = "Nothing is lost. TransferApp tries again by itself."
    retryable = True


class ServerUnreachable(Unavailable):
    """The TransferApp server does not answer."""

    code = "server-unreachable"
    title = "The server does not answer"
    default_message = "Check network and address. Started transfers go on by themselves."


class AgentUnreachable(Unavailable):
    """The workstation service does not answer on its socket."""

    code = "agent-unreachable"
    title = "The workstation service is not running"
    default_message = "Start it with 'transferapp agent', or ask your administrator."


class RepositoryUnavailable(Unavailable):
    """The image repository is down, frozen or too busy."""

    code = "repository-unavailable"
    title = "The image repository does not answer"
    default_message = "Nothing is lost. It goes on when the repository is back."


class SessionLost(RepositoryUnavailable):
    """The repository ended the session in which it was asked; the next use has a new one."""

    code = "session-lost"
    title = "The repository ended its session"
    default_message = "Nothing is lost. The work continues in a new session."


class StorageFull(Unavailable):
    """A disk on the server or the workstation is full."""

    code = "storage-full"
    title = "The disk is full"
    default_message = "Nothing is lost. Free space or tell your administrator; it then goes on."


class DestinationUnwritable(Unavailable):
    """The folder that an export goes to cannot be written."""

    code = "destination-unwritable"
    title = "The folder cannot be written"
    default_message = "Connect the drive, or let your account write there; it then goes on."


class PlaceUnavailable(Unavailable):
    """A place that exports are brought to is away: not mounted, or no answer."""

    code = "place-unavailable"
    title = "The place does not answer"


class UploadLost(Unavailable):
    """The repository forgot what was stored of a fileset; it must be stored again."""

    code = "upload-lost"
    title = "The repository dropped an unfinished import"
    default_message = "Nothing is lost. The files are sent to the repository once more."


class Busy(Unavailable):
    """A limit is reached; come back later."""

    code = "busy"
    title = "Too busy right now"
    default_message = "The request was not taken. It is tried again in a moment."


class Denied(TransferAppError):
    """The caller may not do this."""

    code = "denied"
    title = "Not allowed"
    default_message = "Ask the owner of the data or your administrator for permission."


class SignInFailed(Denied):
    """User name or password is wrong, or the account is closed."""

    code = "sign-in-failed"
    title = "Sign-in failed"
    default_message = "User name or password is not right. Check both, also the Caps Lock key."


class GrantRefused(Denied):
    """A token is unknown, expired, revoked, or does not cover this."""

    code = "grant-refused"
    title = "This permission is no longer valid"
    default_message = "Sign in again. A transfer of yours can then be continued."


class PermissionDenied(Denied):
    """The repository's permissions forbid it."""

    code = "permission-denied"
    title = "No permission in the image repository"
    default_message = "Choose a target that you may write to, or ask the owner of the group."


class SignedUrlEnded(Denied):
    """A signed URL had its time, or the session that made it is over."""

    code = "signed-url-ended"
    title = "This address has ended"
    default_message = "It had its time, or its session was signed out. Ask for a new one."


class QuotaExceeded(Denied):
    """What a person may keep at a place is used up."""

    code = "quota-exceeded"
    title = "Your room at this place is used up"


class NotFound(TransferAppError):
    """The thing asked for does not exist, or is not visible to the caller."""

    code = "not-found"
    title = "Not found"
    default_message = "It may have been deleted meanwhile. Check what is there now."


class TargetNotFound(NotFound):
    """The container, or the place of an export, does not exist, or not any more."""

    code = "target-not-found"
    title = "The target does not exist"
    default_message = "Choose another target. Your files are safe."


class ImageNotFound(NotFound):
    """No such image for this user."""

    code = "image-not-found"
    title = "Image not found"


class TransferNotFound(NotFound):
    """No such transfer for this user."""

    code = "transfer-not-found"
    title = "Transfer not found"


class NoSuchFile(NotFound):
    """No such file or upload."""

    code = "file-not-found"
    title = "File not found"


class Conflict(TransferAppError):
    """The state of things forbids it now."""

    code = "conflict"
    title = "Not possible in this state"
    default_message = "Check what is there now, then try again."


class NameTaken(Conflict):
    """A thing of this name is already there."""

    code = "name-taken"
    title = "This name is already used"
    default_message = "Choose another name."


class OffsetMismatch(Conflict):
    """An upload's part does not start where the server's bytes end."""

    code = "offset-mismatch"
    title = "The upload has moved on"
    default_message = "Ask the server for the offset and continue from there."


class StateConflict(Conflict):
    """The transfer or task is not in a state that allows this."""

    code = "state-conflict"


class Invalid(TransferAppError):
    """The input is wrong; retrying cannot help."""

    code = "invalid"
    title = "This is not right"
    default_message = "Correct the input and try again."


class SettingsInvalid(Invalid):
    """A setting is missing or has a wrong value."""

    code = "settings-invalid"
    title = "A setting is wrong"


class ReceiptKeyUnknown(Invalid):
    """A receipt names a key that is not known here: nothing is proven by it, or against it."""

    code = "receipt-key-unknown"
    title = "The key of this receipt is not known here"
    default_message = "Sign in to the server that made it, or give its keys with --keys."


class SourceProblem(Invalid):
    """Something is wrong with a file on the workstation."""

    code = "source-problem"
    title = "There is a problem with this file"


class UnsupportedFile(SourceProblem):
    """No reader knows this format."""

    code = "unsupported-file"
    title = "This format is not supported"
    default_message = "Export it from the microscope software as OME-TIFF, then import that."


class EmptyFile(SourceProblem):
    """The file has no bytes."""

    code = "empty-file"
    title = "The file is empty"
    default_message = "Save it again in the microscope software, then retry."


class DamagedFile(SourceProblem):
    """The file is cut short or its structure is broken."""

    code = "damaged-file"
    title = "The file is damaged or incomplete"
    default_message = "Copy or export it again from the microscope software, then retry."


class UnreadableFile(SourceProblem):
    """The operating system does not let us read it."""

    code = "unreadable-file"
    title = "The file cannot be read"
    default_message = "Check that your account may read the file, then retry."


class VanishedFile(SourceProblem):
    """The file was there and is gone."""

    code = "vanished-file"
    title = "The file is gone"
    default_message = "Put it back in its place, or remove it from the import, then retry."


class ChangedFile(SourceProblem):
    """The file changed while it was read."""

    code = "changed-file"
    title = "The file is still changing"
    default_message = "Wait until the acquisition has finished, then retry."


class MissingCompanion(SourceProblem):
    """A file of a multi-file image is missing."""

    code = "missing-companion"
    title = "A file that belongs to this image is missing"
    default_message = "Add the missing file to the folder, then drop the folder again."


class NameNotAllowed(SourceProblem):
    """The path is too long or has characters that cannot be stored."""

    code = "name-not-allowed"
    title = "This file name cannot be stored"
    default_message = "Shorten or rename the file or its folder, then retry."


class LinkLoop(SourceProblem):
    """A symbolic link leads back to itself."""

    code = "link-loop"
    title = "A link leads back to its own folder"
    default_message = "The link was left out. Remove it, or drop the real folder."


class Corrupt(TransferAppError):
    """Bytes are not what they should be."""

    code = "corrupt"
    title = "The data is damaged"
    default_message = "The damaged copy was set aside; the source was not touched. Retry."


class ChecksumMismatch(Corrupt):
    """A checksum does not match after transport or storage."""

    code = "checksum-mismatch"
    title = "The checksum does not match"
    retryable = True
    default_message = "The bytes were damaged on the way; they are sent again."


class DamagedReceipt(Corrupt):
    """A receipt is not as it was signed, or no receipt at all."""

    code = "damaged-receipt"
    title = "This receipt is not valid"
    default_message = "It was cut short or changed. Do not rely on it; save it anew."


class Cancelled(TransferAppError):
    """A person stopped it."""

    code = "cancelled"
    title = "Cancelled"
    default_message = "It was stopped on request."


class CommandFailed(TransferAppError):
    """A command of the facility failed, took too long or was interrupted."""

    code = "command-failed"
    title = "The command did not end well"
    default_message = "Its output says why. Mend the cause, then run it again."


class ViewerUnavailable(TransferAppError):
    """napari cannot run on this computer."""

    code = "viewer-unavailable"
    title = "The large viewer cannot run here"
    default_message = "It needs OpenGL graphics. The preview inside the window does without."


class Internal(TransferAppError):
    """A defect of ours, or an exception that no adapter translated."""

    code = "internal"
    title = "TransferApp made a mistake"
    default_message = "Nothing was deleted. Tell your administrator when: the log has it."
