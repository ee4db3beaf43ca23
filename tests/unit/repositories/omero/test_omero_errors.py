"""OMERO's exceptions in plain words, with its own words kept."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from transferapp import errors
from transferapp.repositories.omero.errors import (
    translated,
    translation,
)
from transferapp.repositories.omero.ice_imports import Glacier2, Ice, omero


def reported(cls: Any, message: str = "said by OMERO") -> Any:
    return cls(None, None, message)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Glacier2.PermissionDeniedException("no"), errors.SignInFailed),
        (Glacier2.CannotCreateSessionException("full"), errors.RepositoryUnavailable),
        (reported(omero.SecurityViolation), errors.PermissionDenied),
        (reported(omero.ValidationException), errors.Invalid),
        (
            reported(omero.ValidationException, "No row with the given identifier"),
            errors.NotFound,
        ),
        (reported(omero.ResourceError, "No space left on device"), errors.StorageFull),
        (reported(omero.ResourceError), errors.RepositoryUnavailable),
        (reported(omero.InternalException), errors.RepositoryUnavailable),
        (reported(omero.ApiUsageException), errors.Internal),
        (reported(omero.RemovedSessionException, "No context for a1b2"), errors.SessionLost),
        (Ice.ConnectionRefusedException(), errors.RepositoryUnavailable),
        (Ice.InvocationTimeoutException(), errors.RepositoryUnavailable),
        (Ice.ObjectNotExistException(), errors.SessionLost),
        (Ice.DNSException(), errors.RepositoryUnavailable),
    ],
)
def test_each_has_its_class(error: Exception, kind: type[Exception]) -> None:
    assert type(translation(error)) is kind


def test_omeros_own_text_are_kept() -> None:
    with pytest.raises(errors.PermissionDenied, match="said by OMERO") as caught, translated():
        raise reported(omero.SecurityViolation)
    assert isinstance(caught.value.__cause__, omero.SecurityViolation)


def test_a_session_key_is_never_reported() -> None:
    error = translation(reported(omero.RemovedSessionException, "No context for a1b2-c3"))
    assert "a1b2" not in error.message
    assert isinstance(error, errors.RepositoryUnavailable)


def test_busy_carries_the_request_to_wait() -> None:
    error = translation(omero.MissingPyramidException(None, None, "soon", 4000, 1))
    assert type(error) is errors.Busy
    assert error.retry_after_s == 4.0
