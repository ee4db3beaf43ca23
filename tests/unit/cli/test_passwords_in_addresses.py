"""A password in a server's address is neither repeated nor kept, whoever is given it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from tests.support.logging_as_before import logging_as_before
from transferapp.cli.main import app
from transferapp.client.server import ServerClient
from transferapp.client.transport import bulk_client
from transferapp.desktop.session.presenter import normal_url
from transferapp.desktop.session.remembered import DesktopSettings, ServerProfile, SettingsFile
from transferapp.errors import SettingsInvalid
from transferapp.protocol.messages import Submission

PASSWORD = "hidden-word"
ADDRESSES = (
    f"http://ada:{PASSWORD}@127.0.0.1:9/",
    f"HTTPS://ada:{PASSWORD}@host",
    f"ada:{PASSWORD}@host",
    f"https://{PASSWORD}@host",
    f"https://ada:{PASSWORD}/x@host",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def kept(home: Path) -> str:
    files = [path for path in home.rglob("*") if path.is_file()]
    return "".join(path.read_text(errors="replace") for path in files)


def submission(address: str) -> None:
    Submission(
        kind="import", transfer_id="t", name="n", owner="ada@x", server_url=address,
        grant=SecretStr("g"), items=[],
    )  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("takes", [ServerClient, bulk_client, normal_url, submission])
def test_it_is_refused(takes: Callable[[str], object], address: str) -> None:
    with pytest.raises(SettingsInvalid, match="Leave user name and password") as refused:
        takes(address)
    assert PASSWORD not in refused.value.message


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("as_json", [["--json"], []])
def test_no_command_repeats_it(
    tmp_path: Path, home: Path, address: str, as_json: list[str]
) -> None:
    for text in (["scan", str(tmp_path), "--reads", address], ["login", address, "-u", "ada"]):
        done = CliRunner().invoke(app, [*text, *as_json])
        assert done.exit_code == 1
        assert PASSWORD not in done.output + repr(done.exception)
        assert "Leave user name and password" in done.output
        assert "Password" not in done.output, "it is asked for what cannot be used"
    assert PASSWORD not in kept(home)


def test_what_was_kept_before_is_not_shown(home: Path) -> None:
    (home / "config").mkdir(parents=True)
    login = {"server_url": ADDRESSES[0], "username": "ada"}
    (home / "config" / "login.json").write_text(json.dumps(login))
    for text in (["doctor"], ["inbox"], ["logout"]):
        with logging_as_before():
            done = CliRunner().invoke(app, text)
        assert PASSWORD not in done.output


def test_the_window_forgets_what_it_had_kept(home: Path) -> None:
    file = SettingsFile(home / "desktop.ini")
    good = ServerProfile("https://host", "ada")
    file.save(DesktopSettings(profiles=(ServerProfile(ADDRESSES[0], "ada"), good)))
    assert file.load().profiles == (good,)
