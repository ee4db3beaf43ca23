"""Putting an import together on real files, and handing it over without losing anything."""

from __future__ import annotations

import asyncio
import os
import shutil
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
from tests.support.transfer_fakes import (
    FakeSession,
    StillClock,
    event,
    promises,
    transfer,
    until,
    view as agent_view,
)
from transferapp import errors
from transferapp.desktop.imports.list import ScanProgress
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.host.resources import resource
from transferapp.intake.preflight import PreflightSettings, Severity
from transferapp.model.images import AnnotationKind
from transferapp.model.transfers import ItemState

__all__ = ["folder", "hand_over", "presenter", "session"]


async def test_files_become_filesets_with_results(
    presenter: ImportPresenter, folder: Path
) -> None:
    await presenter.add([folder])
    by_name = {row.name: row for row in presenter.rows}
    assert by_name["cut.png"].level is Severity.BLOCKED
    assert "not begin like a PNG" in by_name["cut.png"].sentence
    assert not by_name["cut.png"].included
    included = presenter.included
    assert len(included) == 2
    assert {row.what for row in included} == {"OME-TIFF, 19 files", "PNG, 1 file"}


async def test_the_button_states_why_it_cannot_be_pressed(
    presenter: ImportPresenter, folder: Path
) -> None:
    assert presenter.why_not == "Drop files or folders first."
    await presenter.add([folder / "cut.png"])
    assert presenter.why_not == "No fileset is ticked that can be imported."
    await presenter.add([folder])
    assert presenter.why_not == "Choose where the images go."
    presenter.targets.choose(EMBRYOS)
    assert presenter.why_not == ""
    presenter.set_name("  ")
    assert presenter.why_not == "Give the import a name."


async def test_the_summary_states_what_where_and_how_much(
    presenter: ImportPresenter, folder: Path
) -> None:
    await presenter.add([folder])
    assert presenter.summary == ""
    presenter.targets.choose(EMBRYOS)
    assert presenter.summary.startswith("2 filesets from 20 files (")
    assert presenter.summary.endswith(
        ") will be imported into dataset 'Embryos' in project 'Flies' on localhost:8470."
    )
    assert presenter.left_out == "Left out: 1 cannot be imported. Keep what is not imported."
    presenter.targets.choose(SCREEN)
    assert "into screen 'Compounds' on" in presenter.summary


async def test_the_name_is_suggested_until_one_is_typed(
    presenter: ImportPresenter, folder: Path
) -> None:
    await presenter.add([folder])
    assert presenter.name == "Embryo 🔬 day 3"
    presenter.clear()
    presenter.set_name("My own")
    await presenter.add([folder])
    assert presenter.name == "My own"


async def test_the_same_folder_twice_is_listed_once(
    presenter: ImportPresenter, folder: Path
) -> None:
    await presenter.add([folder])
    await presenter.add([folder / "cells"])
    assert len(presenter.rows) == 3


async def test_ticks_rows_and_removal(presenter: ImportPresenter, folder: Path) -> None:
    await presenter.add([folder])
    keys = [row.key for row in presenter.rows]
    presenter.include(keys, included=False)
    assert not presenter.included
    assert "2 not ticked" in presenter.left_out
    presenter.include(keys, included=True)
    assert len(presenter.included) == 2  # the blocked one stays out
    presenter.remove(keys[:1])
    assert len(presenter.rows) == 2
    presenter.remove(keys)
    assert presenter.name == ""


async def test_a_file_still_being_written_waits_and_then_joins(
    presenter: ImportPresenter, folder: Path
) -> None:
    picture = next((folder / "cells").glob("*.png"))
    os.utime(picture)
    await presenter.add([folder])
    row = next(r for r in presenter.rows if r.key == str(picture))
    assert (row.level, row.included) == (Severity.WARNING, False)
    os.utime(picture, (LONG_AGO, LONG_AGO))
    await presenter.scan_again()
    row = next(r for r in presenter.rows if r.key == str(picture))
    assert (row.level, row.included) == (Severity.OK, True)


async def test_scanning_again_keeps_choices_and_what_was_removed(
    presenter: ImportPresenter, folder: Path
) -> None:
    await presenter.add([folder])
    first, second = (row.key for row in presenter.included)
    presenter.include([first], included=False)
    presenter.remove([second])
    await presenter.scan_again()
    assert presenter.included == ()
    assert second not in {row.key for row in presenter.rows}


async def test_a_scan_shows_its_progress_and_can_be_stopped(
    presenter: ImportPresenter, tmp_path: Path
) -> None:
    source = next(resource("sample-data", "png-cells").glob("*.png"))
    many = tmp_path / "many"
    many.mkdir()
    first = many / "p0.png"
    shutil.copy(source, first)
    for number in range(1, 3000):
        (many / f"p{number}.png").hardlink_to(first)
    seen: list[ScanProgress] = []
    presenter.changed.listen(
        lambda: seen.extend([presenter.scanning] if presenter.scanning else [])
    )
    scanning = asyncio.create_task(presenter.add([many]))
    await until(lambda: any(p.total == 3000 for p in seen), 20)
    presenter.cancel_scan()
    await scanning
    assert presenter.rows == ()
    assert presenter.scanning is None
    assert any(p.seen for p in seen)


async def test_what_was_judged_first_is_shown_while_the_rest_is_judged(
    presenter: ImportPresenter, tmp_path: Path
) -> None:
    source = next(resource("sample-data", "png-cells").glob("*.png"))
    os.utime(shutil.copy(source, tmp_path / "p.png"), (LONG_AGO, LONG_AGO))
    for well in range(30):
        (tmp_path / "many" / str(well)).mkdir(parents=True)
        for number in range(100):
            place = tmp_path / "many" / str(well) / f"p{well}_{number}.png"
            place.hardlink_to(tmp_path / "p.png")
    shown: list[int] = []
    presenter.rows_changed.listen(lambda: shown.append(len(presenter.rows)))
    await presenter.add([tmp_path / "many"])
    assert 0 < shown[0] < shown[-1] == 3000
    assert len(presenter.included) == 3000


def test_progress_is_stated_in_text() -> None:
    assert ScanProgress().text == "Looking at the files…"
    assert ScanProgress(seen=1024).text == "Looking through folders: 1,024 files so far…"
    assert ScanProgress(judged=12, total=5000).text == "Checking the files: 12 of 5,000…"


async def test_import_hands_over_everything_and_shows_the_promises(
    presenter: ImportPresenter, hand_over: HandOver, folder: Path
) -> None:
    await presenter.add([folder])
    presenter.targets.choose(EMBRYOS)
    presenter.set_annotations(tags="day 3, wild type, ,day 3", comment=" Nice ones ")
    await presenter.submit()
    plan = hand_over.plans[0]
    assert (plan.name, plan.target, len(plan.candidates)) == ("Embryo 🔬 day 3", EMBRYOS, 2)
    assert [(a.kind, a.value) for a in plan.annotations] == [
        (AnnotationKind.TAG, "day 3"),
        (AnnotationKind.TAG, "wild type"),
        (AnnotationKind.COMMENT, "Nice ones"),
    ]
    assert presenter.rows == ()
    assert presenter.result is not None
    assert presenter.result.row.promises == promises(log_off=True)
    assert presenter.targets.chosen is not None


async def test_the_promises_are_kept_up_to_date(
    session: FakeSession, presenter: ImportPresenter, folder: Path
) -> None:
    transfer_id = f"{1:032x}"
    session.server.put(transfer(1))
    await presenter.add([folder])
    presenter.targets.choose(EMBRYOS)
    await presenter.submit()
    watch = presenter.result
    assert watch is not None
    await until(lambda: session.agent._streams)
    session.agent.show(agent_view(2, files_done=30), agent_view(1, files_done=9))
    await until(lambda: watch.row.files_done == 9)
    kept = promises(switch_off=True, delete=True)
    session.server.put(transfer(1, state=ItemState.IMPORTED, promises=kept))
    session.events.notify(event(transfer_id))
    await until(lambda: watch.row.state is ItemState.IMPORTED)
    assert not watch.row.promises.safe_to_delete_source, "the workstation must say so too"
    session.agent.show(agent_view(1, safe_to_delete_source=True))
    await until(lambda: watch.row.promises.safe_to_delete_source)
    session.server.put(transfer(1, state=ItemState.FAILED))
    session.missed.notify()
    await until(lambda: watch.row.state is ItemState.FAILED)


@pytest.mark.parametrize(
    "error",
    [
        errors.AgentUnreachable(),
        errors.ServerUnreachable(),
        errors.TargetNotFound(),
        errors.PermissionDenied(),
    ],
)
async def test_an_error_loses_nothing_and_again_is_the_same_import(
    presenter: ImportPresenter,
    hand_over: HandOver,
    folder: Path,
    error: errors.TransferAppError,
) -> None:
    await presenter.add([folder])
    presenter.targets.choose(EMBRYOS)
    presenter.set_annotations(tags="a", comment="b")
    hand_over.error = error
    await presenter.submit()
    shown: object = presenter.trouble
    assert shown is error
    assert presenter.result is None
    assert len(presenter.included) == 2
    assert (presenter.name, presenter.tags) == ("Embryo 🔬 day 3", "a")
    hand_over.error = None
    await presenter.submit()
    assert presenter.trouble is None
    assert hand_over.plans[0].request_key == hand_over.plans[1].request_key


async def test_a_changed_import_is_another_import(
    presenter: ImportPresenter, hand_over: HandOver, folder: Path
) -> None:
    await presenter.add([folder])
    presenter.targets.choose(EMBRYOS)
    hand_over.error = errors.ServerUnreachable()
    await presenter.submit()
    presenter.set_name("Another")
    await presenter.submit()
    assert hand_over.plans[0].request_key != hand_over.plans[1].request_key


async def test_a_target_deleted_meanwhile_leaves_the_choice_open(
    session: FakeSession, presenter: ImportPresenter, hand_over: HandOver, folder: Path
) -> None:
    await presenter.add([folder])
    presenter.targets.choose(EMBRYOS)
    session.server.inside = {}
    hand_over.error = errors.TargetNotFound()
    await presenter.submit()
    assert presenter.targets.chosen is None
    assert presenter.why_not == "Choose where the images go."
    assert len(presenter.rows) == 3


async def test_a_file_gone_meanwhile_is_found_by_the_next_scan(
    presenter: ImportPresenter, hand_over: HandOver, folder: Path
) -> None:
    await presenter.add([folder])
    presenter.targets.choose(EMBRYOS)
    picture = next((folder / "cells").glob("*.png"))
    picture.unlink()
    hand_over.error = errors.VanishedFile("It is gone.")
    await presenter.submit()
    row = next(r for r in presenter.rows if r.key == str(picture))
    assert row.level is Severity.BLOCKED
    assert len(presenter.included) == 1


async def test_pressing_import_too_early_is_refused(presenter: ImportPresenter) -> None:
    with pytest.raises(errors.Invalid, match="Drop files"):
        await presenter.submit()


async def test_the_next_person_does_not_see_the_list(
    session: FakeSession, presenter: ImportPresenter, folder: Path
) -> None:
    await presenter.add([folder])
    session.sign_in_as("bob@http://localhost:8470")
    assert presenter.rows == ()
    assert presenter.name == ""


async def test_very_many_files_are_a_warning_that_waiting_does_not_mend(
    session: FakeSession, folder: Path
) -> None:
    presenter = ImportPresenter(
        session.as_session(), clock=StillClock(), settings=PreflightSettings(many_files=18)
    )
    await presenter.add([folder])
    [row] = [row for row in presenter.rows if row.level is Severity.WARNING]
    assert (row.file_count, row.included, row.can_include) == (19, True, True)
    assert "19 files" in row.sentence
    assert not presenter._rows.doubtful
    presenter.include([row.key], included=False)
    await presenter.scan_again()
    assert row.key not in {one.key for one in presenter.included}


async def test_what_omero_cannot_open_is_reported_before_the_upload(
    session: FakeSession, presenter: ImportPresenter, tmp_path: Path
) -> None:
    sample = resource("sample-data", "ome-zarr-v04-confocal-5d", "cluster.ome.zarr")
    shutil.copytree(sample, tmp_path / "cluster")
    for path in (tmp_path / "cluster").rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    await presenter.add([tmp_path / "cluster"])
    assert [row.level for row in presenter.rows] == [Severity.OK]
    session.server.repository = "OMERO"
    await presenter.scan_again()
    [row] = presenter.rows
    assert row.level is Severity.BLOCKED
    assert "Rename 'cluster' to 'cluster.ome.zarr'" in row.sentence
    # What was known of the server holds when it does not answer.
    session.server.error = errors.ServerUnreachable()
    await presenter.scan_again()
    assert presenter.rows[0].level is Severity.BLOCKED


async def test_files_of_one_name_are_reported_apart_also_when_dropped_one_by_one(
    presenter: ImportPresenter, hand_over: HandOver, tmp_path: Path
) -> None:
    cell = resource("sample-data", "png-cells", "cell.png")
    paths = [tmp_path / name / "cell.png" for name in ("ctrl", "treated")]
    for path in paths:
        path.parent.mkdir()
        shutil.copy(cell, path)
        os.utime(path, (LONG_AGO, LONG_AGO))
    await presenter.add([paths[0]])
    assert [row.name for row in presenter.rows] == ["cell.png"]
    await presenter.add([paths[1]])
    wanted = ["ctrl/cell.png", "treated/cell.png"]
    assert [row.name for row in presenter.rows] == wanted
    await presenter.scan_again()
    assert [row.name for row in presenter.rows] == wanted
    presenter.targets.choose(EMBRYOS)
    await presenter.submit()
    assert [candidate.name for candidate in hand_over.plans[0].candidates] == wanted
    await presenter.add(paths)
    presenter.remove([str(paths[0])])
    assert [row.name for row in presenter.rows] == ["cell.png"]
