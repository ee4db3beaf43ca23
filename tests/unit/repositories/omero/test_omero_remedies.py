"""Every error name of OMERO and Ice becomes a sentence that says what to do."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_failures import failures
from transferapp import errors
from transferapp.repositories.omero.errors import (
    _TRANSLATIONS,
    kept_back,
    translation,
)
from transferapp.repositories.omero.ice_imports import Ice, omero
from transferapp.repositories.omero.import_failures import (
    _BY_CLASS,
    _BY_NAME,
    _ELSE_BY_NAME,
    import_failure,
)

STATED = "said by OMERO"
#: What a person may do, or that nothing needs to be done.
REMEDY = re.compile(
    r"\b(Ask|Check|Choose|Change|Rename|Shorten|Add|Refresh|Show|Set|Export|Copy|send this"
    r"|show this|tell your|sent again|continues|tried again)\b"
)
TRANSLATED = [kind for kind, _ in _TRANSLATIONS]


def _subclasses(base: type) -> list[type]:
    found: list[type] = list(base.__subclasses__())
    return found + [deeper for one in found for deeper in _subclasses(one)]


def _made(cls: Any) -> Exception:
    """Make one as the wire does: OMERO's with its own words."""
    error: Exception = cls()
    if hasattr(error, "message"):
        vars(error)["message"] = STATED
    elif hasattr(error, "reason"):
        vars(error)["reason"] = STATED
    return error


@pytest.mark.parametrize("cls", TRANSLATED, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_each_translated_name_has_a_remedy(cls: type[Exception]) -> None:
    reported = translation(_made(cls))
    assert type(reported) is not errors.TransferAppError
    assert REMEDY.search(reported.message), reported.message


@pytest.mark.parametrize(
    "cls", _subclasses(omero.ServerError), ids=lambda cls: f"{cls.__module__}.{cls.__name__}"
)
def test_each_server_error_of_omero_has_a_remedy(cls: type[Exception]) -> None:
    reported = translation(_made(cls))
    assert REMEDY.search(reported.message), reported.message
    is_unforeseen = next(kind for kind in TRANSLATED if issubclass(cls, kind))
    if is_unforeseen is omero.ServerError:
        assert cls.__name__ in reported.message
        assert STATED in reported.message


def test_no_local_exception_of_ice_is_left_out() -> None:
    local = [cls for cls in _subclasses(Ice.LocalException) if inspect.isclass(cls)]
    assert len(local) > 40
    for cls in local:
        reported = translation(_made(cls))
        assert REMEDY.search(reported.message), f"{cls.__name__}: {reported.message}"


def test_unknown_names_are_kept_in_the_text() -> None:
    class StrangeException(omero.ServerError):  # type: ignore[misc]  # omero-py is not typed
        pass

    reported = translation(StrangeException(None, None, STATED))
    assert type(reported) is errors.RepositoryUnavailable
    assert "StrangeException" in reported.message
    assert STATED in reported.message
    local = translation(_made(Ice.OperationNotExistException))
    assert "OperationNotExistException" in local.message


@pytest.mark.parametrize("cls", sorted(_BY_CLASS))
def test_each_failure_of_an_import_has_a_remedy(cls: str) -> None:
    reported = import_failure(
        "import-request-failure", {"message": STATED, "stacktrace": f"{cls}: {STATED}\n"}
    )
    assert type(reported) is _BY_CLASS[cls]
    assert REMEDY.search(reported.message), reported.message
    assert STATED in reported.message


@pytest.mark.parametrize("name", sorted({**_BY_NAME, **_ELSE_BY_NAME}))
def test_each_name_of_a_failure_has_a_remedy(name: str) -> None:
    reported = import_failure(name, {})
    assert type(reported) is {**_BY_NAME, **_ELSE_BY_NAME}[name]
    assert REMEDY.search(reported.message), reported.message
    assert f"OMERO says: {name}" in reported.message
    assert name in {row.name for row in failures()}, "docs/omero.md has it, too"


def test_an_unknown_failure_of_an_import_keeps_its_name() -> None:
    reported = import_failure("strange-failure", {"message": STATED})
    assert type(reported) is errors.Invalid
    assert f"strange-failure: {STATED}" in reported.message
    assert "Show this message to your OMERO administrator" in reported.message


def test_a_refused_download_reports_the_setting() -> None:
    violation = omero.SecurityViolation(None, None, STATED)
    reported = kept_back(violation)
    assert type(reported) is errors.PermissionDenied
    assert "omero.policy.binary_access" in reported.message
    assert STATED in reported.message
    plain = translation(violation)
    assert "omero.policy" not in plain.message
