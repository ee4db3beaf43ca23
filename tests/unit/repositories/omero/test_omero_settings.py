"""Settings of the OMERO adapter: addresses, and secrets that stay where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferapp.errors import SettingsInvalid
from transferapp.host.clock import SystemClock
from transferapp.repositories.omero.sessions.password import CREDENTIAL, importer_password
from transferapp.repositories.omero.settings import InPlace, OmeroSettings
from transferapp.repositories.omero.wiring import open_omero_repository


@pytest.mark.parametrize(
    ("transport", "url"),
    [
        ("tcp", "tcp://omero:4063"),
        ("ssl", "ssl://omero:4064"),
        ("ws", "ws://omero:80/omero-ws"),
        ("wss", "wss://omero:443/omero-ws"),
    ],
)
def test_usual_ports(transport: str, url: str) -> None:
    assert OmeroSettings(host="omero", transport=transport).url == url


def test_tls_is_verified_unless_reported_otherwise() -> None:
    settings = OmeroSettings(host="omero")
    assert (settings.encrypted, settings.verify_tls) == (True, True)
    assert not settings.legacy_anonymous_tls


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "TRANSFERAPP_OMERO_HOST"),
        ({"host": "omero", "port": 70000}, "TRANSFERAPP_OMERO_PORT"),
        ({"host": "omero", "transport": "tcp", "ca_file": "ca.pem"}, "needs the transport"),
    ],
)
def test_wrong_settings_are_named(values: dict[str, object], text: str) -> None:
    with pytest.raises(SettingsInvalid, match=text):
        OmeroSettings(**values)


def test_in_place_is_off_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IN_PLACE", "MANAGED_REPOSITORY", "IN_PLACE_VAULT"):
        monkeypatch.setenv(f"TRANSFERAPP_OMERO_{name}", "")
    settings = OmeroSettings(host="omero")
    assert not settings.in_place
    assert settings.managed_repository is None


def test_in_place_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERAPP_OMERO_IN_PLACE", "symlink")
    monkeypatch.setenv("TRANSFERAPP_OMERO_MANAGED_REPOSITORY", str(tmp_path))
    monkeypatch.setenv("TRANSFERAPP_OMERO_IN_PLACE_VAULT", str(tmp_path))
    settings = OmeroSettings(host="omero")
    assert settings.in_place is InPlace.SYMLINK
    assert settings.managed_repository == settings.in_place_vault == tmp_path


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"in_place": "hardlink"}, "IN_PLACE needs TRANSFERAPP_OMERO_MANAGED_REPOSITORY"),
        ({"in_place": "copy", "managed_repository": "/"}, "OMERO_IN_PLACE: "),
        ({"in_place": "symlink", "managed_repository": "/"}, "needs .*_IN_PLACE_VAULT"),
        (
            {"in_place": "hardlink", "managed_repository": "/", "in_place_vault": "/"},
            "other values must not have it",
        ),
        ({"in_place": "hardlink", "managed_repository": "/no/such"}, "there is no folder"),
        ({"in_place": "hardlink", "managed_repository": "etc"}, "absolute path"),
        (
            {"in_place": "symlink", "managed_repository": "/", "in_place_vault": "/no/such"},
            "IN_PLACE_VAULT: there is no folder",
        ),
    ],
)
def test_wrong_in_place_settings_are_reported(values: dict[str, str], text: str) -> None:
    with pytest.raises(SettingsInvalid, match=text):
        OmeroSettings(host="omero", **values)


def test_unreadable_repository_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may read everything, so the answer of the system is given here.
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(SettingsInvalid, match="may not read"):
        OmeroSettings(host="omero", in_place="hardlink", managed_repository=tmp_path)


def test_no_host_is_reported_by_the_wiring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRANSFERAPP_OMERO_HOST", raising=False)
    with pytest.raises(SettingsInvalid, match="TRANSFERAPP_OMERO_HOST"):
        open_omero_repository(SystemClock(), Path("unused"))


def test_environment_cannot_carry_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERAPP_OMERO_IMPORTER_PASSWORD", "do-not-take-this")
    assert "do-not-take-this" not in repr(OmeroSettings(host="omero").model_dump())


def test_password_file_must_be_private(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush\n", encoding="utf-8")
    settings = OmeroSettings(host="omero", importer="i", importer_password_file=secret)
    secret.chmod(0o640)
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        importer_password(settings)
    secret.chmod(0o600)
    found = importer_password(settings)
    assert found.get_secret_value() == "hush"
    assert "hush" not in f"{found} {found!r} {settings!r}"


def test_empty_or_missing_password_file_is_reported(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    settings = OmeroSettings(host="omero", importer="i", importer_password_file=secret)
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        importer_password(settings)
    secret.touch(mode=0o600)
    with pytest.raises(SettingsInvalid, match="is empty"):
        importer_password(settings)


def test_systemd_credential_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / CREDENTIAL).write_text("from systemd", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    found = importer_password(OmeroSettings(host="omero", importer="i"))
    assert found.get_secret_value() == "from systemd"


@pytest.mark.parametrize(
    ("web", "page"),
    [
        ("", ""),
        ("https://omero.example.org", "https://omero.example.org/webclient/?show=image-{id}"),
        ("http://x:4080/omero/", "http://x:4080/omero/webclient/?show=image-{id}"),
    ],
)
def test_the_page_of_an_image_in_omero_web(web: str, page: str) -> None:
    assert OmeroSettings(host="omero", web=web).image_page == page


@pytest.mark.parametrize(
    "web",
    ["omero.example.org", "ftp://x", "javascript:alert(1)", "https://a:b@x", "https://x/?a=b",
     "https://x/#a", "https://x/{id}", "https://", "https://x/ y"],
)  # fmt: skip
def test_what_is_no_address_of_omero_web_is_refused(web: str) -> None:
    with pytest.raises(SettingsInvalid, match="TRANSFERAPP_OMERO_WEB"):
        OmeroSettings(host="omero", web=web)
