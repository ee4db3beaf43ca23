"""What an archive says is written by the task that imports: once, also after faults."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.import_env import OWNER
from tests.support.import_task_env import Env, working_env
from transferapp.errors import RepositoryUnavailable
from transferapp.host.resources import resource
from transferapp.model.annotations import EDITABLE_PAIRS
from transferapp.model.containers import ContainerKind
from transferapp.model.images import Annotation, AnnotationKind, ImageDetails
from transferapp.model.restoring import (
    ImageTexts,
    RestoredImage,
    RestoredItem,
    RestoredPlate,
)
from transferapp.model.rois import Roi, Shape, ShapeKind
from transferapp.model.transfers import ItemState
from transferapp.operations import restore_images

TAG = Annotation(AnnotationKind.TAG, value="kept")
PAIRS = Annotation(AnnotationKind.KEY_VALUE, EDITABLE_PAIRS, pairs=(("stain", "DAPI"),))
MASK = Shape(5, ShapeKind.MASK, ((1.0, 2.0),), (3.0, 4.0), mask=bytes([0xFF, 0x00, 0x80]))
COUNT, SIZES = 5, (9, 8, 1, 1, 1)


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    """Return a bench with a worker."""
    async with working_env(tmp_path) as env:
        yield env


def series(path: Path) -> Path:
    """Make a file of five images."""
    with tifffile.TiffWriter(path, ome=True) as writer:
        for number in range(COUNT):
            plane = np.full((8, 9), number, np.uint8)
            writer.write(plane, metadata={"axes": "YX", "Name": f"Position {number}"})
    return path


async def images_of(env: Env, image_ids: tuple[int, ...]) -> list[ImageDetails]:
    async with env.repository.session(OWNER) as session:
        return [await session.images.get(one) for one in image_ids]


async def test_each_image_gets_what_is_said_of_it(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repository fails in the middle: nothing is written twice, and nothing is lost."""
    monkeypatch.setattr(restore_images, "_AT_ONCE", 2)
    assert env.target is not None
    async with env.repository.session(OWNER) as session:
        other = (await session.containers.create(ContainerKind.DATASET, "Other")).ref
    target = env.target.ref
    images = tuple(
        RestoredImage(
            number,
            ImageTexts(f"Cell {number}", f"the cell {number}", (f"channel {number}",)),
            SIZES,
            (TAG, PAIRS),
            (Roi(7, (MASK,), "a ROI"),),
            ((target,), (target, other), (other,), (), (target,))[number],
        )
        for number in range(COUNT)
    )
    away = RestoredImage(COUNT + 3, ImageTexts("Not there"), SIZES)
    large = RestoredImage(COUNT + 1, ImageTexts("Large"), (99, 8, 1, 1, 1))
    env.faults["add_rois"] = [RepositoryUnavailable("away"), RepositoryUnavailable("again")]
    env.faults["link_images"] = [RepositoryUnavailable("away")]
    item = RestoredItem((*images, away, large))
    details = await env.add_import([series(env.folder / "run.ome.tif")], restored=item)
    await env.finish(details)
    done = await env.item(details)
    assert done.state is ItemState.IMPORTED
    assert done.note.startswith("2 images of the archive are not among those made")
    found = await images_of(env, done.image_ids)
    assert [one.summary.name for one in found] == [f"Cell {n}" for n in range(COUNT)]
    assert [one.description for one in found] == [f"the cell {n}" for n in range(COUNT)]
    channels = [[channel.name for channel in one.pixels.channels] for one in found]
    assert channels == [[f"channel {n}"] for n in range(COUNT)]
    assert [one.annotations for one in found] == [(TAG, PAIRS)] * COUNT
    where = [("Monday",), ("Monday", "Other"), ("Other",), ("Monday",), ("Monday",)]
    assert [one.container_names for one in found] == where
    async with env.repository.session(OWNER) as session:
        for one in found:
            [roi] = await session.images.rois(one.summary.id)
            assert (roi.name, [shape.mask for shape in roi.shapes]) == ("a ROI", [MASK.mask])


async def test_a_plate_is_called_and_described(env: Env) -> None:
    folder = resource("sample-data", "ome-tiff-plate-cells")
    first = folder / "plate.companion.ome"
    paths = [first, *sorted(set(folder.iterdir()) - {first})]
    async with env.repository.session(OWNER) as session:
        screen = (await session.containers.create(ContainerKind.SCREEN, "Screen")).ref
    plain = await env.add_import(paths, target=screen)
    await env.finish(plain)
    [like, *_] = await images_of(env, (await env.item(plain)).image_ids)
    summary = like.summary
    sizes = (summary.size_x, summary.size_y, summary.size_z, summary.size_c, summary.size_t)
    images = (RestoredImage(0, ImageTexts("A field"), sizes, plate=0),)
    plates = (RestoredPlate("Plate of 2019", "forty drugs", (TAG,)),)
    again = env.folder / "again"
    again.mkdir()
    for path in paths:
        (again / path.name).write_bytes(path.read_bytes())
    copies = [again / path.name for path in paths]
    details = await env.add_import(copies, target=screen, restored=RestoredItem(images, plates))
    await env.finish(details)
    done = await env.item(details)
    [named, *_] = await images_of(env, done.image_ids)
    assert named.summary.name == "A field"
    async with env.repository.session(OWNER) as session:
        children = await session.containers.children(screen)
        [plate] = [one for one in children if one.name == "Plate of 2019"]
        assert (plate.description, len(children)) == ("forty drugs", 2)
        assert await session.restoring.container_annotations(plate.ref) == [TAG]
