"""The server's settings come from the environment, and faults name the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferapp.errors import SettingsInvalid
from transferapp.server.settings import ServerSettings


def test_one_folder_holds_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path))
    monkeypatch.delenv("TRANSFERAPP_DATA", raising=False)
    monkeypatch.delenv("TRANSFERAPP_DATABASE_URL", raising=False)
    settings = ServerSettings()
    data = tmp_path / "data" / "server"
    assert settings.data == data
    assert settings.staging_folder == data / "staging"
    assert settings.database == f"sqlite:///{data}/transferapp.db"


def test_variables_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = "postgresql://ada:s3cret@db/x"
    monkeypatch.setenv("TRANSFERAPP_DATABASE_URL", url)
    monkeypatch.setenv("TRANSFERAPP_DATA", str(tmp_path))
    monkeypatch.setenv("TRANSFERAPP_PORT", "9000")
    settings = ServerSettings()
    assert (settings.database, settings.data, settings.port) == (url, tmp_path, 9000)
    assert "s3cret" not in repr(settings)


def test_a_wrong_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRANSFERAPP_DATA", str(tmp_path))
    monkeypatch.setenv("TRANSFERAPP_PORT", "http")
    with pytest.raises(SettingsInvalid, match=r"^TRANSFERAPP_PORT: "):
        ServerSettings()
