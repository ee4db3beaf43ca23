"""Write on the images of an imported fileset what an archive says of them: names, descriptions,
annotations, ROIs, further datasets; and on their plates.

Some images are a step of the task: what was written before a crash is found and not written
again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from transferapp.ledger.port import ItemWork
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.restoring import RestoredImage, RestoredItem, is_at, notes_of
from transferapp.operations.make_tags import make_tags
from transferapp.operations.other_people import owners_session
from transferapp.repositories.port import Repository, RepositorySession
from transferapp.taskqueue.port import Context

#: Images of one step.
_AT_ONCE = 200
#: So many are asked where they lie, to find the plate that they are on.
_ASKED = 1000


@dataclass(frozen=True, slots=True)
class ImageRestoring:
    """What all steps share. ``report`` is told what is done now, and raises Cancelled."""

    repository: Repository
    context: Context
    work: ItemWork
    image_ids: Sequence[int]
    report: Callable[[str], Awaitable[None]]

    async def restore(self, item: RestoredItem) -> str:
        """Write all of it; returns a sentence about images that are not there."""
        unknown = 0
        for at in range(0, len(item.images), _AT_ONCE):
            some = item.images[at : at + _AT_ONCE]
            await self.report(f"restoring image {at + 1:,} of {len(item.images):,}")
            unknown += await self.context.step(f"restore {at}", self._restore_some, some)
        if item.plates:
            await self.context.step("restore plates", self._restore_plates, item)
        return _unknown(unknown)

    async def _restore_some(self, images: Sequence[RestoredImage]) -> int:
        """Write on these images; returns how many were not found."""
        notes = notes_of(RestoredItem(tuple(images)))
        await make_tags(self.repository, self.context, self.work, notes)
        async with owners_session(self.repository, self.work) as session:
            found = await self._found(session, images)
            await session.restoring.describe_images(
                {number: image.texts for number, image in found.items()}
            )
            noted = {number: image.annotations for number, image in found.items()}
            await session.images.annotate({n: given for n, given in noted.items() if given})
            for number, image in found.items():
                if image.rois:
                    await session.restoring.add_rois(number, image.rois)
            await self._sort(session, found)
        return len(images) - len(found)

    async def _found(
        self, session: RepositorySession, images: Iterable[RestoredImage]
    ) -> dict[int, RestoredImage]:
        """Return images of the archive by the ids that they have now."""
        known = {n: self.image_ids[n] for n in range(len(self.image_ids))}
        wanted = [(known[one.place], one) for one in images if one.place in known]
        summaries = await session.images.summaries([number for number, _ in wanted])
        by_id = {one.id: one for one in summaries}
        return {n: one for n, one in wanted if is_at(one.sizes, by_id.get(n))}

    async def _sort(
        self, session: RepositorySession, found: Mapping[int, RestoredImage]
    ) -> None:
        """Put images into their datasets, and out of the target where they were not in it."""
        target = self.work.transfer.target
        inside: defaultdict[ContainerRef, list[int]] = defaultdict(list)
        for number, image in found.items():
            for dataset in image.datasets:
                inside[dataset].append(number)
        for dataset, numbers in inside.items():
            if dataset != target:
                await session.restoring.link_images(dataset, numbers)
        elsewhere = [
            n for n, one in found.items() if one.datasets and target not in one.datasets
        ]
        if elsewhere and target is not None and target.kind is ContainerKind.DATASET:
            await session.restoring.unlink_images(target, elsewhere)

    async def _restore_plates(self, item: RestoredItem) -> int:
        """Write on the plates; returns how many were found."""
        notes = notes_of(RestoredItem(plates=item.plates))
        await make_tags(self.repository, self.context, self.work, notes)
        async with owners_session(self.repository, self.work) as session:
            plates = await self._plates(session, item)
            for number, ref in plates.items():
                plate = item.plates[number]
                await session.restoring.describe_container(ref, plate.name, plate.description)
                if plate.annotations:
                    await session.restoring.annotate_container(ref, plate.annotations)
        return len(plates)

    async def _plates(
        self, session: RepositorySession, item: RestoredItem
    ) -> dict[int, ContainerRef]:
        """Find the plates by some of the images that lay on them."""
        places: defaultdict[int, list[RestoredImage]] = defaultdict(list)
        for image in item.images:
            if image.plate is not None and len(places[image.plate]) < _ASKED:
                places[image.plate].append(image)
        plates = {}
        for number, images in places.items():
            found = await self._found(session, images)
            located = await session.containers.locate(list(found)) if found else []
            refs = Counter(
                one.ref
                for location in located
                for one in location.containers
                if one.ref.kind is ContainerKind.PLATE
            )
            if refs:
                plates[number] = refs.most_common(1)[0][0]
        return plates


def _unknown(count: int) -> str:
    if not count:
        return ""
    images = (
        "1 image of the archive is" if count == 1 else f"{count:,} images of the archive are"
    )
    return (
        f"{images} not among those made of these files: what it says of them was not written."
    )
