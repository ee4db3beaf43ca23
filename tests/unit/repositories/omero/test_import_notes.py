"""Notes of where imports live: private, written in one step, never trusted when torn."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferapp.repositories.omero.sessions.import_notes import ImportNote, ImportNotes

NOTE = ImportNote("7c1d2c9e-session", "9f-ManagedImportProcessI")


def test_a_note_comes_back(tmp_path: Path) -> None:
    ImportNotes(tmp_path / "notes").keep(7, NOTE)
    assert ImportNotes(tmp_path / "notes").read(7) == NOTE
    assert ImportNotes(tmp_path / "notes").read(8) is None


def test_only_this_account_reads_it(tmp_path: Path) -> None:
    ImportNotes(tmp_path / "notes").keep(7, NOTE)
    (file,) = (tmp_path / "notes").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    assert ImportNotes(tmp_path / "notes").read(7) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', '{"session": "a"}'])
def test_a_torn_note_is_none(tmp_path: Path, text: str) -> None:
    notes = ImportNotes(tmp_path / "notes")
    notes.keep(7, NOTE)
    (file,) = (tmp_path / "notes").iterdir()
    file.write_text(text, encoding="utf-8")
    assert notes.read(7) is None


def test_forgotten_twice(tmp_path: Path) -> None:
    notes = ImportNotes(tmp_path / "notes")
    notes.keep(7, NOTE)
    notes.forget(7)
    notes.forget(7)
    assert notes.read(7) is None


def test_without_a_folder_nothing_is_kept() -> None:
    notes = ImportNotes(None)
    notes.keep(7, NOTE)
    assert notes.read(7) is None


def test_a_session_is_never_shown() -> None:
    assert NOTE.session not in repr(NOTE)
