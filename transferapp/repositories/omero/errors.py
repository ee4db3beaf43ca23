"""Say in plain words what OMERO and Ice raise, and keep OMERO's own message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transferapp.errors import (
    Busy,
    ChecksumMismatch,
    Internal,
    Invalid,
    NameNotAllowed,
    NotFound,
    PermissionDenied,
    RepositoryUnavailable,
    SessionLost,
    SignInFailed,
    StorageFull,
    TransferAppError,
)
from transferapp.repositories.omero.full_disk import no_space
from transferapp.repositories.omero.ice_imports import Glacier2, Ice, omero

_GONE = ("no row with the given identifier", "is not available", "no such")


@contextmanager
def translated() -> Iterator[None]:
    """Let nothing of Ice or OMERO out; causes are kept for the log."""
    try:
        yield
    except (Ice.Exception, omero.ServerError, omero.ClientError) as error:
        raise translation(error) from error


def translation(error: Exception) -> TransferAppError:
    """Return the error of ours that tells a person what ``error`` means."""
    # By name: omero-py defines some of Glacier2's exceptions a second time.
    names = {_full_name(cls) for cls in type(error).__mro__}
    for kind, translate in _TRANSLATIONS:
        if _full_name(kind) in names:
            return translate(error)
    return RepositoryUnavailable(_message(_named("The call to OMERO failed", error), error))


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__name__}"


def message_of(error: Exception) -> str:
    """Return OMERO's own words, on one line."""
    sentence = getattr(error, "message", None) or getattr(error, "reason", None)
    return " ".join(str(sentence or type(error).__name__).split())


def _message(what: str, error: Exception) -> str:
    return f"{what}. OMERO says: {message_of(error)}"


def _named(what: str, error: Exception) -> str:
    """Keep the name of what nobody foresaw: an administrator can look for it."""
    return (
        f"{what} ({_full_name(type(error))}). Nothing is lost; it is tried again. If it stays"
        " so, send this to your OMERO administrator"
    )


def _full_or(
    other: Callable[[Exception], TransferAppError],
) -> Callable[[Exception], TransferAppError]:
    def translate(error: Exception) -> TransferAppError:
        if what := no_space(message_of(error)):
            return StorageFull(_message(what, error))
        return other(error)

    return translate


def _session_lost(_error: Exception) -> TransferAppError:
    # Its message names the session, which is as good as a password.
    return SessionLost()


def _expired(error: Exception) -> TransferAppError:
    return SignInFailed(
        _message("The password has expired. Change it in OMERO.web, then sign in", error)
    )


def _no_session(error: Exception) -> TransferAppError:
    what = "OMERO does not open a session now. Nothing is lost; it is tried again"
    return RepositoryUnavailable(_message(what, error))


def _concurrency(error: Exception) -> TransferAppError:
    wait_ms = getattr(error, "backOff", 0) or 0
    what = "OMERO is busy. Nothing is lost; it is tried again in a moment"
    return Busy(_message(what, error), retry_after_s=wait_ms / 1000 or None)


def _checksums(error: Exception) -> TransferAppError:
    count = len(getattr(error, "failingChecksums", None) or {})
    return ChecksumMismatch(
        f"OMERO holds other bytes than were sent ({count} files); they are sent again."
    )


def _validation(error: Exception) -> TransferAppError:
    if any(sentence in message_of(error).lower() for sentence in _GONE):
        what = (
            "OMERO does not have this any more, or you may not see it. Check what is there now"
        )
        return NotFound(_message(what, error))
    what = "OMERO refused the data. Show this message to your OMERO administrator"
    return Invalid(_message(what, error))


def kept_back(error: Exception, of_group: str = "") -> PermissionDenied:
    """Return what a SecurityViolation means that comes while a file is read; ``of_group`` is
    the policy of the file's group, in words.
    """
    return PermissionDenied(_message(f"{_KEPT}{of_group}", error))


def _server_error(error: Exception) -> TransferAppError:
    return RepositoryUnavailable(_message(_named("OMERO reports a problem", error), error))


def _tls(error: Exception) -> TransferAppError:
    return RepositoryUnavailable(
        "The TLS connection to OMERO was refused: its certificate is not trusted, or it has"
        " none. Set TRANSFERAPP_OMERO_CA_FILE, or see docs/omero.md for servers without a"
        f" certificate. Ice says: {message_of(error)}"
    )


def _omero_message(
    kind: type[TransferAppError], what: str
) -> Callable[[Exception], TransferAppError]:
    return lambda error: kind(_message(what, error))


def _plainly(
    kind: type[TransferAppError], sentence: str
) -> Callable[[Exception], TransferAppError]:
    return lambda _error: kind(sentence)


_FORBIDDEN = "Your OMERO account may not do this. Ask the owner of the data or of the group"
#: omero.policy.binary_access: by default, files of plates are not given out.
_KEPT = (
    "This OMERO server does not let these original files be downloaded, although you may see"
    " the images. Ask your OMERO administrator to allow it: the setting is"
    " omero.policy.binary_access (+plate for plates), of the server or of the group"
)
_AWAY = "OMERO does not answer. Nothing is lost; the work continues when it is back."
_SLOW = "OMERO took too long to answer. Nothing is lost; it is tried again."

#: The first that fits counts, so leaves come before their bases.
_TRANSLATIONS: tuple[tuple[type[Exception], Callable[[Exception], TransferAppError]], ...] = (
    (Glacier2.PermissionDeniedException, lambda _error: SignInFailed()),
    (omero.AuthenticationException, lambda _error: SignInFailed()),
    (omero.ExpiredCredentialException, _expired),
    (Glacier2.CannotCreateSessionException, _no_session),
    (Glacier2.SessionNotExistException, _session_lost),
    (omero.SessionException, _session_lost),
    (omero.ChecksumValidationException, _checksums),
    (
        omero.FilePathNamingException,
        _omero_message(
            NameNotAllowed,
            "OMERO cannot store this name. Rename the file or its folder, then import it again",
        ),
    ),
    (omero.SecurityViolation, _omero_message(PermissionDenied, _FORBIDDEN)),
    (omero.ConcurrencyException, _concurrency),
    (omero.ValidationException, _full_or(_validation)),
    (
        omero.ApiUsageException,
        _full_or(
            _omero_message(
                Internal,
                "OMERO did not accept a call. Nothing is lost; show this message to your"
                " administrator",
            )
        ),
    ),
    (omero.ServerError, _full_or(_server_error)),
    (Ice.ObjectNotExistException, _session_lost),
    (Ice.ConnectionLostException, _session_lost),
    (Ice.CommunicatorDestroyedException, _session_lost),
    (Ice.CloseConnectionException, _session_lost),
    (Ice.ForcedCloseConnectionException, _session_lost),
    (Ice.SecurityException, _tls),
    (Ice.PluginInitializationException, _tls),
    (Ice.ProtocolException, _tls),
    (Ice.TimeoutException, _plainly(RepositoryUnavailable, _SLOW)),
    (Ice.SocketException, _plainly(RepositoryUnavailable, _AWAY)),
    (
        Ice.DNSException,
        _plainly(
            RepositoryUnavailable,
            "The name of the OMERO server is not known to the network. Check"
            " TRANSFERAPP_OMERO_HOST.",
        ),
    ),
)
