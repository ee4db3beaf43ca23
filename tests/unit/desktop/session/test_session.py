"""The session: signing in and out, continuing, outages, events exactly once."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import httpx
import keyring.errors
import pytest

from tests.support.image_env import URL, ImageEnv, MemoryVault, until
from transferapp import errors
from transferapp.desktop.session.presenter import Connection, normal_url
from transferapp.desktop.session.remembered import DesktopSettings, ServerProfile, SettingsFile
from transferapp.host.backoff import Backoff
from transferapp.host.credentials import Kept
from transferapp.model.events import Event, EventKind


async def test_signs_in_and_remembers_the_server_but_never_the_password(tmp_path: Path) -> None:
    env, vault = ImageEnv(), MemoryVault()
    session = env.session(tmp_path, vault)
    keeping = await session.sign_in(URL, "anna", "pipette", remember=True)
    assert keeping is not None
    assert keeping.where is Kept.KEYRING
    assert session.signed_in
    assert session.owner == f"anna@{URL}"
    assert session.connection is Connection.ONLINE
    assert list(vault.kept.values()) == [session.server.token]
    written = (tmp_path / "desktop.ini").read_text()
    assert "anna" in written
    assert "pipette" not in written
    assert str(session.server.token) not in written
    await session.close()


async def test_wrong_password_leaves_nobody_signed_in(tmp_path: Path) -> None:
    session = ImageEnv().session(tmp_path)
    with pytest.raises(errors.SignInFailed):
        await session.sign_in(URL, "anna", "pipet", remember=True)
    assert not session.signed_in
    with pytest.raises(errors.Denied, match="Sign in first"):
        _ = session.server


async def test_a_password_is_never_sent_to_something_else(tmp_path: Path) -> None:
    env = ImageEnv()
    env.answer = lambda _request: httpx.Response(404, text="nginx")
    with pytest.raises(errors.SettingsInvalid, match="Something other"):
        await env.session(tmp_path).sign_in(URL, "anna", "pipette", remember=True)
    assert env.requests == ["GET /v1/server"]


async def test_continues_the_kept_session(tmp_path: Path) -> None:
    env, vault = ImageEnv(), MemoryVault()
    first = env.session(tmp_path, vault)
    await first.sign_in(URL, "anna", "pipette", remember=True)
    await first.close()
    second = env.session(tmp_path, vault)
    assert await second.resume()
    assert second.username == "anna"
    await second.close()


async def test_an_ended_session_is_forgotten(tmp_path: Path) -> None:
    env, vault = ImageEnv(), MemoryVault()
    first = env.session(tmp_path, vault)
    await first.sign_in(URL, "anna", "pipette", remember=True)
    await first.close()
    env.tokens.clear()
    second = env.session(tmp_path, vault)
    assert not await second.resume()
    assert vault.kept == {}


async def test_an_outage_at_start_keeps_the_token(tmp_path: Path) -> None:
    env, vault = ImageEnv(), MemoryVault()
    first = env.session(tmp_path, vault)
    await first.sign_in(URL, "anna", "pipette", remember=True)
    await first.close()
    env.down = True
    second = env.session(tmp_path, vault)
    with pytest.raises(errors.ServerUnreachable):
        await second.resume()
    assert len(vault.kept) == 1


async def test_without_remembering_nothing_is_kept(tmp_path: Path) -> None:
    env, vault = ImageEnv(), MemoryVault()
    session = env.session(tmp_path, vault)
    assert await session.sign_in(URL, "anna", "pipette", remember=False) is None
    assert vault.kept == {}
    await session.close()


async def test_a_locked_keyring_is_stated_and_does_not_hinder(tmp_path: Path) -> None:
    vault = MemoryVault(keyring.errors.KeyringLocked("locked"))
    session = ImageEnv().session(tmp_path, vault)
    keeping = await session.sign_in(URL, "anna", "pipette", remember=True)
    assert keeping is not None
    assert keeping.where is Kept.MEMORY
    assert "locked" in keeping.reason
    assert session.signed_in
    await session.close()


async def test_signing_out_revokes_the_token(tmp_path: Path) -> None:
    env, vault = ImageEnv(), MemoryVault()
    session = env.session(tmp_path, vault)
    await session.sign_in(URL, "anna", "pipette", remember=True)
    token = session.server.token
    await session.sign_out()
    assert token not in env.tokens
    assert vault.kept == {}
    assert session.connection is Connection.SIGNED_OUT
    assert session.owner == ""


async def test_signing_out_works_while_the_server_is_away(tmp_path: Path) -> None:
    env = ImageEnv()
    session = await env.signed_in(tmp_path)
    env.down = True
    await session.sign_out()
    assert not session.signed_in


async def test_events_come_once_and_in_order_through_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferapp.client.events.RECONNECTS", Backoff(0.01, 0.01))
    env = ImageEnv()
    session = await env.signed_in(tmp_path)
    seen: list[int] = []
    states: list[Connection] = []
    session.events.listen(lambda event: seen.append(event.id))
    session.changed.listen(lambda: states.append(session.connection))
    await until(lambda: session.settings.seen_events)
    env.report(EventKind.ITEM_CHANGED)
    await until(lambda: seen == [1])
    env.go_down()
    await until(lambda: session.connection is Connection.OFFLINE)
    env.report(EventKind.TRANSFER_ENDED)
    env.down = False
    await until(lambda: seen == [1, 2])
    assert session.connection is Connection.ONLINE
    assert states[-2:] == [Connection.OFFLINE, Connection.ONLINE]
    await session.close()


async def test_a_revoked_session_signs_out_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferapp.client.events.RECONNECTS", Backoff(0.01, 0.01))
    env = ImageEnv()
    session = await env.signed_in(tmp_path)
    await until(lambda: session.settings.seen_events)
    env.tokens.clear()
    env.go_down()
    await until(lambda: session.connection is Connection.OFFLINE)
    env.down = False
    await until(lambda: not session.signed_in)
    assert isinstance(session.trouble, errors.GrantRefused)


async def test_the_place_in_the_events_is_kept_from_the_first_time(
    tmp_path: Path,
) -> None:
    env = ImageEnv()
    env.report(EventKind.TRANSFER_ENDED)  # Before she ever was here: no news for her.
    session = await env.signed_in(tmp_path)
    await until(lambda: session.settings.seen_events)
    await until(lambda: "= 1" in (tmp_path / "desktop.ini").read_text())
    await session.close()
    env.report(EventKind.TRANSFER_ENDED)
    again = env.session(tmp_path)
    seen: list[int] = []
    again.events.listen(lambda event: seen.append(event.id))
    await again.sign_in(URL, "anna", "pipette", remember=False)
    await until(lambda: seen == [2])
    await again.close()


async def test_what_was_missed_for_good_is_stated_once(tmp_path: Path) -> None:
    """Also on this computer's next start nothing is missed again."""
    env = ImageEnv()
    session = await env.signed_in(tmp_path)
    await until(lambda: "= 0" in (tmp_path / "desktop.ini").read_text())
    await session.close()
    for _ in range(5):
        env.report(EventKind.TRANSFER_ENDED)
    env.kept_from = 4
    for expected in (["missed", 4, 5], [4, 5]):
        again = env.session(tmp_path)
        heard: list[str | int] = []
        again.missed.listen(partial(heard.append, "missed"))
        again.events.listen(partial(_note, heard))
        await again.sign_in(URL, "anna", "pipette", remember=False)
        await until(partial(_ends_with_five, heard))
        await until(lambda: "= 3" in (tmp_path / "desktop.ini").read_text())
        assert (heard, again.trouble) == (expected, None)
        await again.close()


def _note(heard: list[str | int], event: Event) -> None:
    heard.append(event.id)


def _ends_with_five(heard: list[str | int]) -> bool:
    return heard[-1:] == [5]


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (" https://images.example.org/ ", "https://images.example.org"),
        ("images.example.org", "https://images.example.org"),
        ("localhost:8470", "http://localhost:8470"),
        ("127.0.0.1:8470", "http://127.0.0.1:8470"),
    ],
)
def test_addresses_are_completed(typed: str, url: str) -> None:
    assert normal_url(typed) == url


@pytest.mark.parametrize("typed", ["", "https://", "ftp://images", "http://a:port"])
def test_what_is_no_address_is_stated(typed: str) -> None:
    with pytest.raises(errors.SettingsInvalid, match="https://"):
        normal_url(typed)


def test_settings_survive_and_a_damaged_file_gives_defaults(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "config" / "desktop.ini")
    assert file.load() == DesktopSettings()
    requested = (
        DesktopSettings(notifications=False, export_folder="/data/50 % done = yes")
        .with_profile(ServerProfile("http://a", "anna"))
        .with_profile(ServerProfile("http://b", "Björn"))
        .with_seen("Björn@http://b", 7)
    )
    file.save(requested)
    assert file.load() == requested
    assert [p.url for p in requested.profiles] == ["http://b", "http://a"]
    assert requested.with_seen("Björn@http://b", 3) == requested
    (tmp_path / "config" / "desktop.ini").write_bytes(b"[desktop\nnotifications = \xff")
    assert file.load() == DesktopSettings()
    (tmp_path / "config" / "desktop.ini").write_text("[desktop]\nnotifications = perhaps\n")
    assert file.load() == DesktopSettings()


def test_a_power_cut_while_saving_leaves_the_old_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SettingsFile(tmp_path / "desktop.ini")
    file.save(DesktopSettings(export_folder="/old"))

    def cut(_handle: int) -> None:
        raise OSError("no power")

    monkeypatch.setattr("os.fsync", cut)
    with pytest.raises(OSError, match="no power"):
        file.save(DesktopSettings(export_folder="/new"))
    assert file.load().export_folder == "/old"
