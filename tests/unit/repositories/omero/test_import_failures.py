"""Java's stack traces are read for classes, not for words."""

from __future__ import annotations

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from transferapp import errors
from transferapp.repositories.omero.errors import translation
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.import_failures import import_failure

FRAMES = (
    "\tat loci.formats.FormatException.handle(FormatException.java:1)\n"
    "\tat ome.conditions.SecurityViolation.handle(SecurityViolation.java:1)\n"
    "\tat Ice.ConnectionLostException.handle(ConnectionLostException.java:1)\n"
    "\tat Ice.ConnectionI.dispatch(ConnectionI.java:1)\n"
)


def kind_of(trace: str, message: str = "said by OMERO") -> type[errors.TransferAppError]:
    parameters = {"message": message, "stacktrace": trace}
    return type(import_failure("import-request-failure", parameters))


def test_frames_say_nothing() -> None:
    assert kind_of(f"java.lang.IllegalStateException: bad\n{FRAMES}") is errors.Invalid


def test_words_of_a_message_say_nothing() -> None:
    stated = "the connection was cancelled by a java.io.EOFException"
    assert kind_of(f"java.lang.RuntimeException: {stated}\n{FRAMES}", stated) is errors.Invalid


def test_a_refusal_of_the_database_is_no_outage() -> None:
    trace = (
        'omero.ValidationException\n    serverStackTrace = "ome.conditions.ValidationException'
        f': could not insert\n{FRAMES}Caused by: java.net.SocketException: closed\n{FRAMES}"\n'
        '    serverExceptionClass = "ome.conditions.ValidationException"\n'
        '    message = "could not insert"\n' + FRAMES
    )
    assert kind_of(trace) is errors.Invalid


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        ("loci.formats.FormatException: Invalid IFD", errors.DamagedFile),
        ("ome.conditions.SecurityViolation", errors.PermissionDenied),
        ("org.hibernate.exception.JDBCConnectionException: x", errors.RepositoryUnavailable),
        ("java.io.IOException: No space left on device", errors.StorageFull),
        ("java.lang.NullPointerException", errors.Invalid),
    ],
)
def test_the_first_known_cause_counts(cause: str, kind: type[errors.TransferAppError]) -> None:
    trace = (
        f"java.lang.RuntimeException: wrapped\n{FRAMES}"
        f"Caused by: java.lang.reflect.InvocationTargetException\n{FRAMES}"
        f"Caused by: {cause}\n{FRAMES}\t... 12 more\n"
    )
    assert kind_of(trace) is kind


def test_the_server_class_counts_where_the_outer_one_is_not_known() -> None:
    trace = (
        'omero.ServerError\n    serverStackTrace = "ome.conditions.LockTimeout: busy\n'
        f'{FRAMES}"\n    serverExceptionClass = "ome.conditions.LockTimeout"\n'
    )
    assert kind_of(trace) is errors.RepositoryUnavailable


def test_what_omero_says_is_one_line() -> None:
    reported = import_failure("error-on-init", {"message": "one\n  two"})
    assert "OMERO says: error-on-init: one two" in reported.message


def test_advice_that_omero_passes_on_is_given_once() -> None:
    advice = errors.DamagedFile.default_message
    stated = f"'a.tif' is damaged or incomplete. {advice}"
    trace = f"loci.formats.FormatException: {stated}\n"
    reported = import_failure("error-on-init", {"message": stated, "stacktrace": trace})
    assert type(reported) is errors.DamagedFile
    assert reported.message == f"OMERO says: error-on-init: {stated}"


@pytest.mark.parametrize(
    ("message", "trace"),
    [
        ("Disk quota exceeded", ""),
        (
            "wrapped",
            "java.io.IOException: x\nCaused by: java.io.IOException: Disk quota exceeded\n",
        ),
    ],
)
def test_a_quota_is_not_called_a_full_disk(message: str, trace: str) -> None:
    parameters = {"message": message, "stacktrace": trace}
    reported = import_failure("import-request-failure", parameters)
    assert type(reported) is errors.StorageFull
    assert "quota of disk space that OMERO may use is used up" in reported.message
    assert "The disk of the OMERO server is full" not in reported.message
    other = translation(omero.ResourceError(None, None, "Disk quota exceeded"))
    assert "quota of disk space" in other.message


def test_a_full_disk_is_called_so() -> None:
    reported = import_failure("x", {"message": "No space left on device"})
    assert reported.message.startswith("The disk of the OMERO server is full.")
