"""What an export would bring is told before it is asked for, on a real server."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from tests.support.many_images import FILE_BYTES, FILES, add_many
from tests.support.rest_server import RestServer, http, new_dataset, server
from tests.support.rest_uploads import bearer, problem_of
from tests.support.tape import Tape
from transferapp.errors import Invalid, NotFound
from transferapp.host.database import writing
from transferapp.model.export_specs import ExportForm
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.operations.export_summary import ExportSummaries
from transferapp.protocol import routes
from transferapp.protocol.export_requests import (
    AskedCut,
    AskedSpan,
    ExportRequest,
    export_body,
)
from transferapp.repositories.local.storage import schema
from transferapp.repositories.local.storage.schema import open_repository_database
from transferapp.repositories.local.storage.store import Originals
from transferapp.tiers.wiring import open_tiers

__all__ = ["http", "server"]

#: Of an image of ``add_many``.
PIXEL_BYTES = 8 * 4 * 3 * 2


def many(server: RestServer, count: int, **more: int) -> str:
    """Return a dataset of ada's with so many images."""
    return str(add_many(server.parts.settings.repository_folder, "ada", count, **more))


def asked(*containers: str, ids: list[int] | None = None, **more: object) -> ExportRequest:
    values = {"name": "x", "containers": list(containers), "image_ids": ids or [], **more}
    return ExportRequest.model_validate(values)


async def test_originals_are_counted_once_for_each_fileset(server: RestServer) -> None:
    ada, dataset = await server.signed_in(), many(server, 7, per_fileset=3)
    found = await ada.export_summary(asked(dataset, ids=[1, 2, 2]))
    assert (found.images, found.files, found.size_bytes) == (7, 3 * FILES, 3 * FILES * 1000)
    assert (found.complete, found.estimated, found.refused) == (True, False, "")
    assert found.free_bytes is None
    assert FILE_BYTES == 1000
    assert (await ada.transfers()).items == [], "nothing was queued"


async def test_other_forms_are_estimated_by_their_pixels(server: RestServer) -> None:
    ada, dataset = await server.signed_in(), many(server, 5)
    whole = await ada.export_summary(asked(dataset, form=ExportForm.OME_TIFF))
    assert (whole.files, whole.size_bytes, whole.estimated) == (5, 5 * PIXEL_BYTES, True)
    assert (whole.free_bytes or 0) > 0
    zarr = await ada.export_summary(asked(dataset, form=ExportForm.OME_ZARR))
    assert (zarr.files, zarr.size_bytes) == (None, 5 * PIXEL_BYTES)
    cut = AskedCut(z=AskedSpan(first=1, count=2), x=AskedSpan(first=2, count=4))
    part = await ada.export_summary(asked(dataset, form=ExportForm.OME_TIFF, cut=cut))
    assert part.size_bytes == 5 * PIXEL_BYTES // 3
    picture = await ada.export_summary(asked(dataset, form=ExportForm.PNG))
    assert (picture.files, picture.size_bytes) == (5 * 3, 5 * 3 * 8 * 4 * 3)


async def test_annotations_are_two_files_more(server: RestServer) -> None:
    ada, dataset = await server.signed_in(), many(server, 5)
    asked_for = asked(dataset, form=ExportForm.OME_TIFF, with_annotations=True)
    assert (await ada.export_summary(asked_for)).files == 3 * 5


async def test_the_slower_way_is_known(server: RestServer) -> None:
    ada, dataset = await server.signed_in(), many(server, 1)
    assert not (await ada.export_summary(asked(dataset))).through_api
    assert not (await ada.export_summary(asked(dataset, form=ExportForm.PNG))).through_api


async def test_a_part_that_images_do_not_have(server: RestServer) -> None:
    ada, dataset = await server.signed_in(), many(server, 23)
    for cut, reason in (
        (AskedCut(z=AskedSpan(first=3, count=1)), "It has 3 planes."),
        (AskedCut(channels=[1]), "It has 1 channels."),
    ):
        found = await ada.export_summary(asked(dataset, form=ExportForm.OME_TIFF, cut=cut))
        assert (found.unsuitable.count, len(found.unsuitable.first)) == (23, 20)
        assert found.unsuitable.first[0].name.startswith("image ")
        assert found.unsuitable.first[0].reason == reason
        assert (found.images, found.size_bytes, found.files) == (23, 0, 0)


@pytest.mark.export_bad_input
async def test_what_is_gone_is_named_and_would_be_refused(server: RestServer) -> None:
    ada, dataset = await server.signed_in(), many(server, 3)
    request = asked(dataset, "Dataset:99", "Plate:7", ids=[1, 500, 501])
    found = await ada.export_summary(request)
    assert found.images == 3
    assert [one.ref for one in found.missing.first] == [
        "Image:500", "Image:501", "Dataset:99", "Plate:7",
    ]  # fmt: skip
    assert found.missing.count == 4
    with pytest.raises(NotFound) as refused:
        await ada.submit_export(request)
    assert found.refused == str(refused.value)
    bob = await server.signed_in("bob")
    of_bob = await bob.export_summary(asked(dataset, ids=[1]))
    assert (of_bob.images, of_bob.missing.count, of_bob.size_bytes) == (0, 2, 0)


async def test_nothing_is_refused_in_the_same_words(server: RestServer) -> None:
    ada = await server.signed_in()
    request = asked(str((await new_dataset(ada)).ref))
    found = await ada.export_summary(request)
    with pytest.raises(Invalid) as refused:
        await ada.submit_export(request)
    assert found.refused == str(refused.value)


async def test_images_without_files_are_named(server: RestServer) -> None:
    ada, dataset = await server.signed_in(), many(server, 4)
    engine = open_repository_database(server.parts.settings.repository_folder)
    with writing(engine) as connection:
        of_one = (
            schema.original_files.c.fileset_id
            == sa.select(sa.func.min(schema.filesets.c.id)).scalar_subquery()
        )
        connection.execute(schema.original_files.delete().where(of_one))
    engine.dispose()
    found = await ada.export_summary(asked(dataset))
    assert (found.images, found.files, found.without_originals.count) == (4, 3 * FILES, 1)
    assert found.without_originals.first[0].name.startswith("image ")


async def test_fifty_thousand_images_in_seconds(server: RestServer) -> None:
    ada, dataset = await server.signed_in(), many(server, 50_000)
    began = time.monotonic()
    found = await ada.export_summary(asked(dataset))
    assert time.monotonic() - began < 20
    if found.complete:
        assert (found.images, found.files) == (50_000, 100_000)
    else:
        assert 0 < found.images < 50_000


async def test_what_takes_long_is_at_least_so_much(server: RestServer) -> None:
    dataset = many(server, 2500)
    real = server.parts.export_summaries
    hasty = ExportSummaries(
        real._repository,
        real._prepared,
        real._ledger,
        real._places,
        real._opened,
        longest_s=0.0,
    )
    found = await hasty.summarize("ada", asked(dataset))
    assert (found.complete, found.images, found.files) == (False, 1000, 1000 * FILES)


async def test_an_archive_that_cannot_be_asked_is_told(
    server: RestServer, tmp_path: Path
) -> None:
    dataset, tape = many(server, 1), Tape(tmp_path / "archive")
    real = server.parts.export_summaries
    with_tape = ExportSummaries(
        real._repository,
        real._prepared,
        real._ledger,
        real._places,
        lambda: asyncio.to_thread(open_tiers, tape.settings),
    )
    # Of files that this process does not see it asks nothing, and nothing is in the way.
    assert (await with_tape.summarize("ada", asked(dataset))).hindrance == ""
    await lay_down(server)
    assert (await with_tape.summarize("ada", asked(dataset))).archived_files == 0
    tape.behave("sys.exit(2)")
    found = await with_tape.summarize("ada", asked(dataset))
    assert found.hindrance == "The archive cannot be asked where the files are."
    assert (found.archived_files, found.refused) == (None, "")
    tape.settings.unlink()
    assert "cannot be asked" in (await with_tape.summarize("ada", asked(dataset))).hindrance


async def lay_down(server: RestServer) -> None:
    originals = Originals(server.parts.settings.repository_folder)
    async with server.parts.repository.session("ada") as session:
        images = await session.images.find(limit=1000)
        for file in await session.images.files([image.id for image in images]):
            path = originals.named(file.fileset_id, file.client_path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * file.size_bytes)


async def test_it_is_asked_like_an_export(server: RestServer, http: httpx.AsyncClient) -> None:
    ada, dataset = await server.signed_in(), many(server, 1)
    body = {"name": "x", "containers": [dataset], "form": "ome-tiff", "cut": {"level": 1}}
    answer = await http.post(routes.EXPORT_SUMMARY, json=body, headers=bearer(ada.token or ""))
    assert answer.json()["size_bytes"] == PIXEL_BYTES // 4


async def tagged(server: RestServer, tag: str, *image_ids: int) -> None:
    async with server.parts.repository.session("ada") as session:
        for image_id in image_ids:
            note = Annotation(AnnotationKind.TAG, value=tag)
            await session.images.annotate({image_id: [note]})


async def test_tags_and_a_search_choose_images_each_once(server: RestServer) -> None:
    ada, dataset = await server.signed_in(), many(server, 30)
    await tagged(server, "fixed", 3, 13, 23)
    await tagged(server, "live", 4, 13)
    for chosen, ids in (
        ({"tags": ["fixed"]}, {3, 13, 23}),
        ({"tags": ["fixed", "live"]}, {3, 4, 13, 23}),
        ({"tags": ["fixed"], "image_ids": [1, 3]}, {1, 3, 13, 23}),
        ({"text": "IMAGE 2"}, {2, *range(20, 30)}),
        ({"text": "e 2", "tags": ["fixed"]}, {23}),
        ({"text": "e 2", "containers": [dataset], "image_ids": [7]}, {2, 7, *range(20, 30)}),
    ):
        request = ExportRequest.model_validate({"name": "x"} | chosen)
        assert (await ada.export_summary(request)).images == len(ids)
        items = (await ada.submit_export(request)).details.items
        assert {one for item in items for one in item.image_ids} == ids, chosen


@pytest.mark.parametrize("chosen", [{"tags": ["fxed"]}, {"wells": [77]}, {"text": "nothing"}])
async def test_what_chooses_nothing_is_told(server: RestServer, chosen: dict[str, Any]) -> None:
    ada = await server.signed_in()
    many(server, 2)
    await tagged(server, "fixed", 1)
    request = ExportRequest.model_validate({"name": "x", "image_ids": []} | chosen)
    found = await ada.export_summary(request)
    with pytest.raises((NotFound, Invalid)) as refused:
        await ada.submit_export(request)
    assert found.refused == str(refused.value)


@pytest.mark.export_bad_input
async def test_what_is_gone_may_be_left_out(server: RestServer) -> None:
    ada = await server.signed_in()
    many(server, 3)
    request = asked("Dataset:99", ids=[1, 500, 3], tags=["no such"], skip_missing=True)
    found = await ada.export_summary(request)
    assert (found.images, found.missing.count, found.refused) == (2, 3, "")
    items = (await ada.submit_export(request)).details.items
    assert [item.image_ids for item in items] == [(1,), (3,)]
    with pytest.raises(Invalid):
        await ada.submit_export(asked("Dataset:99", skip_missing=True))


async def test_a_well(server: RestServer) -> None:
    ada, plate = await server.signed_in(), many(server, 6)
    engine = open_repository_database(server.parts.settings.repository_folder)
    with writing(engine) as connection:
        at = {"plate_id": int(plate.partition(":")[2]), "row": 0, "column": 1}
        connection.execute(schema.wells.insert().values(id=5, **at))
        held = schema.image_links.c.image_id.in_([2, 4])
        connection.execute(schema.image_links.update().where(held).values(well_id=5))
    engine.dispose()
    request = ExportRequest(name="x", wells=[5])
    assert (await ada.export_summary(request)).images == 2
    items = (await ada.submit_export(request)).details.items
    assert [item.image_ids for item in items] == [(2,), (4,)]
    bob = await server.signed_in("bob")
    assert (await bob.export_summary(request)).missing.first[0].ref == "Well:5"


async def test_fifty_thousand_named_images(server: RestServer) -> None:
    """As a saved list has them."""
    ada = await server.signed_in()
    many(server, 50_000)
    ids = list(range(1, 50_001))
    found = await ada.export_summary(asked(ids=ids))
    assert found.images == 50_000 or not found.complete
    with pytest.raises(ValidationError):
        asked(ids=list(range(100_001)))


def test_an_earlier_server_is_asked_in_its_own_words() -> None:
    """It refuses fields that it does not know; what is not used is not sent."""
    sent = json.loads(export_body(ExportRequest(name="x", image_ids=[1])))
    assert set(sent) == {"name", "image_ids"}
    assert json.loads(export_body(ExportRequest(name="x", tags=["a"])))["tags"] == ["a"]


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"tags": [""]},
        {"tags": ["a\x00"]},
        {"text": "\x00"},
        {"wells": [-1]},
        {"wells": [1 << 63]},
    ],
    ids=["nothing", "empty tag", "NUL in a tag", "NUL", "negative", "too large"],
)
async def test_what_no_repository_holds_is_refused(
    server: RestServer, http: httpx.AsyncClient, chosen: dict[str, Any]
) -> None:
    ada = await server.signed_in()
    for path in (routes.EXPORTS, routes.EXPORT_SUMMARY):
        answer = await http.post(
            path, json={"name": "x"} | chosen, headers=bearer(ada.token or "")
        )
        assert problem_of(answer)["code"] == "invalid"
