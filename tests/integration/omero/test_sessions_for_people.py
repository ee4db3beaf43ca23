"""Sessions for people, against the sandbox: minted, renewed, refused, never told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_env import (
    adapter,
    populate,
    settings_for,
    start_sandbox,
)
from tests.support.omero_fixtures import omero
from transferapp.errors import (
    PermissionDenied,
    RepositoryUnavailable,
    SessionLost,
    SettingsInvalid,
    SignInFailed,
)
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.repositories.omero.sessions.gateway import Gateway
from transferapp.repositories.omero.settings import OmeroSettings
from transferapp.repositories.port import HealthState
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import ALICE, BOB, PASSWORD, new_dataset

__all__ = ["omero"]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), ("tcp", "ssl")) as started:
        populate(started)
        yield started


def open_sessions(sandbox: RunningSandbox, user: str) -> list[Any]:
    return [name for name in sandbox.control("sessions")["users"] if name == user]


async def test_session_is_minted_through_sudo(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    async with omero.session(ALICE) as session:
        dataset = await new_dataset(session)
        assert dataset.owner == ALICE
        assert open_sessions(sandbox, ALICE) == [ALICE]
        assert open_sessions(sandbox, "importer") == ["importer"]


async def test_password_check_leaves_no_session(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    await omero.sign_in(BOB, PASSWORD)
    assert open_sessions(sandbox, BOB) == []


async def test_close_leaves_no_session(sandbox: RunningSandbox, tmp_path: Path) -> None:
    repository = adapter(settings_for(sandbox, tmp_path))
    async with repository.session(BOB):
        assert len(open_sessions(sandbox, BOB)) == 1
    await repository.close()
    assert open_sessions(sandbox, BOB) == []
    assert open_sessions(sandbox, "importer") == []


@pytest.mark.parametrize("user", [ALICE, "importer"])
async def test_ended_session_is_replaced(
    sandbox: RunningSandbox, omero: OmeroRepository, user: str
) -> None:
    async with omero.session(ALICE) as session:
        dataset = await new_dataset(session)
    sandbox.control("close_sessions", user=user)
    async with omero.session(ALICE) as session:
        assert (await session.containers.get(dataset.ref)).name == dataset.name


async def test_minted_session_that_ends_before_it_is_joined_is_retryable(
    sandbox: RunningSandbox, omero: OmeroRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OMERO says "wrong password" then, which would end a queued import for good."""
    join = Gateway.join

    def late(settings: OmeroSettings, session_key: str) -> Gateway:
        sandbox.control("close_sessions", user=ALICE)
        return join(settings, session_key)

    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "join", late)
        with pytest.raises(SessionLost):
            async with omero.session(ALICE):
                pass
    async with omero.session(ALICE) as session:
        assert session.identity.experimenter.username == ALICE


async def test_session_that_ends_in_use_is_retryable(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    async with omero.session(ALICE) as session:
        dataset = await new_dataset(session)
        sandbox.control("close_sessions", user=ALICE)
        with pytest.raises(RepositoryUnavailable):
            await session.containers.get(dataset.ref)
    async with omero.session(ALICE) as session:
        assert (await session.containers.get(dataset.ref)).ref == dataset.ref


async def test_sandbox_restarted_in_between(sandbox: RunningSandbox, tmp_path: Path) -> None:
    repository = adapter(settings_for(sandbox, tmp_path))
    async with repository.session(ALICE) as session:
        dataset = await new_dataset(session)
    sandbox.kill()
    with pytest.raises(RepositoryUnavailable):
        async with repository.session(ALICE):
            pass
    health = await repository.health()
    assert health.state is HealthState.UNREACHABLE
    sandbox.start()
    async with repository.session(ALICE) as session:
        assert (await session.containers.get(dataset.ref)).ref == dataset.ref
    await repository.close()


async def test_no_secret_is_reported(
    sandbox: RunningSandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = settings_for(sandbox, tmp_path)
    repository = adapter(settings)
    with structlog.testing.capture_logs() as reported:
        async with repository.session(ALICE) as session:
            held = repository._pool._held.values()
            keys = [one.gateway._client.getSessionId() for one in held]
            sandbox.control("close_sessions", user=ALICE)
            with pytest.raises(RepositoryUnavailable) as caught:
                await session.containers.children(None)
        await repository.close()
    text = f"{reported} {caplog.text} {caught.value} {settings!r}"
    assert reported
    assert len(keys) == 2
    for secret in (PASSWORD, *keys):
        assert secret not in text


async def test_without_importer_the_signed_in_session_is_kept(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    repository = adapter(settings_for(sandbox, tmp_path, importer=""))
    with pytest.raises(PermissionDenied, match="Sign in to TransferApp again"):
        await repository.identity(ALICE)
    await repository.sign_in(ALICE, PASSWORD)
    async with repository.session(ALICE) as session:
        assert session.identity.experimenter.username == ALICE
    await repository.close()
    assert open_sessions(sandbox, ALICE) == []


async def test_importer_must_hold_sudo(sandbox: RunningSandbox, tmp_path: Path) -> None:
    repository = adapter(settings_for(sandbox, tmp_path, importer=BOB))
    with pytest.raises(SettingsInvalid, match="grant-importer"):
        await repository.identity(ALICE)
    await repository.close()


async def test_importer_with_wrong_password_is_a_setting(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    settings = settings_for(sandbox, tmp_path)
    assert settings.importer_password_file is not None
    settings.importer_password_file.write_text("not it", encoding="utf-8")
    repository = adapter(settings)
    with pytest.raises(SettingsInvalid, match="Check its password"):
        await repository.identity(ALICE)
    await repository.close()


async def test_closed_account_is_refused(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    sandbox.control("add_user", name="carol", password=PASSWORD, groups=["lab"])
    assert (await omero.identity("carol")).experimenter.username == "carol"
    sandbox.control("leave_group", name="carol", group="user")
    with pytest.raises(PermissionDenied, match="closed"):
        await omero.identity("carol")
    with pytest.raises((SignInFailed, PermissionDenied)):
        await omero.sign_in("carol", PASSWORD)


@pytest.mark.parametrize(
    ("username", "text"),
    [
        ("nobody", "does not know the user 'nobody'. Check how the name is written"),
        ("guest", "is for guests: it owns no images. Choose the account of a person"),
    ],
)
async def test_who_was_never_there_is_not_told_of_as_gone(
    omero: OmeroRepository, username: str, text: str
) -> None:
    with pytest.raises(PermissionDenied) as caught:
        await omero.identity(username)
    assert text in caught.value.message
    for old in ("any more", "Retry"):
        assert old not in caught.value.message


async def test_a_group_of_omeros_own_takes_no_images(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    """It is the default group of ``root``, who may be in no other."""
    root = await omero.identity("root")
    with pytest.raises(PermissionDenied, match="OMERO's own group 'system' takes no images"):
        async with omero.session("root", root.default_group_id):
            pass
    sandbox.control("add_user", name="erin", password=PASSWORD, groups=["lab"])
    lab = (await omero.identity("erin")).default_group_id
    sandbox.control("leave_group", name="erin", group="lab")
    with pytest.raises(PermissionDenied, match="'erin' is not a member of this group: 'lab'"):
        async with omero.session("erin", lab):
            pass


async def test_unknown_certificate_is_refused(sandbox: RunningSandbox, tmp_path: Path) -> None:
    trusting = settings_for(sandbox, tmp_path, "ssl")
    repository = adapter(trusting.model_copy(update={"ca_file": None}))
    health = await repository.health()
    assert health.state is HealthState.UNREACHABLE
    assert "certificate" in health.detail
    await repository.close()
    unverified = adapter(trusting.model_copy(update={"ca_file": None, "verify_tls": False}))
    assert (await unverified.health()).state is HealthState.PROGRESSING
    await unverified.close()


async def test_frozen_server_is_reported(
    sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferapp.repositories.omero.sessions.health._LIMIT_S", 0.3)
    repository = adapter(settings_for(sandbox, tmp_path))
    sandbox.control("freeze")
    try:
        assert (await repository.health()).state is HealthState.UNREACHABLE
    finally:
        sandbox.control("thaw")
    assert (await repository.health()).state is HealthState.PROGRESSING
    await repository.close()
