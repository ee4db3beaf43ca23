"""Which filesets of an archive are imported, where to, and what is not possible with others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from transferapp.archive.lines import ContainerLine
from transferapp.client.restoring.source import ArchivedImage, ArchiveSource
from transferapp.model.containers import ContainerKind
from transferapp.protocol.export_manifests import ListedItem

#: Containers that are made for what lay in none, where there is any.
LOOSE_IMAGES, LOOSE_PLATES = "Dataset:loose", "Screen:loose"

NO_ORIGINALS = "The repository held no original files of it: it is described, and not restored."
NOT_IN_ARCHIVE = "Its files have not come with the archive."
ROIS_LEFT_OUT = "Its ROIs were left out: its fileset has more than go into one import."
NO_PLACE = "The archive does not say which image of its file it is."

#: Of one import: a request stays small, and people see how far it is.
_MOST_ITEMS, _MOST_FILES, _MOST_BYTES = 1_000, 50_000, 8 << 20
#: Of one fileset, in bytes of its images' lines; a server takes 128 MiB at once.
_MOST_DESCRIBED = 64 << 20


@dataclass(frozen=True, slots=True)
class ArchivedFileset:
    """Files that are imported together, the images in the file's order, and the container of
    the archive that they go to.
    """

    item: ListedItem
    images: tuple[ArchivedImage, ...]
    target: str

    @property
    def described_bytes(self) -> int:
        """How much is said of its images."""
        return sum(image.length for image in self.images)


@dataclass(slots=True)
class RestorePlan:
    """What is restored of an archive."""

    filesets: list[ArchivedFileset] = field(default_factory=list)
    #: Containers to make, parents before children.
    containers: list[ContainerLine] = field(default_factory=list)
    #: Why images are not restored, by their ids in the archive.
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """How much is sent."""
        return sum(file.size_bytes for one in self.filesets for file in one.item.files)

    @property
    def file_count(self) -> int:
        """How many files are sent."""
        return sum(len(one.item.files) for one in self.filesets)

    @property
    def image_count(self) -> int:
        """How many images are to come of them."""
        return sum(len(one.images) for one in self.filesets)


def plan_restore(source: ArchiveSource) -> RestorePlan:
    """Say what is restored, and why the rest is not."""
    plan = RestorePlan()
    by_item: defaultdict[str, list[ArchivedImage]] = defaultdict(list)
    for image in source.images:
        if image.without_originals or not image.item:
            plan.reasons[image.id] = NO_ORIGINALS
        else:
            by_item[image.item].append(image)
    for item in source.items():
        images = by_item.pop(item.id, [])
        if not item.files:
            why = item.problem.message if item.problem else NOT_IN_ARCHIVE
            plan.reasons |= dict.fromkeys((one.id for one in images), why)
        elif images:
            plan.reasons |= {one.id: NO_PLACE for one in images if one.place is None}
            placed = _placed([one for one in images if one.place is not None])
            target = _target(source, placed or images)
            plan.filesets.append(ArchivedFileset(item, tuple(placed), target))
    for images in by_item.values():
        plan.reasons |= dict.fromkeys((one.id for one in images), NOT_IN_ARCHIVE)
    plan.containers = [*_containers(source, {one.target for one in plan.filesets})]
    return plan


def portions(filesets: Sequence[ArchivedFileset]) -> Iterator[list[ArchivedFileset]]:
    """Yield what one import takes: filesets of one target, not too many. The same filesets give
    the same imports.
    """
    by_target: defaultdict[str, list[ArchivedFileset]] = defaultdict(list)
    for fileset in filesets:
        by_target[fileset.target].append(fileset)
    for some in by_target.values():
        batch: list[ArchivedFileset] = []
        files = size = 0
        for fileset in some:
            files += len(fileset.item.files)
            size += fileset.described_bytes
            full = len(batch) >= _MOST_ITEMS or files > _MOST_FILES or size > _MOST_BYTES
            if batch and full:
                yield batch
                batch, files, size = [], len(fileset.item.files), fileset.described_bytes
            batch.append(fileset)
        yield batch


def rois_left_out(fileset: ArchivedFileset) -> set[int]:
    """Return the images whose ROIs do not go with the fileset: more than one request takes."""
    left_out = set()
    size = 0
    for image in fileset.images:
        if size + image.length > _MOST_DESCRIBED:
            left_out.add(image.id)
        else:
            size += image.length
    return left_out


def kind_of(ref: str) -> str:
    """Return the kind of a container's reference."""
    return ref.partition(":")[0]


def plate_of(image: ArchivedImage) -> str:
    """Return the plate that an image lies on; "" for none."""
    if image.well is not None:
        return image.well.plate
    plates = (ref for ref in image.containers if kind_of(ref) == ContainerKind.PLATE)
    return next(plates, "")


def _placed(images: Sequence[ArchivedImage]) -> list[ArchivedImage]:
    """Return images in their file's order, each with a place of its own: where the archive
    gives two the same, by their ids, as the repository had made them one after another.
    """
    if len({one.place for one in images}) == len(images):
        return sorted(images, key=lambda one: one.place or 0)
    by_id = sorted(images, key=lambda one: one.id)
    return [replace(one, place=place) for place, one in enumerate(by_id)]


def _target(source: ArchiveSource, images: Sequence[ArchivedImage]) -> str:
    """A plate goes into its screen; other filesets to the first dataset of their images."""
    for image in images:
        if plate := plate_of(image):
            line = source.containers.get(plate)
            screens = line.parents if line is not None else ()
            return next((one for one in screens if one in source.containers), LOOSE_PLATES)
    for image in images:
        for ref in image.containers:
            if kind_of(ref) == ContainerKind.DATASET and ref in source.containers:
                return ref
    return LOOSE_IMAGES


def _containers(source: ArchiveSource, targets: set[str]) -> Iterator[ContainerLine]:
    """Yield what is made; plates are made by importing."""
    for line in source.containers.values():
        if kind_of(line.ref) != ContainerKind.PLATE:
            yield line
    of = source.head.owner.full_name or source.head.owner.username
    for ref, name in (
        (LOOSE_IMAGES, f"Images of {of} that were in no dataset"),
        (LOOSE_PLATES, f"Plates of {of} that were in no screen"),
    ):
        if ref in targets:
            yield ContainerLine(ref=ref, name=name[:255])
