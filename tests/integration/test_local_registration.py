"""What a file says that cannot be true, or says of several plates, on its way in and out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from math import inf, nan
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.local_images import Opener, opener
from tests.support.ome_files import block, image, ome, plate, write_pages
from transferapp.host.clock import SystemClock
from transferapp.host.database import reading, writing
from transferapp.model.containers import ContainerKind
from transferapp.model.identity import GroupPermissions
from transferapp.model.images import ImageDetails
from transferapp.preview.zarr_metadata import group_document
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.repositories.local.imports.headers import plausible_header
from transferapp.repositories.local.readers.port import ChannelHint
from transferapp.repositories.local.repository import LocalRepository
from transferapp.repositories.local.storage.schema import (
    containers,
    image_links,
    images,
    open_repository_database,
    wells,
)
from transferapp.testing.repository_env import (
    ALICE,
    LAB,
    PASSWORD,
    Sample,
    import_all,
    plan_for,
)

__all__ = ["opener"]


@pytest.fixture
async def repository(tmp_path: Path) -> AsyncIterator[LocalRepository]:
    administration = Administration(tmp_path / "repository")
    await administration.add_experimenter(ALICE, "Alice Adams", PASSWORD)
    await administration.add_group(LAB, GroupPermissions.READ_ANNOTATE)
    await administration.add_member(ALICE, LAB)
    made = LocalRepository(tmp_path / "repository", SystemClock())
    yield made
    await made.close()


async def imported(
    repository: LocalRepository,
    path: Path,
    kind: ContainerKind = ContainerKind.DATASET,
    rider: str = "",
) -> list[ImageDetails]:
    names = (path.name, rider) if rider else (path.name,)
    sample = Sample(path.parent, names, 1)
    async with repository.session(ALICE) as session:
        target = await session.containers.create(kind, "Target")
        plan = plan_for(sample, target.ref, session.identity.default_group_id)
        made = await import_all(session, plan, sample.paths)
        return [await session.images.get(image_id) for image_id in made.image_ids]


async def test_two_plates_of_one_document_are_two_plates(
    repository: LocalRepository, tmp_path: Path
) -> None:
    inside = [image(block(n), number=n) for n in range(5)]
    xml = ome(plate(0, [0, 1], "left"), plate(1, [2, 3], "right"), *inside)
    path = write_pages(tmp_path / "plates.ome.tif", xml, range(5))
    made = await imported(repository, path, ContainerKind.SCREEN)
    assert [details.container_names for details in made] == [
        ("left",),
        ("left",),
        ("right",),
        ("right",),
        # No well names it; it stays with what it came with.
        ("left",),
    ]
    engine = open_repository_database(tmp_path / "repository")
    query = (
        sa.select(containers.c.name, wells.c.row, wells.c.column)
        .join_from(image_links, wells, image_links.c.well_id == wells.c.id)
        .join(containers, wells.c.plate_id == containers.c.id)
        .order_by(image_links.c.image_id)
    )
    with reading(engine) as connection:
        places = [tuple(row) for row in connection.execute(query)]
    engine.dispose()
    assert places == [("left", 0, 0), ("left", 0, 1), ("right", 0, 0), ("right", 0, 1)]


@pytest.mark.parametrize(
    ("size", "date"),
    [("INF", "0001-01-01T00:00:00"), ("NaN", "0001-01-01T00:00:00+01:00")],
)
async def test_what_cannot_be_true_is_unknown(
    repository: LocalRepository, tmp_path: Path, size: str, date: str
) -> None:
    attributes = f'PhysicalSizeX="{size}" PhysicalSizeY="{size}" PhysicalSizeZ="2"'
    before = f"<AcquisitionDate>{date}</AcquisitionDate>"
    xml = ome(image(block(), attributes=attributes, before=before))
    [made] = await imported(repository, write_pages(tmp_path / "a.ome.tif", xml))
    assert made.pixels.pixel_size_um == (2.0, None, None)
    assert made.summary.acquired_at is None
    group_document(made.pixels)


def test_no_reader_brings_in_what_cannot_be_true(opener: Opener, tmp_path: Path) -> None:
    path = write_pages(tmp_path / "a.ome.tif", ome(image(block())))
    header = replace(
        opener.only_image(path).header,
        pixel_size_um=(inf, nan, 0.5),
        acquired_at=datetime(1, 1, 1, tzinfo=UTC),
        channels=(
            ChannelHint("a", window=(0.0, inf)),
            ChannelHint("b", window=(5.0, 5.0)),
            ChannelHint("c", window=(1.0, 9.0)),
        ),
    )
    found = plausible_header(header)
    assert found.pixel_size_um == (None, None, 0.5)
    assert found.acquired_at is None
    assert [channel.window for channel in found.channels] == [None, None, (1.0, 9.0)]


async def test_what_an_earlier_release_stored_is_scanned_at_when_it_is_read(
    repository: LocalRepository, tmp_path: Path
) -> None:
    [made] = await imported(repository, write_pages(tmp_path / "a.tif", None))
    engine = open_repository_database(tmp_path / "repository")
    with writing(engine) as connection:
        pixels = connection.scalars(sa.select(images.c.pixels)).one()
        pixels["pixel_size_um"] = [None, inf, nan]
        pixels["channels"][0][2:4] = [0.0, inf]
        values = {"pixels": pixels, "acquired_at": datetime(1, 1, 1, tzinfo=UTC)}
        connection.execute(images.update().values(**values))
    engine.dispose()
    async with repository.session(ALICE) as session:
        again = await session.images.get(made.summary.id)
    assert again.pixels.pixel_size_um == (None, None, None)
    assert again.summary.acquired_at is None
    assert again.pixels.channels[0].window_end == 1.0
    assert json.loads(group_document(again.pixels))


async def test_images_of_a_plate_go_into_a_dataset_all_the_same(
    repository: LocalRepository, tmp_path: Path
) -> None:
    inside = [image(block(n), number=n) for n in range(2)]
    xml = ome(plate(0, [0], "left"), plate(1, [1], "right"), *inside)
    path = write_pages(tmp_path / "plates.ome.tif", xml, range(2))
    made = await imported(repository, path)
    assert [details.container_names for details in made] == [("Target",), ("Target",)]
    async with repository.session(ALICE) as session:
        assert await session.containers.children(None, kind=ContainerKind.PLATE) == []


async def test_options_of_bio_formats_beside_a_file_make_no_set(
    repository: LocalRepository, tmp_path: Path
) -> None:
    path = write_pages(tmp_path / "a.tif", None, [7])
    options = tmp_path / "a.tif.bfoptions"
    options.write_text("zeissczi.autostitch=false\n")
    [details] = await imported(repository, path, rider=options.name)
    assert [file.name for file in details.files] == [path.name, options.name]
