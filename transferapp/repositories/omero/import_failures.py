"""What it means that OMERO ends an import with ERR: by OMERO's own names and classes.

OMERO sends a name (``import-missing-library``), what the exception says, and Java's whole
stack trace. Only the classes in it are looked at, never its words: every trace has
``Ice.ConnectionI`` among its frames, whatever went wrong. docs/omero.md has the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from transferapp.errors import (
    ChecksumMismatch,
    DamagedFile,
    Invalid,
    MissingCompanion,
    NameNotAllowed,
    PermissionDenied,
    RepositoryUnavailable,
    StorageFull,
    TargetNotFound,
    TransferAppError,
    UnsupportedFile,
)
from transferapp.repositories.omero.full_disk import no_space
from transferapp.repositories.omero.ice_imports import Ice, omero

#: A trace begins with the exception; the others are its causes. Ice prints the fields of
#: OMERO's exceptions, and with them the server's class and its trace.
_THROWN = re.compile(
    r"""(?:\A|^Caused\ by:\ |^\s+server(?:StackTrace|ExceptionClass)\ =\ ")
        (?P<name>[\w$]+(?:\.[\w$]+)+)(?=["\s:]|\Z)(?::\ (?P<message>.*))?""",
    re.MULTILINE | re.VERBOSE,
)

#: Names that say all; what OMERO adds is for the administrator.
_BY_NAME: dict[str, type[TransferAppError]] = {
    "import-missing-library": UnsupportedFile,
    "import-unknown-format": UnsupportedFile,
    # Somebody or a session that ended stopped it; the files are there and are used again.
    "cancel-called": RepositoryUnavailable,
    "not-ready": RepositoryUnavailable,
}
#: What is meant where no class of the trace is known.
_ELSE_BY_NAME: dict[str, type[TransferAppError]] = {"import-file-exception": DamagedFile}
#: While OMERO opens the files it reads nothing else; later it reads and writes its own, too.
_OPENING, _READING = "error-on-init", "java.io."

#: Java's classes, the outermost that is known counts.
_BY_CLASS: dict[str, type[TransferAppError]] = {
    "loci.formats.MissingLibraryException": UnsupportedFile,
    "loci.formats.UnknownFormatException": UnsupportedFile,
    "loci.formats.UnsupportedCompressionException": UnsupportedFile,
    "loci.formats.FormatException": DamagedFile,
    "java.io.EOFException": DamagedFile,
    "java.nio.file.NoSuchFileException": MissingCompanion,
    "org.hibernate.ObjectNotFoundException": TargetNotFound,
    **dict.fromkeys(
        (
            "java.net.ConnectException",
            "java.net.NoRouteToHostException",
            "java.net.SocketException",
            "java.net.SocketTimeoutException",
            "java.net.UnknownHostException",
            "java.sql.SQLRecoverableException",
            "java.sql.SQLTransientConnectionException",
            "java.sql.SQLTransientException",
            "ome.conditions.SessionTimeoutException",
            "org.hibernate.exception.JDBCConnectionException",
            "org.hibernate.exception.LockAcquisitionException",
            "org.springframework.dao.CannotAcquireLockException",
            "org.springframework.dao.DeadlockLoserDataAccessException",
            "org.springframework.jdbc.CannotGetJdbcConnectionException",
            "org.springframework.transaction.CannotCreateTransactionException",
        ),
        RepositoryUnavailable,
    ),
}
_SENTENCES: dict[type[TransferAppError], str] = {
    Invalid: "OMERO could not import this. Show this message to your OMERO administrator.",
    RepositoryUnavailable: "OMERO ended the import. Nothing is lost; it is tried again.",
    PermissionDenied: (
        "Your OMERO account may not do this. Ask the owner of the data or of the group."
    ),
    ChecksumMismatch: "OMERO holds other bytes than were sent; they are sent again.",
}
_NOT_FOUND = "no row with the given identifier"


def _with_subclasses(bases: Iterable[type]) -> Iterator[type]:
    for base in bases:
        yield base
        yield from _with_subclasses(base.__subclasses__())


def _spellings(cls: type) -> Iterator[str]:
    """OMERO's exceptions have one class for its clients and one inside the server."""
    yield f"{cls.__module__}.{cls.__name__}"
    if cls.__module__ == "omero":
        yield f"ome.conditions.{cls.__name__}"


def _add(kind: type[TransferAppError], *bases: type) -> None:
    for cls in _with_subclasses(bases):
        for name in _spellings(cls):
            _BY_CLASS.setdefault(name, kind)


_add(PermissionDenied, omero.SecurityViolation)
_add(ChecksumMismatch, omero.ChecksumValidationException)
_add(NameNotAllowed, omero.FilePathNamingException)
_add(Invalid, omero.ValidationException, omero.ApiUsageException)
_add(
    RepositoryUnavailable,
    omero.ConcurrencyException,
    omero.SessionException,
    omero.ShutdownInProgress,
    omero.NoProcessorAvailable,
    Ice.SocketException,
    Ice.TimeoutException,
    Ice.DNSException,
    Ice.CloseConnectionException,
    Ice.ForcedCloseConnectionException,
    Ice.CommunicatorDestroyedException,
    Ice.ObjectAdapterDeactivatedException,
    Ice.ObjectNotExistException,
)


def import_failure(name: str, parameters: Mapping[str, str]) -> TransferAppError:
    """Return the error for the ERR response of an import request."""
    message = _one_line(parameters.get("message", ""))
    stated = ": ".join(dict.fromkeys(term for term in (name, message) if term))
    kind = kind_of_thrown(parameters)
    if kind is not StorageFull:
        kind = _BY_NAME.get(name) or kind or _else(name, parameters)
    what = _SENTENCES.get(kind, kind.default_message)
    if full := no_space(*_messages(parameters)):
        what = f"{full}."
    if what in stated:
        return kind(f"OMERO says: {stated}")  # The same advice, once.
    return kind(f"{what} OMERO says: {stated}")


def kind_of_thrown(parameters: Mapping[str, str]) -> type[TransferAppError] | None:
    """Return what the exception behind any request's ERR means; None where none is known."""
    message = parameters.get("message", "")
    thrown = _thrown(parameters.get("stacktrace", ""))
    if no_space(*_messages(parameters)):
        return StorageFull
    kind = next((_BY_CLASS[cls] for cls, _ in thrown if cls in _BY_CLASS), None)
    if kind is Invalid and _NOT_FOUND in message.lower():
        # OMERO has no class for it: its ValidationException says no more than this.
        return TargetNotFound
    return kind


def _else(name: str, parameters: Mapping[str, str]) -> type[TransferAppError]:
    thrown = _thrown(parameters.get("stacktrace", ""))
    if name == _OPENING and any(cls.startswith(_READING) for cls, _ in thrown):
        return DamagedFile
    return _ELSE_BY_NAME.get(name, Invalid)


def _thrown(trace: str) -> Iterator[tuple[str, str]]:
    """Yield class and message of an exception and of its causes, the outermost first."""
    for found in _THROWN.finditer(trace):
        yield found["name"], found["message"] or ""


def _messages(parameters: Mapping[str, str]) -> Iterator[str]:
    """Yield the words of a failure and of its causes."""
    yield parameters.get("message", "")
    yield from (text for _, text in _thrown(parameters.get("stacktrace", "")))


def _one_line(text: str) -> str:
    return " ".join(text.split())
