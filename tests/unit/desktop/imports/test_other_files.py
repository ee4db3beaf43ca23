"""Files that are no images, plates, folders, and what a person imports anyway."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.import_presenter_env import (
    EMBRYOS,
    LONG_AGO,
    SCREEN,
    HandOver,
    folder,
    hand_over,
    presenter,
    session,
)
from tests.support.plate_sets import make_operetta
from tests.support.transfer_fakes import FakeSession, StillClock
from transferapp import errors
from transferapp.client.target_formats import KeptFormats
from transferapp.desktop.imports.anyway import others_reported
from transferapp.desktop.imports.list import FilesetRow
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.intake.preflight import Severity
from transferapp.model.drops import LeftOutReason

__all__ = ["folder", "hand_over", "presenter", "session"]

LINE = "2 other files are not images; they stay where they are."


@pytest.fixture
def notes(folder: Path) -> tuple[Path, Path]:
    """Two files that are no images, beside the filesets."""
    made = folder / "cells" / "protocol.docx", folder / "acquisition.log"
    for path in made:
        path.write_bytes(b"hello")
        os.utime(path, (LONG_AGO, LONG_AGO))
    return made


async def test_files_that_are_no_images_are_a_line_and_no_rows(
    presenter: ImportPresenter, folder: Path, notes: tuple[Path, Path]
) -> None:
    await presenter.add([folder])
    assert {row.key for row in presenter.others} == {str(path) for path in notes}
    assert not {row.key for row in presenter.rows} & {str(path) for path in notes}
    assert others_reported(presenter.others) == LINE
    assert "1 cannot be imported, 2 not images. Keep" in presenter.left_out
    await presenter.scan_again()
    assert others_reported(presenter.others) == LINE


async def test_they_are_reported_as_left_out_unless_they_are_ignored(
    presenter: ImportPresenter, hand_over: HandOver, folder: Path, notes: tuple[Path, Path]
) -> None:
    await presenter.add([folder])
    presenter.targets.choose(EMBRYOS)
    hand_over.error = errors.ServerUnreachable()
    await presenter.submit()
    assert _reasons(hand_over, notes) == {LeftOutReason.REFUSED}
    presenter.ignore([row.key for row in presenter.others], ignored=True)
    assert others_reported(presenter.others) == "2 other files are not images; ignored."
    assert "1 cannot be imported, 2 ignored." in presenter.left_out
    await presenter.scan_again()
    await presenter.submit()
    assert _reasons(hand_over, notes) == {LeftOutReason.IGNORED}


async def test_they_are_attached_on_request_only(
    presenter: ImportPresenter, hand_over: HandOver, folder: Path, notes: tuple[Path, Path]
) -> None:
    await presenter.add([folder])
    assert presenter.attaching.why_not.startswith("Choose where the images go")
    presenter.targets.choose(EMBRYOS)
    assert (presenter.attaching.why_not, presenter.attaching.files) == ("", ())
    assert presenter.attaching.text == "Attach them to the dataset"
    hand_over.error = errors.ServerUnreachable()
    await presenter.submit()
    assert hand_over.plans[-1].attachments == ()
    presenter.attaching.request(requested=True)
    assert "2 not images" not in presenter.left_out
    assert presenter.summary.endswith("and 2 files attached to it.")
    await presenter.submit()
    plan = hand_over.plans[-1]
    assert {file.path for file in plan.attachments} == set(notes)
    assert plan.dropped is not None
    assert not [one for one in plan.dropped.left_out if one.path in notes]
    presenter.ignore([str(notes[0])], ignored=True)
    assert [file.path for file in presenter.attaching.files] == [notes[1]]
    reported = others_reported(presenter.others, len(presenter.attaching.files))
    assert reported == "2 other files are not images; 1 of them is attached."
    hand_over.error = None
    await presenter.submit()
    assert not presenter.attaching.requested, "each import asks anew"


async def test_it_is_stated_why_they_cannot_be_attached(
    presenter: ImportPresenter,
    session: FakeSession,
    folder: Path,
    notes: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await presenter.add([folder])
    presenter.attaching.request(requested=True)
    assert presenter.attaching.files == (), "nowhere to attach them to"
    presenter.targets.choose(SCREEN)
    assert "You may not attach files to 'Compounds'" in presenter.attaching.why_not
    assert "2 not images" in presenter.left_out
    presenter.targets.choose(EMBRYOS)
    assert len(presenter.attaching.files) == len(notes)
    monkeypatch.setattr("transferapp.model.attachments.MOST_ATTACHMENTS", 1)
    assert "These are 2 files" in presenter.attaching.why_not
    monkeypatch.undo()
    presenter.ignore([str(path) for path in notes], ignored=True)
    assert "ignored are not attached" in presenter.attaching.why_not
    assert session.server.capabilities == ["attachments"]


async def test_an_older_server_takes_none(
    presenter: ImportPresenter, session: FakeSession, folder: Path, notes: tuple[Path, Path]
) -> None:
    session.server.capabilities = ["tiles"]
    await presenter.add([folder])
    presenter.targets.choose(EMBRYOS)
    presenter.attaching.request(requested=True)
    assert "takes no attachments" in presenter.attaching.why_not
    assert presenter.attaching.files == ()
    assert len(presenter.others) == len(notes)


async def test_what_a_person_names_has_a_row(
    presenter: ImportPresenter, folder: Path, notes: tuple[Path, Path]
) -> None:
    await presenter.add([notes[0]])
    await presenter.add([folder])
    assert str(notes[0]) in {row.key for row in presenter.rows}
    assert [row.key for row in presenter.others] == [str(notes[1])]
    assert len(presenter.rows) == 4
    presenter.remove([row.key for row in presenter.rows])
    assert presenter.others == (), "nothing is left to be beside"


async def test_one_that_vanishes_is_not_missed(
    presenter: ImportPresenter, folder: Path, notes: tuple[Path, Path]
) -> None:
    await presenter.add([folder])
    notes[0].unlink()
    await presenter.scan_again()
    assert others_reported(presenter.others).startswith("1 other file is not an image;")
    assert len(presenter.rows) == 3


async def test_it_is_imported_anyway(
    presenter: ImportPresenter, hand_over: HandOver, folder: Path, notes: tuple[Path, Path]
) -> None:
    await presenter.add([folder])
    presenter.targets.choose(EMBRYOS)
    await presenter.import_anyway([str(notes[0])])
    row = _row(presenter, notes[0])
    assert (row.level, row.included, row.can_anyway) == (Severity.WARNING, True, False)
    assert "may refuse it" in row.sentence
    await presenter.scan_again()
    assert _row(presenter, notes[0]).included, "a later look holds to it"
    assert [one.key for one in presenter.others] == [str(notes[1])]
    await presenter.submit()
    sent = {file.path for one in hand_over.plans[-1].candidates for file in one.files}
    assert notes[0] in sent
    assert notes[1] not in sent


async def test_an_empty_file_is_not_taken_by_wishing(
    presenter: ImportPresenter, folder: Path, notes: tuple[Path, Path]
) -> None:
    notes[0].write_bytes(b"")
    await presenter.add([folder])
    await presenter.import_anyway([str(notes[0])])
    row = _row(presenter, notes[0])
    assert (row.level, row.included) == (Severity.BLOCKED, False)
    assert "has no bytes" in row.sentence


async def test_a_facility_that_forbids_it_states_so(
    presenter: ImportPresenter, session: FakeSession, notes: tuple[Path, Path]
) -> None:
    session.server.unknown_allowed = False
    await presenter.add([notes[0]])
    row = _row(presenter, notes[0])
    assert not row.can_anyway
    assert row.sentence.endswith(
        "Your facility imports only formats that the repository reads."
    )
    await presenter.import_anyway([row.key])
    assert _row(presenter, notes[0]) == row


async def test_a_plate_is_called_one(
    presenter: ImportPresenter, session: FakeSession, tmp_path: Path
) -> None:
    session.server.repository = "omero"
    make_operetta(tmp_path / "day 3" / "plate 7")
    await presenter.add([tmp_path / "day 3"])
    (row,) = presenter.rows
    assert row.what == "Plate (PerkinElmer Operetta), 17 files"
    assert row.folder == "day 3/plate 7/Images"


async def test_rows_show_in_which_folder_they_are(
    presenter: ImportPresenter, folder: Path
) -> None:
    zarr = folder / "set" / "a.ome.zarr"
    zarr.mkdir(parents=True)
    (zarr / ".zattrs").write_text("{}")
    (zarr / ".zgroup").write_text('{"zarr_format": 2}')
    await presenter.add([folder])
    folders = {row.name: row.folder for row in presenter.rows}
    assert folders["cell.png"] == f"{folder.name}/cells"
    assert folders["cut.png"] == folder.name
    assert folders["a.ome.zarr"] == f"{folder.name}/set", "a Zarr is no folder to look into"


async def test_it_is_reported_whose_answer_it_is(
    session: FakeSession, folder: Path, tmp_path: Path
) -> None:
    session.server.repository = "omero"
    clock = StillClock()
    kept = KeptFormats(tmp_path / "formats")
    presenter = ImportPresenter(session.as_session(), clock=clock, kept=kept)
    await presenter.add([folder])
    assert presenter.reads.text == ""
    stated_at = (clock.now() - timedelta(days=2)).timestamp()
    for path in (tmp_path / "formats").iterdir():
        os.utime(path, (stated_at, stated_at))
    session.server.error = errors.ServerUnreachable()
    await presenter.scan_again()
    stated = clock.now() - timedelta(days=2)
    assert presenter.reads.text.startswith(
        "The server cannot be asked now what it reads. Checked by its answer of"
        f" {stated.astimezone():%-d %b}"
    )
    assert "(OMERO, Bio-Formats" in presenter.reads.text
    session.server.error = None
    await presenter.scan_again()
    assert presenter.reads.text == ""
    await presenter.close()


async def test_without_any_answer_it_is_reported_what_was_assumed(
    presenter: ImportPresenter, session: FakeSession, folder: Path
) -> None:
    session.server.error = errors.ServerUnreachable()
    await presenter.add([folder])
    assert presenter.reads.text == (
        "The server cannot be asked now what it reads. Checked by what the embedded repository"
        " reads."
    )


def _row(presenter: ImportPresenter, path: Path) -> FilesetRow:
    return next(row for row in presenter.rows if row.key == str(path))


def _reasons(hand_over: HandOver, paths: tuple[Path, ...]) -> set[LeftOutReason]:
    dropped = hand_over.plans[-1].dropped
    assert dropped is not None
    found = [one for one in dropped.left_out if one.path in paths]
    assert len(found) == len(paths)
    return {one.left_out.reason for one in found}
