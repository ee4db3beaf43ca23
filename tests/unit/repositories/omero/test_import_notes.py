"""Notes of where imports live: private, written in one step, never trusted when torn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

pytest.importorskip("cryptography")

from transferapp.errors import SettingsInvalid
from transferapp.repositories.omero.sessions.import_notes import ImportNote, ImportNotes

NOTE = ImportNote("7c1d2c9e-session", "9f-ManagedImportProcessI")


def notes_in(folder: Path | None, importer: str = "its password") -> ImportNotes:
    return ImportNotes(folder, lambda: SecretStr(importer))


def test_a_note_comes_back(tmp_path: Path) -> None:
    notes_in(tmp_path / "notes").keep(7, NOTE)
    assert notes_in(tmp_path / "notes").read(7) == NOTE
    assert notes_in(tmp_path / "notes").read(8) is None


def test_only_this_account_reads_it(tmp_path: Path) -> None:
    notes_in(tmp_path / "notes").keep(7, NOTE)
    (file,) = (tmp_path / "notes").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    assert notes_in(tmp_path / "notes").read(7) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', '{"session": "a"}'])
def test_a_torn_note_is_none(tmp_path: Path, text: str) -> None:
    notes = notes_in(tmp_path / "notes")
    notes.keep(7, NOTE)
    (file,) = (tmp_path / "notes").iterdir()
    file.write_text(text, encoding="utf-8")
    assert notes.read(7) is None


def test_forgotten_twice(tmp_path: Path) -> None:
    notes = notes_in(tmp_path / "notes")
    notes.keep(7, NOTE)
    notes.forget(7)
    notes.forget(7)
    assert notes.read(7) is None


def test_without_a_folder_nothing_is_kept() -> None:
    notes = notes_in(None)
    notes.keep(7, NOTE)
    assert notes.read(7) is None


def test_a_session_is_never_shown() -> None:
    assert NOTE.session not in repr(NOTE)


def test_a_copy_of_the_folder_gives_no_session(tmp_path: Path) -> None:
    notes_in(tmp_path / "notes").keep(7, NOTE)
    (file,) = (tmp_path / "notes").iterdir()
    text = file.read_text(encoding="utf-8")
    assert NOTE.session not in text
    assert NOTE.process not in text
    assert notes_in(tmp_path / "notes", "a guess").read(7) is None


def test_a_note_is_of_its_own_import_only(tmp_path: Path) -> None:
    notes = notes_in(tmp_path / "notes")
    notes.keep(7, NOTE)
    (tmp_path / "notes" / "7.json").rename(tmp_path / "notes" / "8.json")
    assert notes.read(8) is None


def test_two_notes_of_one_session_do_not_look_alike(tmp_path: Path) -> None:
    notes = notes_in(tmp_path / "notes")
    texts = set()
    for number in (7, 8):
        notes.keep(number, NOTE)
        texts.add((tmp_path / "notes" / f"{number}.json").read_text(encoding="utf-8"))
    assert len({text for one in texts for text in json.loads(one).values()}) == 4


def test_without_the_password_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    def locked() -> SecretStr:
        raise SettingsInvalid("The keyring does not open.")

    notes = notes_in(tmp_path / "notes")
    notes.keep(7, NOTE)
    locked_notes = ImportNotes(tmp_path / "notes", locked)
    assert locked_notes.read(7) is None
    locked_notes.keep(9, NOTE)
    assert not (tmp_path / "notes" / "9.json").exists()
    assert notes.read(7) == NOTE


def test_a_seal_is_opened_once(tmp_path: Path) -> None:
    """It takes a third of a second on a busy machine, and a note is read at every step."""
    notes_in(tmp_path / "notes").keep(7, NOTE)
    asked: list[str] = []

    def password() -> SecretStr:
        asked.append("once")
        return SecretStr("its password")

    notes = ImportNotes(tmp_path / "notes", password)
    assert [notes.read(7) for _ in range(5)] == [NOTE] * 5
    assert len(asked) == 1
    notes.forget(7)
    notes_in(tmp_path / "notes").keep(7, ImportNote("another", "process"))
    assert notes.read(7) == ImportNote("another", "process")
