from __future__ import annotations

import ssl

import httpx
import pydantic
import pytest

from transferapp import error_codes, errors
from transferapp.client.problems import raise_for_problem, translated
from transferapp.protocol.problems import to_problem


@pytest.mark.parametrize("cls", [cls for _, cls in sorted(error_codes.all_errors().items())])
def test_every_error_survives_the_wire(cls: type[errors.TransferAppError]) -> None:
    problem = to_problem(cls("what to do", retry_after_s=3))
    response = httpx.Response(problem.status, json=problem.model_dump())
    with pytest.raises(errors.TransferAppError) as caught:
        raise_for_problem(response)
    assert type(caught.value) is cls
    assert (caught.value.message, caught.value.retry_after_s) == ("what to do", 3)


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (401, errors.GrantRefused),
        (404, errors.NotFound),
        (413, errors.Invalid),
        (429, errors.Busy),
        (502, errors.ServerUnreachable),
        (507, errors.StorageFull),
    ],
)
def test_a_proxy_answers_without_a_problem(
    status: int, cls: type[errors.TransferAppError]
) -> None:
    response = httpx.Response(status, text="<h1>no</h1>", headers={"retry-after": "7"})
    with pytest.raises(errors.TransferAppError) as caught:
        raise_for_problem(response)
    assert type(caught.value) is cls
    assert caught.value.retry_after_s == 7


def test_a_code_of_a_newer_server_keeps_its_text() -> None:
    problem = to_problem(errors.Busy("wait")).model_copy(update={"code": "of-the-future"})
    response = httpx.Response(429, json=problem.model_dump())
    with pytest.raises(errors.Busy, match="wait"):
        raise_for_problem(response)


def test_good_answers_pass() -> None:
    for status in (200, 201, 204, 206, 304):
        assert raise_for_problem(httpx.Response(status)).status_code == status


@pytest.mark.parametrize(
    ("raised", "cls"),
    [
        (httpx.ConnectError("refused"), errors.ServerUnreachable),
        (httpx.ReadTimeout("slow"), errors.ServerUnreachable),
        (httpx.RemoteProtocolError("gone"), errors.ServerUnreachable),
        (httpx.UnsupportedProtocol("ftp"), errors.SettingsInvalid),
        (httpx.InvalidURL("?"), errors.SettingsInvalid),
    ],
)
def test_exceptions_become_ours(raised: Exception, cls: type[errors.TransferAppError]) -> None:
    with pytest.raises(errors.TransferAppError) as caught, translated():
        raise raised
    assert type(caught.value) is cls


def test_the_agent_has_its_own_text_for_silence() -> None:
    with pytest.raises(errors.AgentUnreachable), translated(errors.AgentUnreachable):
        raise httpx.ConnectError("no socket")


def test_who_took_the_request_is_not_looked_for_behind_a_cable() -> None:
    with pytest.raises(errors.ServerUnreachable) as caught, translated():
        raise httpx.ReadTimeout("slow")
    assert "did not answer in time" in caught.value.message
    assert "cable" not in caught.value.message


def test_an_untrusted_certificate_is_named() -> None:
    error = httpx.ConnectError("x")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    with pytest.raises(errors.ServerUnreachable, match="certificate"), translated():
        raise error


def test_answers_of_something_else() -> None:
    with pytest.raises(errors.ServerUnreachable, match="Something other"), translated():
        httpx.Response(200, text="<html>").json()
    with pytest.raises(errors.Internal, match="version"), translated():
        pydantic.TypeAdapter(int).validate_json(b'"x"')
