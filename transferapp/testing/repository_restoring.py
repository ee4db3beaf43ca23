"""Conformance of image repositories: writing what an archive says, twice as after a crash."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from transferapp.errors import ImageNotFound, Invalid, PermissionDenied, TargetNotFound
from transferapp.model.annotations import EDITABLE_PAIRS
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.restoring import ContainerPlan, ImageTexts
from transferapp.model.rois import Affine, Roi, Shape, ShapeKind
from transferapp.repositories.port import Capability
from transferapp.testing.repository_env import (
    ALICE,
    BOB,
    RepositoryEnv,
    import_all,
    new_dataset,
    plan_for,
)

NOTES = (
    Annotation(AnnotationKind.TAG, value="kept \N{GREEK SMALL LETTER ALPHA}"),
    Annotation(AnnotationKind.COMMENT, value="said\nin two lines"),
    Annotation(AnnotationKind.KEY_VALUE, EDITABLE_PAIRS, pairs=(("a", "1"), ("a", "2"))),
)
TURNED = Affine(0.0, -1.0, 100.0, 1.0, 0.0, 20.1)
SHAPES = (
    Shape(
        0, ShapeKind.RECTANGLE, ((1.0, 2.5),), (30.0, 0.1), z=0, t=0, text="a nucleus",
        stroke_color="FF0000FF", fill_color="00FF0080",
    ),
    Shape(0, ShapeKind.ELLIPSE, ((50.0, 60.0),), (7.0, 8.0), c=0, transform=TURNED),
    Shape(0, ShapeKind.POLYGON, ((1.5, 1.0), (5.0, 1e-7), (5.0, -0.1))),
    Shape(0, ShapeKind.POLYLINE, ((1.0, 2.0), (3.0, 4.0), (0.3, 12345678.9))),
    Shape(0, ShapeKind.LINE, ((1.0, 2.0), (3.0, 4.0))),
    Shape(0, ShapeKind.POINT, ((10.0, 20.0),)),
    Shape(0, ShapeKind.LABEL, ((11.0, 21.0),), text="here"),
    Shape(0, ShapeKind.MASK, ((4.0, 5.0),), (3.0, 4.0), mask=bytes([0xA0, 0x40])),
)  # fmt: skip
ROIS = (
    Roi(0, SHAPES[:2], "a cell", "drawn\nby hand"),
    *(Roi(0, (shape,)) for shape in SHAPES[2:]),
    Roi(0, SHAPES[5:6]),
)


class RestoringSuite:
    """Containers made once, names, annotations, ROIs, links."""

    async def test_a_container_is_made_once_under_its_key(self, env: RepositoryEnv) -> None:
        assert Capability.RESTORING in env.repository.capabilities
        async with env.repository.session(ALICE) as session:
            key = f"archive {uuid4().hex} Project:3"
            plan = ContainerPlan(key, ContainerKind.PROJECT, "Flies", "of 2026")
            made = await session.restoring.make_container(plan)
            assert (made.name, made.description, made.owner) == ("Flies", "of 2026", ALICE)
            await session.restoring.describe_container(made.ref, "Renamed", "since")
            again = await session.restoring.make_container(plan)
            assert (again.ref, again.name, again.description) == (made.ref, "Renamed", "since")
            below = ContainerPlan(f"{key}/5", ContainerKind.DATASET, "Day 1", parent=made.ref)
            dataset = await session.restoring.make_container(below)
            assert dataset.parent == made.ref
            assert (await session.restoring.make_container(below)).ref == dataset.ref
            assert len(await session.containers.children(made.ref)) == 1
            screen = replace(plan, kind=ContainerKind.SCREEN, key=f"{key} s")
            assert (await session.restoring.make_container(screen)).name == "Flies"
            assert await session.restoring.container_annotations(made.ref) == []
            with pytest.raises(Invalid):
                await session.restoring.make_container(replace(plan, key="x", name=" "))
        async with env.repository.session(BOB) as session:
            assert (await session.restoring.make_container(plan)).ref != made.ref
            with pytest.raises(PermissionDenied):
                await session.restoring.describe_container(made.ref, "Mine", "")

    async def test_annotations_of_a_container_are_added_once(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            dataset = (await new_dataset(session)).ref
            for _ in range(2):
                await session.restoring.annotate_container(dataset, [*NOTES, NOTES[0]])
            found = await session.restoring.container_annotations(dataset)
            assert sorted(found, key=NOTES.index) == list(NOTES)
            gone = ContainerRef(ContainerKind.DATASET, 987654321)
            with pytest.raises(TargetNotFound):
                await session.restoring.annotate_container(gone, NOTES)
            with pytest.raises(TargetNotFound):
                await session.restoring.container_annotations(gone)

    async def test_images_are_called_and_described(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            plan = plan_for(env.single, None, session.identity.default_group_id)
            [image_id] = (await import_all(session, plan, env.single.paths)).image_ids
            before = await session.images.get(image_id)
            texts = ImageTexts("Cell 7", "fixed\nand stained", ("DAPI",))
            for _ in range(2):
                await session.restoring.describe_images({image_id: texts})
            found = await session.images.get(image_id)
            assert (found.summary.name, found.description) == ("Cell 7", "fixed\nand stained")
            assert [one.name for one in found.pixels.channels] == ["DAPI"]
            assert found.pixels.channels == (replace(before.pixels.channels[0], name="DAPI"),)
            # Names of other channels than it has are of another image.
            other = ImageTexts("Cell 7", channels=("a", "b"))
            await session.restoring.describe_images({image_id: other})
            found = await session.images.get(image_id)
            assert (found.description, found.pixels.channels[0].name) == ("", "DAPI")
            with pytest.raises(ImageNotFound):
                await session.restoring.describe_images({987654321: texts})
        async with env.repository.session(BOB) as session:
            with pytest.raises(PermissionDenied):
                await session.restoring.describe_images({image_id: texts})

    async def test_rois_are_drawn_once(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            plan = plan_for(env.single, None, session.identity.default_group_id)
            [image_id] = (await import_all(session, plan, env.single.paths)).image_ids
            # As a crash leaves it: some are there.
            assert await session.restoring.add_rois(image_id, ROIS[:3]) == 3
            assert await session.restoring.add_rois(image_id, ROIS) == len(ROIS) - 3
            assert await session.restoring.add_rois(image_id, ROIS) == 0
            found = await session.images.rois(image_id)
            ids = [roi.id for roi in found]
            assert ids == sorted(set(ids))
            plain = [
                replace(roi, id=0, shapes=tuple(replace(s, id=0) for s in roi.shapes))
                for roi in found
            ]
            assert plain == list(ROIS)
            assert await session.images.rois(image_id, after=ids[-2]) == found[-1:]
            with pytest.raises(ImageNotFound):
                await session.restoring.add_rois(987654321, ROIS)

    async def test_an_image_lies_in_several_datasets(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            first, second = [(await new_dataset(session, n)).ref for n in ("One", "Two")]
            plan = plan_for(env.single, first, session.identity.default_group_id)
            [image_id] = (await import_all(session, plan, env.single.paths)).image_ids
            for _ in range(2):
                await session.restoring.link_images(second, [image_id, image_id])
            assert (await session.images.get(image_id)).container_names == ("One", "Two")
            for _ in range(2):
                await session.restoring.unlink_images(first, [image_id])
            assert (await session.images.get(image_id)).container_names == ("Two",)
            assert [one.id for one in await session.images.find(second)] == [image_id]
            project = await session.containers.create(ContainerKind.PROJECT, "No dataset")
            with pytest.raises(Invalid):
                await session.restoring.link_images(project.ref, [image_id])
        async with env.repository.session(BOB) as session:
            with pytest.raises(PermissionDenied):
                await session.restoring.link_images(second, [image_id])
