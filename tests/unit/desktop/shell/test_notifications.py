"""What is told, in which words, and that each thing is told exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from tests.support.image_env import FakeAgent, ImageEnv, until
from tests.support.transfer_fakes import item, promises, transfer
from transferapp.desktop.session.presenter import SessionPresenter
from transferapp.desktop.shell.notifications import NotificationsPresenter
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.events import EventKind
from transferapp.model.promises import Promises
from transferapp.model.transfers import ItemState, Transfer, TransferDetails, TransferKind
from transferapp.notify.port import Notification, Urgency


class Recorder:
    """A notifier that writes down."""

    def __init__(self, *, works: bool = True) -> None:
        self.reported: list[Notification] = []
        self.works = works
        self.click: Callable[[str], None] | None = None

    async def report(
        self, notification: Notification, on_open: Callable[[str], None] | None = None
    ) -> bool:
        self.reported.append(notification)
        self.click = on_open
        return self.works

    async def aclose(self) -> None:
        """Nothing to close."""


def ended(**changes: object) -> Transfer:
    base = transfer(
        1,
        state=ItemState.IMPORTED,
        item_count=3,
        items_done=3,
        file_count=12,
        target=ContainerRef(ContainerKind.DATASET, 5),
        target_name="Day 3",
        promises=promises(switch_off=True, delete=True),
    )
    return replace(base, id="t1", **changes)  # type: ignore[arg-type]


def details(of: Transfer) -> TransferDetails:
    done = item(1, state=ItemState.IMPORTED, image_ids=(1, 2, 3, 4))
    return TransferDetails(of, (done, done, done))


class Env:
    """A signed-in session with notifications running."""

    def __init__(self, inner_env: ImageEnv, session: SessionPresenter) -> None:
        self.env, self.session, self.recorder = inner_env, session, Recorder()
        self.presenter = NotificationsPresenter(session, self.recorder, gather_s=0.02)
        self.task = asyncio.create_task(self.presenter.run())

    @property
    def reported(self) -> list[Notification]:
        return self.recorder.reported

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.session.close()


async def a_env(folder: Path, inner_env: ImageEnv | None = None) -> Env:
    inner_env = inner_env or ImageEnv()
    session = inner_env.session(folder)
    page_env = Env(inner_env, session)
    await session.sign_in("http://images.test", "anna", "pipette", remember=False)
    await until(lambda: session.settings.seen_events)
    return page_env


async def test_a_finished_import_is_reported_with_what_is_safe(tmp_path: Path) -> None:
    page_env = await a_env(tmp_path)
    page_env.env.transfers["t1"] = details(ended(files_verified=12))
    page_env.env.report(EventKind.ITEM_CHANGED)
    page_env.env.report(EventKind.TRANSFER_ENDED)
    await until(lambda: page_env.reported)
    (reported,) = page_env.reported
    assert reported.title == "Import of 12 files finished"
    assert reported.text == "12 images in Dataset “Day 3”. Safe to delete the originals."
    assert reported.key == "t1"
    agent = cast("FakeAgent", page_env.session.agent)
    assert agent.asked == ["t1"], "its source was looked at before it was told"
    await page_env.close()


async def test_a_finished_import_reports_what_was_attached(tmp_path: Path) -> None:
    page_env = await a_env(tmp_path)
    with_notes = ended(item_count=4, items_done=4, files_verified=12, to_attach=3, attached=3)
    page_env.env.transfers["t1"] = details(with_notes)
    page_env.env.report(EventKind.TRANSFER_ENDED)
    await until(lambda: page_env.reported)
    (reported,) = page_env.reported
    assert reported.text.startswith("12 images in Dataset “Day 3”, 3 files attached. Safe to")
    await page_env.close()


async def test_a_finished_import_names_what_was_left_out(tmp_path: Path) -> None:
    page_env = await a_env(tmp_path)
    only_imported = Promises(True, True, False, True)
    left_out = ("day 3/cut.tif", "day 3/notes.docx")
    page_env.env.transfers["t1"] = details(
        ended(promises=only_imported, left_out_files=2, left_out_names=left_out)
    )
    page_env.env.report(EventKind.TRANSFER_ENDED)
    await until(lambda: page_env.reported)
    assert page_env.reported[0].text == (
        "12 images in Dataset “Day 3”. Do not delete the folder: 2 files were left out and"
        " not imported: 'day 3/cut.tif', 'day 3/notes.docx'."
    )
    await page_env.close()


async def test_deleting_is_not_called_safe_when_it_is_not(tmp_path: Path) -> None:
    page_env = await a_env(tmp_path)
    page_env.env.transfers["t1"] = details(ended(promises=promises()))
    page_env.env.report(EventKind.TRANSFER_ENDED)
    await until(lambda: page_env.reported)
    assert "Safe" not in page_env.reported[0].text
    await page_env.close()


async def test_an_export_and_a_partly_failed_import_in_text(tmp_path: Path) -> None:
    page_env = await a_env(tmp_path)
    export = ended(kind=TransferKind.EXPORT, name="14 images", file_count=1)
    failed = ended(items_done=1, state=ItemState.FAILED)
    page_env.env.transfers |= {"t1": details(export), "t2": details(replace(failed, id="t2"))}
    page_env.env.report(EventKind.TRANSFER_ENDED, "t1", state="delivered")
    page_env.env.report(
        EventKind.TRANSFER_ENDED, "t2", state="failed", message="1 imported, 2 failed"
    )
    await until(lambda: len(page_env.reported) == 2)
    first, second = page_env.reported
    assert first.title == "Export of 1 file finished"
    assert second.title == "Import of 12 files ended, 2 of 3 not done"
    assert second.urgency is Urgency.CRITICAL
    assert "2 failed" in second.text
    await page_env.close()


async def test_many_problems_at_once_are_one_notification(tmp_path: Path) -> None:
    page_env = await a_env(tmp_path)
    page_env.env.transfers["t1"] = details(ended(state=ItemState.NEEDS_ATTENTION))
    for number in range(200):
        page_env.env.report(
            EventKind.ITEM_PROBLEM,
            item_id=f"i{number}",
            state="needs-attention",
            title="The file is gone",
            message=f"{number}.tif: Put it back.",
        )
    await until(lambda: page_env.reported)
    await asyncio.sleep(0.06)
    (reported,) = page_env.reported
    assert reported.title == "Import: 200 items need your attention"
    assert "0.tif" in reported.text
    await page_env.close()


async def test_one_problem_is_reported_with_its_remedy(tmp_path: Path) -> None:
    page_env = await a_env(tmp_path)
    page_env.env.report(
        EventKind.ITEM_PROBLEM,
        state="needs-attention",
        title="The file is gone",
        message="a.tif: Put it back in its place, then retry.",
    )
    await until(lambda: page_env.reported)
    assert page_env.reported[0].title == "Import: the file is gone"
    assert "Put it back" in page_env.reported[0].text
    await page_env.close()


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (EventKind.ITEM_CHANGED, "imported"),
        (EventKind.TRANSFER_CHANGED, "importing"),
        (EventKind.ITEM_PROBLEM, "waiting"),
        (EventKind.TRANSFER_ENDED, "cancelled"),
    ],
)
async def test_the_rest_disturbs_nobody(tmp_path: Path, kind: EventKind, state: str) -> None:
    page_env = await a_env(tmp_path)
    page_env.env.report(kind, state=state)
    page_env.env.transfers["t2"] = details(ended())
    page_env.env.report(EventKind.TRANSFER_ENDED, "t2")
    await until(lambda: page_env.reported)
    assert [reported.key for reported in page_env.reported] == [
        "t1"
    ]  # t2's details carry the id t1
    await page_env.close()


async def test_what_ended_meanwhile_is_reported_once_at_the_next_start(tmp_path: Path) -> None:
    first = await a_env(tmp_path)
    first.env.transfers["t1"] = details(ended())
    first.env.report(EventKind.TRANSFER_ENDED)
    await until(lambda: first.reported)
    await until(lambda: "= 1" in (tmp_path / "desktop.ini").read_text())
    await first.close()

    first.env.transfers["t2"] = details(ended(name="Second"))
    first.env.report(EventKind.TRANSFER_ENDED, "t2")
    second = await a_env(tmp_path, first.env)
    await until(lambda: second.reported)
    await until(lambda: "= 2" in (tmp_path / "desktop.ini").read_text())
    assert len(second.reported) == 1
    await second.close()

    third = await a_env(tmp_path, first.env)
    await asyncio.sleep(0.1)
    assert third.reported == []
    await third.close()


async def test_nothing_is_reported_when_it_is_switched_off_and_it_is_not_reported_later(
    tmp_path: Path,
) -> None:
    page_env = await a_env(tmp_path)
    session = page_env.session
    await session.save_settings(replace(session.settings, notifications=False))
    page_env.env.report(EventKind.TRANSFER_ENDED)
    await until(lambda: session.settings.seen_events[session.owner] == 1)
    assert page_env.reported == []
    await page_env.close()


async def test_it_is_reported_even_when_the_details_cannot_be_read(tmp_path: Path) -> None:
    page_env = await a_env(tmp_path)
    page_env.env.report(EventKind.TRANSFER_ENDED, "gone", title="Embryos", message="3 imported")
    await until(lambda: page_env.reported)
    assert page_env.reported[0] == Notification("Embryos: finished", "3 imported", "gone")
    await page_env.close()


async def test_a_click_opens_the_transfer(tmp_path: Path) -> None:
    page_env = await a_env(tmp_path)
    requested: list[str] = []
    page_env.presenter.open_requested.listen(requested.append)
    page_env.env.transfers["t1"] = details(ended())
    page_env.env.report(EventKind.TRANSFER_ENDED)
    await until(lambda: page_env.recorder.click)
    assert page_env.recorder.click is not None
    page_env.recorder.click("t1")
    assert requested == ["t1"]
    await page_env.close()
