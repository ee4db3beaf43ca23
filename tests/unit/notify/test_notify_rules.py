"""What notifications say, where they may go, and what settings are refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from transferapp.errors import Invalid, SettingsInvalid
from transferapp.model.events import Event, EventKind
from transferapp.notify.notifiers.webhook_transport import is_public
from transferapp.notify.settings import Encryption, SmtpSettings
from transferapp.notify.texts import headline, notable_event_of, sentence
from transferapp.notify.webhooks import checked_url, new_secret, signature

AT = datetime(2026, 3, 1, tzinfo=UTC)


def event(kind: EventKind, title: str = "Monday", state: str = "imported") -> Event:
    return Event(7, kind, "ada", "t1", "", state, title, "3 imported", AT)


def test_only_ends_and_problems_are_reported() -> None:
    assert notable_event_of(event(EventKind.ITEM_CHANGED)) is None
    assert notable_event_of(event(EventKind.TRANSFER_CHANGED)) is None
    reported = notable_event_of(event(EventKind.TRANSFER_ENDED))
    assert reported is not None
    assert (reported.title, sentence(reported)) == ("Imported: Monday", "3 imported")


def test_a_name_with_a_line_break_makes_no_header() -> None:
    reported = notable_event_of(event(EventKind.TRANSFER_ENDED, "a\r\nBcc: all@example.org"))
    assert reported is not None
    assert "\n" not in headline([reported])
    assert "\r" not in headline([reported])


def test_signature_is_that_of_standard_webhooks() -> None:
    secret = new_secret()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    want = base64.b64encode(hmac.new(key, b"m1.12.{}", hashlib.sha256).digest()).decode()
    assert signature(secret, "m1", "12", b"{}") == f"v1,{want}"
    assert signature(secret, "m1", "13", b"{}") != f"v1,{want}"


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://x/y", "/hook", "https://", "http://u:p@x/", "http://[::"],
)
def test_url_that_is_no_webhook(url: str) -> None:
    with pytest.raises(Invalid):
        checked_url(url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),  # noqa: S104
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("fe80::1", False),
        ("224.0.0.1", False),
    ],
)
def test_addresses_that_anyone_may_reach(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


def test_password_in_the_open_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hush\n")
    with pytest.raises(SettingsInvalid):
        SmtpSettings(
            host="mail.example.org",
            username="u",
            password_file=file,
            encryption=Encryption.NONE,
        )
    with pytest.raises(SettingsInvalid):
        SmtpSettings(host="mail.example.org", username="u")


def test_password_file_is_private(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hush\n")
    settings = SmtpSettings(host="mail.example.org", username="u", password_file=file)
    file.chmod(0o640)
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        settings.password()
    file.chmod(0o600)
    assert settings.password() == "hush"
    assert "hush" not in repr(settings)
