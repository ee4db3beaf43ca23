"""Java's stack traces are read for classes, not for words."""

from __future__ import annotations

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from transferapp import errors
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
