"""Conformance of image repositories: reading, finding, annotating, deleting images."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import tifffile
from PIL import Image

from transferapp.errors import (
    ImageNotFound,
    Invalid,
    NoSuchFile,
    PermissionDenied,
    TargetNotFound,
)
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.filesets import Fileset
from transferapp.model.images import Annotation, AnnotationKind, ImageFilter, Pixels, TileRegion
from transferapp.repositories.port import (
    Capability,
    RepositorySession,
)
from transferapp.testing.repository_env import (
    ALICE,
    BOB,
    PRIVATE,
    RepositoryEnv,
    Sample,
    group_id,
    import_all,
    new_dataset,
    plan_for,
    whole,
)


class ImageSuite:
    """Reading, finding, annotating and deleting images."""

    async def test_find_by_text_and_page(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            target = (await new_dataset(session)).ref
            ids: list[int] = []
            for _ in range(3):
                made = await self.made(env, session, target)
                ids += made.image_ids
            first = await session.images.find(target, limit=2)
            assert [image.id for image in first] == ids[:2]
            rest = await session.images.find(target, after=first[-1].id, limit=2)
            assert [image.id for image in rest] == ids[2:]
            name = first[0].name
            assert first[0] in await session.images.find(target, text=name[1:])
            assert await session.images.find(target, text="%no such name_") == []
            everywhere = await session.images.find()
            assert {image.id for image in everywhere} >= set(ids)

    async def test_details(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            dataset = await new_dataset(session, "Where it is")
            made = await self.made(env, session, dataset.ref)
            details = await session.images.get(made.image_ids[0])
        summary, pixels = details.summary, details.pixels
        assert (summary.size_y, summary.size_x) == env.known.shape
        assert (summary.size_z, summary.size_c, summary.size_t) == (1, 1, 1)
        assert (summary.dtype, summary.owner) == (env.known.dtype.name, ALICE)
        assert summary.fileset_id == made.id
        assert details.container_names == ("Where it is",)
        assert [file.hasher for file in details.files] == ["SHA1-160"]
        assert len(pixels.channels) == 1
        assert pixels.channels[0].window_start < pixels.channels[0].window_end
        assert (pixels.levels[0].size_y, pixels.levels[0].size_x) == env.known.shape

    async def test_what_its_file_says_of_an_image(
        self, env: RepositoryEnv, tmp_path: Path
    ) -> None:
        """When it was taken, in which light, and how far its time points are apart."""
        metadata = {
            "axes": "TCYX",
            "Description": "Fixed & stained",
            "AcquisitionDate": "2024-02-29T13:05:06",
            "TimeIncrement": 250.0,
            "TimeIncrementUnit": "ms",
            "Channel": {
                "Name": ["DAPI", "GFP"],
                "ExcitationWavelength": [358.0, 0.488],
                "ExcitationWavelengthUnit": ["nm", "\N{MICRO SIGN}m"],
                "EmissionWavelength": [461.5, 509.0],
            },
        }
        pixels = np.arange(2 * 2 * 16 * 16, dtype=np.uint16).reshape(2, 2, 16, 16)
        tifffile.imwrite(
            tmp_path / "timed.ome.tif",
            pixels,
            ome=True,
            photometric="minisblack",
            metadata=metadata,
        )
        async with env.repository.session(ALICE) as session:
            target = (await new_dataset(session)).ref
            sample = Sample(tmp_path, ("timed.ome.tif",), 1)
            [image_id] = (await self.made(env, session, target, sample)).image_ids
            details = await session.images.get(image_id)
        assert details.description == "Fixed & stained"
        assert details.summary.acquired_at == datetime(2024, 2, 29, 13, 5, 6, tzinfo=UTC)
        assert details.pixels.time_step_s == pytest.approx(0.25)
        channels = details.pixels.channels
        assert [one.excitation_nm for one in channels] == pytest.approx([358.0, 488.0])
        assert [one.emission_nm for one in channels] == pytest.approx([461.5, 509.0])

    async def test_a_project_counts_the_images_of_its_own_datasets(
        self, env: RepositoryEnv
    ) -> None:
        async with env.repository.session(ALICE) as session:
            kind = ContainerKind.PROJECT
            empty = await session.containers.create(kind, "Empty")
            full = await session.containers.create(kind, "Full")
            inside = await session.containers.create(
                ContainerKind.DATASET, "Inside", parent=full.ref
            )
            made = await self.made(env, session, inside.ref)
            assert (await session.containers.get(full.ref)).image_count == len(made.image_ids)
            assert (await session.containers.get(empty.ref)).image_count == 0

    async def test_levels_shrink(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            made = await self.made(env, session, None)
            pixels = (await session.images.get(made.image_ids[0])).pixels
        for larger, smaller in zip(pixels.levels, pixels.levels[1:], strict=False):
            assert abs(larger.size_y - 2 * smaller.size_y) <= 1
            assert abs(larger.size_x - 2 * smaller.size_x) <= 1

    async def test_tiles_are_the_pixels(self, env: RepositoryEnv) -> None:
        if Capability.TILES not in env.repository.capabilities:
            return
        async with env.repository.session(ALICE) as session:
            made = await self.made(env, session, None)
            image_id = made.image_ids[0]
            height, width = env.known.shape
            tile = await session.images.tile(image_id, TileRegion(0, 0, 0, 0, 3, 5, 40, 30))
            assert tile.dtype.newbyteorder("<") == tile.dtype
            np.testing.assert_array_equal(tile, env.known[3:43, 5:35])
            corner = TileRegion(0, 0, 0, 0, height - 4, width - 6, 64, 64)
            clipped = await session.images.tile(image_id, corner)
            np.testing.assert_array_equal(clipped, env.known[-4:, -6:])
            await self.check_levels(session, env, image_id)
            with pytest.raises(Invalid):
                await session.images.tile(image_id, TileRegion(0, 0, 9, 0, 0, 0, 8, 8))

    async def test_thumbnail_is_a_jpeg_of_the_edge(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            made = await self.made(env, session, None)
            for edge in (96, 33):
                jpeg = await session.images.thumbnail(made.image_ids[0], edge)
                with Image.open(io.BytesIO(jpeg)) as picture:
                    assert (picture.format, max(picture.size)) == ("JPEG", edge)
                    low, high = picture.convert("L").getextrema()
                    assert low != high, "a picture of cells is not of one colour"

    async def test_read_is_clamped(self, env: RepositoryEnv) -> None:
        content = env.single.paths[0].read_bytes()
        async with env.repository.session(ALICE) as session:
            made = await self.made(env, session, None)
            [file] = await session.images.files(made.image_ids)
            for offset, length in ((10, 100), (len(content) - 5, 100), (len(content) + 9, 5)):
                pieces = [p async for p in session.images.read(file.id, offset, length)]
                assert b"".join(pieces) == content[offset : offset + length]
            rest = [p async for p in session.images.read(file.id, 7)]
            assert b"".join(rest) == content[7:]

    async def test_find_by_tag(self, env: RepositoryEnv) -> None:
        red, green = (Annotation(AnnotationKind.TAG, value=value) for value in ("Red", "green"))
        async with env.repository.session(ALICE) as session:
            target = (await new_dataset(session)).ref
            one, other = [
                (await self.made(env, session, target)).image_ids[0] for _ in range(2)
            ]
            await session.images.annotate({one: [red, green]})
            await session.images.annotate({other: [green]})
            for wanted, ids in (
                (ImageFilter(target, tag="Red"), [one]),
                (ImageFilter(target, tag="green"), [one, other]),
                (ImageFilter(target, tag="gree"), []),
                (ImageFilter(target, tag="gr%"), []),
                (ImageFilter(target, tag="green", text="%no such name_"), []),
            ):
                assert [i.id for i in await session.images.find_by(wanted)] == ids
            tagged = ImageFilter(tag="green")
            pages = [await session.images.find_by(tagged, after=n) for n in (one - 1, one)]
            assert [page[0].id for page in pages] == [one, other]

    async def test_find_by_well(self, env: RepositoryEnv) -> None:
        if env.plate is None or env.wells_of is None:
            return
        async with env.repository.session(ALICE) as session:
            screen = await session.containers.create(ContainerKind.SCREEN, "Screen")
            made = await self.made(env, session, screen.ref, env.plate)
            wells = {one: await env.wells_of(session, one) for one in made.image_ids}
            assert all(len(ids) == 1 for ids in wells.values())
            [well] = wells[made.image_ids[0]]
            inside = [one for one in sorted(made.image_ids) if wells[one] == [well]]
            found = await session.images.find_by(ImageFilter(well=well))
            assert [image.id for image in found] == inside
            assert 0 < len(inside) < len(made.image_ids)
            with pytest.raises(TargetNotFound):
                await session.images.find_by(ImageFilter(well=987654321))

    async def test_many_at_once(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            one = await self.made(env, session, None)
            set_ = await self.made(env, session, None, env.several)
            asked = [*set_.image_ids, *one.image_ids, *one.image_ids]
            found = await session.images.summaries([*asked, 987654321])
            assert [image.id for image in found] == sorted(set(asked))
            details = await session.images.get(one.image_ids[0])
            assert details.summary in found
            sizes = await session.images.sizes([*asked, 987654321])
            assert [size.image_id for size in sizes] == sorted(set(asked))
            files = await session.images.files(asked)
            for size in sizes:
                mine = [file.size_bytes for file in files if file.fileset_id == size.fileset_id]
                assert (size.file_count, size.size_bytes) == (len(mine), sum(mine))
                assert size.may_read
            assert await session.images.summaries([]) == []
            assert await session.images.sizes([]) == []

    async def test_others_are_left_out_of_many(self, env: RepositoryEnv) -> None:
        private = await group_id(env.repository, ALICE, PRIVATE)
        async with env.repository.session(ALICE, private) as session:
            plan = plan_for(env.single, None, private)
            made = await import_all(session, plan, env.single.paths)
        async with env.repository.session(BOB) as session:
            assert await session.images.summaries(made.image_ids) == []
            assert await session.images.sizes(made.image_ids) == []
            assert await session.images.paths(made.image_ids) == []

    async def test_files_are_listed_once(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            made = await self.made(env, session, None, env.several)
            files = await session.images.files([*made.image_ids, *made.image_ids])
            assert sorted(f.client_path for f in files) == sorted(env.several.client_paths)

    async def test_same_annotation_twice_is_once(self, env: RepositoryEnv) -> None:
        note = Annotation(AnnotationKind.COMMENT, value="Look at the nucleus")
        async with env.repository.session(ALICE) as session:
            made = await self.made(env, session, None)
        # A colleague may annotate in this group.
        async with env.repository.session(BOB) as session:
            for _ in range(2):
                await session.images.annotate({made.image_ids[0]: [note, note]})
            details = await session.images.get(made.image_ids[0])
            assert details.annotations == (note,)

    async def test_images_are_annotated_together_and_each_once(
        self, env: RepositoryEnv
    ) -> None:
        tag = Annotation(AnnotationKind.TAG, value=f"together {uuid4().hex[:8]}")

        def values(number: int) -> list[Annotation]:
            return [tag, Annotation(AnnotationKind.KEY_VALUE, pairs=(("field", str(number)),))]

        async with env.repository.session(ALICE) as session:
            target = (await new_dataset(session)).ref
            made = [await self.made(env, session, target) for _ in range(3)]
            ids = [one.image_ids[0] for one in made]
            given = {number: values(number) for number in ids}
            await session.images.annotate({ids[1]: given[ids[1]][:1]})
            for _ in range(2):
                await session.images.annotate(given)
            for number in ids:
                found = (await session.images.get(number)).annotations
                assert sorted(map(str, found)) == sorted(map(str, given[number]))
            await session.images.annotate({})

    async def test_tags_that_are_made_before_are_used(self, env: RepositoryEnv) -> None:
        tag = Annotation(AnnotationKind.TAG, value=f"made before {uuid4().hex[:8]}")
        async with env.repository.session(ALICE) as session:
            dataset = await new_dataset(session)
            made = await self.made(env, session, dataset.ref)
            for _ in range(2):
                await session.images.make_tags(dataset.group_id, [tag, tag])
            await session.images.make_tags(dataset.group_id, [])
            details = await session.images.get(made.image_ids[0])
            assert details.annotations == ()
            await session.images.annotate({made.image_ids[0]: [tag]})
            details = await session.images.get(made.image_ids[0])
            assert details.annotations == (tag,)

    async def test_an_image_that_is_gone_is_not_annotated(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            one = await self.made(env, session, None)
            await session.images.delete(one.image_ids)
            with pytest.raises(ImageNotFound):
                await session.images.annotate({one.image_ids[0]: []})

    async def test_owner_deletes_what_a_colleague_has_annotated(
        self, env: RepositoryEnv
    ) -> None:
        note = Annotation(AnnotationKind.COMMENT, value="Keep this one")
        async with env.repository.session(ALICE) as session:
            made = await self.made(env, session, None)
        async with env.repository.session(BOB) as session:
            await session.images.annotate({made.image_ids[0]: [note]})
        async with env.repository.session(ALICE) as session:
            await session.images.delete(made.image_ids)
            with pytest.raises(ImageNotFound):
                await session.images.get(made.image_ids[0])

    async def test_colleague_may_not_delete(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            made = await self.made(env, session, None)
        async with env.repository.session(BOB) as session:
            with pytest.raises(PermissionDenied):
                await session.images.delete(made.image_ids)
            kept = await session.images.get(made.image_ids[0])
            assert kept.summary.id == made.image_ids[0]

    async def test_private_images_are_unknown_to_others(self, env: RepositoryEnv) -> None:
        private = await group_id(env.repository, ALICE, PRIVATE)
        async with env.repository.session(ALICE, private) as session:
            plan = plan_for(env.single, None, private)
            made = await import_all(session, plan, env.single.paths)
            [file] = await session.images.files(made.image_ids)
        async with env.repository.session(BOB) as session:
            with pytest.raises(ImageNotFound):
                await session.images.get(made.image_ids[0])
            with pytest.raises(ImageNotFound):
                await session.images.thumbnail(made.image_ids[0], 96)
            with pytest.raises(NoSuchFile):
                await whole(session, file.id)
            assert made.image_ids[0] not in {i.id for i in await session.images.find()}

    async def test_delete_and_unknown(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            made = await self.made(env, session, None)
            plan_files = await session.images.files(made.image_ids)
            await session.images.delete(made.image_ids)
            with pytest.raises(ImageNotFound):
                await session.images.get(made.image_ids[0])
            with pytest.raises(ImageNotFound):
                await session.images.files(made.image_ids)
            with pytest.raises(NoSuchFile):
                await whole(session, plan_files[0].id)
            assert await session.imports.find(made.key) is None

    async def test_images_outlive_their_dataset(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            dataset = await new_dataset(session)
            made = await self.made(env, session, dataset.ref)
            await session.containers.delete(dataset.ref)
            details = await session.images.get(made.image_ids[0])
            assert details.container_names == ()
            with pytest.raises(TargetNotFound):
                await session.images.find(dataset.ref)

    async def made(
        self,
        env: RepositoryEnv,
        session: RepositorySession,
        target: ContainerRef | None,
        sample: Sample | None = None,
    ) -> Fileset:
        """Import a sample into the session's default group."""
        sample = sample or env.single
        plan = plan_for(sample, target, session.identity.default_group_id)
        return await import_all(session, plan, sample.paths)

    async def check_levels(
        self, session: RepositorySession, env: RepositoryEnv, image_id: int
    ) -> None:
        """Compare the brightness of every level with the known plane's."""
        pixels: Pixels = (await session.images.get(image_id)).pixels
        wanted = float(env.known.mean())
        for number, level in enumerate(pixels.levels):
            region = TileRegion(number, 0, 0, 0, 0, 0, level.size_y, level.size_x)
            plane = await session.images.tile(image_id, region)
            assert plane.shape == (level.size_y, level.size_x)
            mean = float(plane.astype(np.float64).mean())
            assert abs(mean - wanted) < 0.05 * wanted
