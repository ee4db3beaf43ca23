"""Files of one account: private, and never written through a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from transferapp.agent.app import only_one
from transferapp.agent.outbox import open_outbox
from transferapp.errors import SettingsInvalid
from transferapp.host.clock import SystemClock
from transferapp.host.private_file import private_file, private_text, write_private_text


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_bytes(b"precious")
    path.chmod(0o644)
    return path


def test_writing_replaces_a_link_and_leaves_what_it_leads_to(
    tmp_path: Path, victim: Path
) -> None:
    path = tmp_path / "config" / "login.json"
    path.parent.mkdir()
    path.symlink_to(victim)
    write_private_text(path, "secret 🔬")
    assert victim.read_bytes() == b"precious"
    assert not path.is_symlink()
    assert path.read_text(encoding="utf-8") == "secret 🔬"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["login.json"]


def test_a_failed_writing_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config" / "login.json"
    write_private_text(path, "old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private_text(path, "new")
    assert path.read_text() == "old"
    assert [one.name for one in path.parent.iterdir()] == ["login.json"]


def test_a_link_is_not_opened(tmp_path: Path, victim: Path) -> None:
    home = tmp_path / "agent"
    home.mkdir()
    for name in ("agent.lock", "outbox.db"):
        (home / name).symlink_to(victim)
    with pytest.raises(SettingsInvalid, match="is a link"), private_file(home / "agent.lock"):
        pytest.fail("it was opened")
    with pytest.raises(SettingsInvalid), only_one(home / "agent.sock"):
        pytest.fail("it was locked")
    with pytest.raises(SettingsInvalid):
        open_outbox(home / "outbox.db", SystemClock())
    assert victim.read_bytes() == b"precious"
    assert stat.S_IMODE(victim.stat().st_mode) == 0o644


def test_an_open_file_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(mode=0o644)
    with private_file(path) as handle:
        assert stat.S_IMODE(os.fstat(handle).st_mode) == 0o600


def test_secrets_are_read_only_from_private_files(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private_text(path, " token \n")
    assert private_text(path, "X") == "token"
    linked = tmp_path / "mounted"
    linked.symlink_to(path)
    assert private_text(linked, "X") == "token"
    path.chmod(0o640)
    with pytest.raises(SettingsInvalid, match="X: others may read"):
        private_text(linked, "X")
    with pytest.raises(SettingsInvalid, match="X: it cannot be read"):
        private_text(tmp_path / "missing", "X")
