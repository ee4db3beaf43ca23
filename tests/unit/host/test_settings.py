"""A wrong environment variable is named, whichever process reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferapp.agent.settings import AgentSettings
from transferapp.errors import SettingsInvalid
from transferapp.host.settings import EnvironmentSettings
from transferapp.notify.settings import NotifySettings, SmtpSettings
from transferapp.server.settings import ServerSettings
from transferapp.worker.settings import WorkerSettings


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        (ServerSettings, "TRANSFERAPP_PORT"),
        (WorkerSettings, "TRANSFERAPP_HOUSEKEEPING_S"),
        (AgentSettings, "TRANSFERAPP_AGENT_PARALLEL_FILES"),
        (SmtpSettings, "TRANSFERAPP_SMTP_PORT"),
        (NotifySettings, "TRANSFERAPP_WEBHOOK_PRIVATE"),
    ],
)
def test_the_variable_is_named(
    settings: type[EnvironmentSettings],
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path))
    monkeypatch.setenv(variable, "many")
    with pytest.raises(SettingsInvalid, match=variable):
        settings()


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("DATABASE_URL", "foo", "TRANSFERAPP_DATABASE_URL: this is no address of a database."),
        ("DATA", "FILE", "is a file. Name a folder."),
        ("HOME", "FILE", "TRANSFERAPP_HOME: "),
    ],
)
def test_what_cannot_be_a_place_is_reported_by_its_variable(
    name: str, value: str, text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv(f"TRANSFERAPP_{name}", value.replace("FILE", str(tmp_path / "a file")))
    with pytest.raises(SettingsInvalid) as caught:
        WorkerSettings()
    assert text in caught.value.message


@pytest.mark.parametrize("name", ["COMMANDS", "PLACES", "RECALL"])
def test_an_empty_name_of_a_file_is_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TRANSFERAPP_{name}_FILE", "")
    assert getattr(WorkerSettings(), f"{name.lower()}_file") is None
