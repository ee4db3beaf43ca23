"""Browse without Qt: lists, paging, selection, thumbnails, imports that arrive."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from tests.support.image_env import FakeAgent, ImageEnv, image, until
from tests.support.transfer_fakes import transfer
from transferapp import errors
from transferapp.client.importing import export_request
from transferapp.desktop.browse import presenter as browse_module
from transferapp.desktop.browse.export_destinations import ExportDestination
from transferapp.desktop.browse.presenter import BrowseParts, BrowsePresenter
from transferapp.desktop.browse.texts import fact_rows, short_size_text, size_text
from transferapp.desktop.containers.targets import TargetsPresenter
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.events import EventKind
from transferapp.model.export_specs import ExportForm, ExportSpec
from transferapp.model.transfers import TransferDetails, TransferKind
from transferapp.protocol import routes
from transferapp.protocol.export_summaries import ExportSummary
from transferapp.protocol.messages import Accepted
from transferapp.protocol.places import PlaceView

FLIES = ContainerRef(ContainerKind.PROJECT, 1)
EMBRYOS = ContainerRef(ContainerKind.DATASET, 2)
WINGS = ContainerRef(ContainerKind.DATASET, 3)
PLATES = ContainerRef(ContainerKind.SCREEN, 4)
SCRATCH = PlaceView(
    name="cluster", title="Scratch", kind="folder", path="/scratch/anna", used_bytes=0
)
SUMMARY = ExportSummary(
    form=ExportForm.ORIGINALS,
    images=2,
    files=2,
    size_bytes=5,
    estimated=False,
    complete=True,
    most_images=100,
    room_bytes=7,
)
QUEUED = TransferDetails(
    transfer(kind=TransferKind.EXPORT, name="2 images", target=None, target_name=""), ()
)


class Viewer:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.opened: list[int] = []
        self.warm = 0

    def warm_up(self) -> None:
        self.warm += 1

    async def open(self, image_id: int, _name: str) -> float:
        self.opened.append(image_id)
        return 640.0


def env() -> ImageEnv:
    made = ImageEnv()
    made.add(FLIES, "Flies")
    made.add(EMBRYOS, "Embryos", FLIES)
    made.add(WINGS, "Wings", FLIES)
    made.add(PLATES, "Plates")
    made.put_images(EMBRYOS, image(1, "red"), image(2, "green"))
    made.put_images(WINGS, image(3, "blue"))
    return made


async def browsing(folder: Path, made: ImageEnv) -> BrowsePresenter:
    session = await made.signed_in(folder)
    return BrowsePresenter(session, BrowseParts(Viewer(), cast("Any", None)))


async def ended(browse: BrowsePresenter) -> None:
    await browse.close()
    await browse.session.close()


def shown(browse: BrowsePresenter) -> int | None:
    return browse.details.summary.id if browse.details else None


def names(browse: BrowsePresenter) -> list[str]:
    return [found.name for found in browse.images]


async def test_opens_with_all_images_and_the_tops(tmp_path: Path) -> None:
    browse = await browsing(tmp_path, env())
    await browse.open()
    assert names(browse) == ["red", "green", "blue"]
    assert [c.name for c in browse.tree.children(None) or ()] == ["Flies", "Plates"]
    assert browse.tree.children(FLIES) is None
    await browse.open_container(FLIES)
    assert [c.name for c in browse.tree.children(FLIES) or ()] == ["Embryos", "Wings"]
    assert browse.tree.path_names(EMBRYOS) == ["Flies", "Embryos"]
    await ended(browse)


async def test_a_container_and_a_text_narrow_the_list(tmp_path: Path) -> None:
    browse = await browsing(tmp_path, env())
    await browse.show(EMBRYOS)
    assert names(browse) == ["red", "green"]
    await browse.show(EMBRYOS, " gre ")
    assert names(browse) == ["green"]
    await ended(browse)


async def test_long_lists_come_in_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse_module, "PAGE_SIZE", 2)
    made = env()
    browse = await browsing(tmp_path, made)
    await browse.show(None)
    assert names(browse) == ["red", "green"]
    await browse.more()
    assert names(browse) == ["red", "green", "blue"]
    asked = len(made.requests)
    await browse.more()
    assert len(made.requests) == asked
    await ended(browse)


async def test_a_slow_old_list_never_replaces_a_newer_one(tmp_path: Path) -> None:
    browse = await browsing(tmp_path, env())
    await asyncio.gather(browse.show(EMBRYOS), browse.show(WINGS))
    assert names(browse) == ["blue"]
    await ended(browse)


async def test_selecting_reads_the_details_of_the_first(tmp_path: Path) -> None:
    browse = await browsing(tmp_path, env())
    await browse.show(EMBRYOS)
    await browse.select(browse.images)
    assert shown(browse) == 1
    assert await browse.open_in_napari() == 640.0
    await browse.select(())
    assert shown(browse) is None
    with pytest.raises(errors.Invalid, match="Select"):
        await browse.open_in_napari()
    await ended(browse)


async def test_problem_is_reported_and_taken_back(tmp_path: Path) -> None:
    made = env()
    browse = await browsing(tmp_path, made)
    reported: list[errors.TransferAppError | None] = []
    browse.troubled.listen(reported.append)
    made.down = True
    await browse.show(EMBRYOS)
    assert not browse.loading
    made.down = False
    await browse.show(EMBRYOS)
    assert [type(problem) for problem in reported] == [errors.ServerUnreachable, type(None)]
    await ended(browse)


async def test_imported_images_appear_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse_module, "REFRESH_PAUSE_S", 0.01)
    made = env()
    browse = await browsing(tmp_path, made)
    await until(lambda: browse.session.settings.seen_events)
    await browse.show(WINGS)
    made.put_images(WINGS, image(9, "new"))
    asked = len(made.requests)
    for _ in range(20):
        made.report(EventKind.ITEM_CHANGED, state="imported")
    await until(lambda: names(browse) == ["blue", "new"])
    assert len([r for r in made.requests[asked:] if r == "GET /v1/images"]) <= 2
    await ended(browse)


async def test_missed_events_make_it_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferapp.desktop.browse.presenter.REFRESH_PAUSE_S", 0.01)
    made = env()
    browse = await browsing(tmp_path, made)
    await browse.open()
    made.put_images(EMBRYOS, image(4, "yellow"))
    browse.session.missed.notify()
    await until(lambda: "yellow" in names(browse))
    await ended(browse)


async def test_thumbnails_come_once_and_the_last_asked_first(tmp_path: Path) -> None:
    made = ImageEnv()
    made.add(PLATES, "Plates")
    made.put_images(PLATES, *(image(n) for n in range(1, 31)))
    browse = await browsing(tmp_path, made)
    ready: list[int] = []
    browse.thumbnails.ready.listen(ready.append)
    made.thumbnail_gate.clear()
    for number in range(1, 31):
        assert browse.thumbnails.get(number) is None
        assert browse.thumbnails.get(number) is None
    await until(lambda: len([r for r in made.requests if "thumbnail" in r]) == 4)
    made.thumbnail_gate.set()
    await until(lambda: len(ready) == 30)
    assert ready[4] > 20
    assert len([r for r in made.requests if "thumbnail" in r]) == 30
    assert browse.thumbnails.get(7)
    await ended(browse)


async def test_a_missing_thumbnail_is_not_asked_for_for_ever(tmp_path: Path) -> None:
    browse = await browsing(tmp_path, env())
    ready: list[int] = []
    browse.thumbnails.ready.listen(ready.append)
    assert browse.thumbnails.get(404) is None
    await until(lambda: ready == [404])
    assert browse.thumbnails.get(404) == b""
    browse.thumbnails.forget_failures()
    assert browse.thumbnails.get(404) is None
    await ended(browse)


async def test_signing_out_leaves_nothing_of_the_person(tmp_path: Path) -> None:
    browse = await browsing(tmp_path, env())
    await browse.open()
    await browse.select(browse.images[:1])
    await browse.session.sign_out()
    assert browse.images == ()
    assert browse.selected == ()
    assert browse.tree.children(None) is None
    await browse.close()


async def test_an_export_hands_over_and_remembers_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browse = await browsing(tmp_path, env())
    await browse.show(EMBRYOS)
    await browse.select(browse.images)
    plans: list[Any] = []

    async def hand_over(_server: object, agent: object, plan: Any, *, owner: str) -> Any:
        assert isinstance(agent, FakeAgent)
        plans.append((plan, owner))
        return SimpleNamespace(name=plan.name)

    monkeypatch.setattr(browse_module, "hand_over_export", hand_over)
    choice = browse.selected_choice()
    assert choice is not None
    goes = ExportDestination(tmp_path / "out")
    assert await browse.export(choice, goes, ExportSpec()) == "2 images"
    ((plan, owner),) = plans
    assert (plan.image_ids, plan.name, owner) == ((1, 2), "2 images", "anna")
    assert browse.session.settings.export_folder == str(tmp_path / "out")
    await ended(browse)


async def test_an_export_to_a_place_needs_no_workstation_service(tmp_path: Path) -> None:
    made = env()
    browse = await browsing(tmp_path, made)
    await browse.show(EMBRYOS)
    await browse.select(browse.images)
    choice = browse.selected_choice()
    assert choice is not None
    assert await browse.places() == []  # Of a server that knows none.
    asked: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == routes.EVENTS:  # The session follows them meanwhile.
            return httpx.Response(503)
        asked.append((request.url.path, json.loads(request.content or "{}").get("to", "")))
        if request.url.path == routes.PLACES:
            return httpx.Response(200, json=[SCRATCH.model_dump()])
        if request.url.path == routes.EXPORT_SUMMARY:
            return httpx.Response(200, json=SUMMARY.model_dump(mode="json"))
        return httpx.Response(202, text=Accepted(details=QUEUED, grant="g").model_dump_json())

    made.answer = answer
    (scratch,) = await browse.places()
    assert (await browse.summarize(choice, ExportSpec(), scratch)).room_bytes == 7
    await browse.summarize(choice, ExportSpec())
    goes = ExportDestination(place=scratch, below="runs")
    assert await browse.export(choice, goes, ExportSpec()) == QUEUED.transfer.name
    assert asked == [
        (routes.PLACES, ""),
        (routes.EXPORT_SUMMARY, "cluster:"),
        (routes.EXPORT_SUMMARY, ""),
        (routes.EXPORTS, "cluster:runs"),
    ]
    agent = cast("FakeAgent", browse.session.agent)
    assert agent.submitted == []
    assert browse.session.settings.export_folder == ""
    await ended(browse)


async def test_an_export_without_an_answer_is_asked_for_again_not_twice(
    tmp_path: Path,
) -> None:
    made = env()
    browse = await browsing(tmp_path, made)
    await browse.show(EMBRYOS)
    await browse.select(browse.images)
    choice = browse.selected_choice()
    assert choice is not None
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != routes.EXPORTS:
            return httpx.Response(503)
        keys.append(request.headers[routes.IDEMPOTENCY_KEY])
        if len(keys) in {1, 3}:
            raise httpx.ReadError("the line is dead", request=request)
        return httpx.Response(202, text=Accepted(details=QUEUED, grant="g").model_dump_json())

    made.answer = answer
    goes = ExportDestination(place=SCRATCH)
    with pytest.raises(errors.ServerUnreachable):
        await browse.export(choice, goes, ExportSpec())
    await browse.export(choice, goes, ExportSpec())
    with pytest.raises(errors.ServerUnreachable):
        await browse.export(choice, goes, ExportSpec())
    anew = browse.selected_choice()
    assert anew is not None
    await browse.export(anew, goes, ExportSpec())
    first, again, another, of_another_dialog = keys
    assert first == again
    assert len({first, another, of_another_dialog}) == 3
    await ended(browse)


async def test_what_is_exported_is_what_is_in_view(tmp_path: Path) -> None:
    browse = await browsing(tmp_path, env())
    await browse.open()
    assert (
        browse.selected_choice() is browse.container_choice() is browse.found_choice() is None
    )
    await browse.open_container(FLIES)
    await browse.show(EMBRYOS, "gre")
    everything, found = browse.container_choice(), browse.found_choice()
    assert everything is not None
    assert (everything.containers, everything.text) == ((EMBRYOS,), "")
    assert found is not None
    assert found.title == "all images named like “gre” in “Embryos”"
    request = export_request(found.plan(ExportDestination(tmp_path), ExportSpec()))
    assert (request.containers, request.text, request.image_ids) == (["Dataset:2"], "gre", [])
    await browse.show(None)
    found = browse.found_choice()
    assert found is not None
    assert (found.containers, found.text) == ((), "gre")
    await ended(browse)


async def test_targets_are_datasets_and_screens_one_may_write_to(tmp_path: Path) -> None:
    made = env()
    made.add(ContainerRef(ContainerKind.DATASET, 8), "Foreign", FLIES, can_link=False)
    session = await made.signed_in(tmp_path)
    targets = TargetsPresenter(session)
    await targets.load()
    assert [t.label for t in targets.targets] == ["Flies / Embryos", "Flies / Wings", "Plates"]
    made_now = await targets.make(ContainerKind.DATASET, "Legs", FLIES)
    assert targets.chosen is not None
    assert targets.chosen.ref == made_now.ref
    assert targets.chosen.label == "Flies / Legs"
    with pytest.raises(errors.NameTaken):
        await targets.make(ContainerKind.DATASET, "Legs", FLIES)
    made.down = True
    await targets.load()
    assert isinstance(targets.trouble, errors.ServerUnreachable)
    await session.close()


def test_sizes_in_text() -> None:
    stack = image(1, size_c=3, size_z=12, size_t=5)
    assert size_text(stack) == "64 × 48, 3 channels, 12 z, 5 t"  # noqa: RUF001
    assert short_size_text(image(1, size_c=1)) == "64 × 48"  # noqa: RUF001


async def test_details_in_text(tmp_path: Path) -> None:
    browse = await browsing(tmp_path, env())
    await browse.show(EMBRYOS)
    await browse.select(browse.images[:1])
    assert browse.details is not None
    rows = dict(fact_rows(browse.details))
    assert rows["Pixel size"] == "0.5 × 0.5 µm"  # noqa: RUF001
    assert rows["In"] == "Flies / Embryos"
    assert "Z planes" not in rows
    await ended(browse)
