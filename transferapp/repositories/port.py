"""The port to an image repository. Adapters: ``local`` (embedded) and ``omero``.

A repository verifies people and opens *sessions*: what one experimenter may see and do.
Every session method raises, where it applies: RepositoryUnavailable, PermissionDenied,
NotFound and its leaves. All methods are coroutines that never block the event loop.
Optional abilities are protocols of their own, published in ``Repository.capabilities``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from transferapp.formats.read_formats import RepositoryFormats
    from transferapp.model.attachments import Attachment, AttachmentPlan
    from transferapp.model.containers import Container, ContainerKind, ContainerRef
    from transferapp.model.duplicates import Duplicate
    from transferapp.model.export_places import ImageLocation
    from transferapp.model.filesets import Fileset, FilesetPlan, PlannedFile
    from transferapp.model.identity import Identity
    from transferapp.model.images import (
        Annotation,
        ImageDetails,
        ImageFilter,
        ImageSummary,
        OriginalFile,
        OriginalPath,
        OriginalsSize,
        TileRegion,
    )
    from transferapp.model.rois import Roi
    from transferapp.model.skips import Skip
    from transferapp.repositories.descriptions_port import Descriptions
    from transferapp.repositories.restoring.port import Restoring

#: Called with (step done, steps in all, words) while the repository makes images.
ProgressListener = Callable[[int, int, str], None]
#: Called with how many bytes of a fileset are done so far; often, and from any thread.
ByteListener = Callable[[int], None]


class Capability(StrEnum):
    """Optional abilities of a repository."""

    TILES = "tiles"
    SCREENS = "screens"
    IN_PLACE_IMPORT = "in-place-import"
    ATTACHMENTS = "attachments"
    WEB_PAGES = "web-pages"
    #: Original files, and pixels, are read from a disk that this process sees.
    DIRECT_FILES = "direct-files"
    DIRECT_PIXELS = "direct-pixels"
    #: It leaves undone what a fileset's plan skips.
    SKIPPING = "skipping"
    #: It describes all that a person owns, for an archive.
    DESCRIPTIONS = "descriptions"
    #: What an archive says is written on images and containers.
    RESTORING = "restoring"


class HealthState(StrEnum):
    """Alive or frozen, in three words."""

    UNREACHABLE = "unreachable"
    SILENT = "silent"
    PROGRESSING = "progressing"


@dataclass(frozen=True, slots=True)
class RepositoryHealth:
    """The state and a sentence for a person."""

    state: HealthState
    detail: str = ""


class Repository(Protocol):
    """An image repository."""

    name: str
    capabilities: frozenset[Capability]

    async def sign_in(self, username: str, password: str) -> Identity:
        """Verify a person; raises SignInFailed. Nothing of the password is kept."""

    async def identity(self, username: str) -> Identity:
        """Return a person's present groups and rights; raises PermissionDenied."""

    def session(
        self, username: str, group_id: int | None = None
    ) -> AbstractAsyncContextManager[RepositorySession]:
        """Act as this person, in one group or (None) across all groups for reading.

        Raises PermissionDenied for a person or a group that she may not act in, when it is
        entered.
        """

    async def health(self) -> RepositoryHealth:
        """Say whether the repository is alive; never raises."""

    async def formats(self) -> RepositoryFormats:
        """Say what it reads as it is installed, whether it is alive or not."""

    async def close(self) -> None:
        """Let go of everything."""


class RepositorySession(Protocol):
    """What one experimenter may see and do; the parts are small ports."""

    @property
    def identity(self) -> Identity:
        """The person this session acts as."""

    @property
    def containers(self) -> Containers:
        """Projects, datasets, screens, plates."""

    @property
    def images(self) -> Images:
        """Images and their original files."""

    @property
    def imports(self) -> Imports:
        """Making filesets and images."""

    @property
    def attachments(self) -> Attachments:
        """Files attached to containers; needs the capability ATTACHMENTS."""

    @property
    def descriptions(self) -> Descriptions:
        """What archives state; needs the capability DESCRIPTIONS."""

    @property
    def restoring(self) -> Restoring:
        """Writing what an archive says; needs the capability RESTORING."""


class Containers(Protocol):
    """Projects, datasets, screens and plates."""

    async def children(
        self, parent: ContainerRef | None, *, kind: ContainerKind | None = None
    ) -> list[Container]:
        """List the children of a container, or (None) the tops: projects, screens and datasets
        without a project; sorted by name. Raises TargetNotFound.
        """

    async def get(self, ref: ContainerRef) -> Container:
        """Return one container; raises TargetNotFound."""

    async def create(
        self,
        kind: ContainerKind,
        name: str,
        *,
        parent: ContainerRef | None = None,
        description: str = "",
    ) -> Container:
        """Make a container in the session's group; raises Invalid for a wrong parent or a name
        that is empty or too long, TargetNotFound, PermissionDenied.
        """

    async def delete(self, ref: ContainerRef) -> None:
        """Delete an empty or full container; images in it stay, as orphans.

        Raises TargetNotFound, PermissionDenied.
        """

    async def locate(self, image_ids: Sequence[int]) -> list[ImageLocation]:
        """Say where these images lie, at most 1000; one in several containers several times,
        in no order. What is in none, or in none that may be seen, is left out.
        """


class OriginalFiles(Protocol):
    """The files that images were made from."""

    async def files(self, image_ids: Sequence[int]) -> list[OriginalFile]:
        """List the original files of these images' filesets, each once.

        Raises ImageNotFound.
        """

    async def sizes(self, image_ids: Sequence[int]) -> list[OriginalsSize]:
        """Say how large the original files of these images are, at most 1000 images; what is
        not there, or not to be seen, is left out.
        """

    async def paths(self, image_ids: Sequence[int]) -> list[OriginalPath]:
        """Say where the original files of these images, at most 1000, lie on a disk that this
        process sees, each once; reads none of them. What is not there, not to be seen, or
        lies elsewhere is left out; what a policy keeps back is not.
        """

    async def duplicates(self, files: Sequence[PlannedFile]) -> list[Duplicate]:
        """Say which of these files visible images were already made from, by fileset.

        A file with a ``sha1`` is the same when the repository holds that SHA-1 (other
        hashers are not compared); each file is also sought by its client path and size.
        Found by both, it is told once, as the same bytes, with the original at its path:
        of a set's files that counts. Filesets without images do not count.
        """

    def read(
        self, file_id: int, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield a file's bytes in pieces of about 1 MiB, clamped to its size.

        ``offset`` and ``length`` count bytes; None: to the end. Raises NoSuchFile.
        """


class ImageViews(Protocol):
    """Images and their pixels, to look at."""

    async def find(
        self,
        container: ContainerRef | None = None,
        *,
        text: str = "",
        after: int = 0,
        limit: int = 100,
    ) -> list[ImageSummary]:
        """List images with id > ``after`` in id order: those of a container, or all
        visible ones; ``text`` filters by a part of the name.
        """

    async def find_by(
        self, wanted: ImageFilter, *, after: int = 0, limit: int = 100
    ) -> list[ImageSummary]:
        """List images as ``find`` does, by more than a container. Raises TargetNotFound for
        a container or well that is not there.
        """

    async def summaries(self, image_ids: Sequence[int]) -> list[ImageSummary]:
        """Return what lists show of these images in id order, at most 1000; what is not there,
        or not to be seen, is left out.
        """

    async def get(self, image_id: int) -> ImageDetails:
        """Return all of one image; raises ImageNotFound."""

    async def thumbnail(self, image_id: int, edge_px: int) -> bytes:
        """Return a JPEG whose longer edge is ``edge_px`` (pixels, 1 to 2048).

        Raises Invalid for another edge, ImageNotFound.
        """

    async def tile(self, image_id: int, region: TileRegion) -> npt.NDArray[np.generic]:
        """Return the region's pixels, shape (height, width), little-endian, clipped to the
        level's size; needs the capability TILES. Raises Invalid for a level or plane that is
        not there, ImageNotFound.
        """


class ImageRois(Protocol):
    """What was drawn on images."""

    async def rois(self, image_id: int, *, after: int = 0, limit: int = 100) -> list[Roi]:
        """List an image's ROIs with id > ``after`` in id order, as far as the person may see
        them; at most 500, fewer than ``limit`` only at the end. Raises ImageNotFound, and
        NoSuchFile where they lie in an original file that is gone.
        """


class ImageChanges(Protocol):
    """What may be done to images that are there."""

    async def annotate(self, annotations: Mapping[int, Sequence[Annotation]]) -> None:
        """Add annotations to images, by their ids; the same one twice is added once.

        Many images are annotated in batches, each wholly or not at all; may be repeated.
        Raises ImageNotFound, PermissionDenied.
        """

    async def make_tags(self, group_id: int, tags: Sequence[Annotation]) -> None:
        """Make those tags that this person has none of in the group, where images share
        tags. Looks, then makes: two at once for one person and group make a tag twice. Raises
        PermissionDenied.
        """

    async def delete(self, image_ids: Sequence[int]) -> None:
        """Delete images; a fileset goes with its last image.

        Raises ImageNotFound, PermissionDenied.
        """


class Images(OriginalFiles, ImageViews, ImageRois, ImageChanges, Protocol):
    """All that a session does with images."""


class Imports(Protocol):
    """The steps of an import. Each can be repeated: it adopts what is already there."""

    async def check_skips(self, skip: frozenset[Skip]) -> None:
        """Raise Invalid for work that cannot be left undone here, before anything is sent;
        asked of a repository with the capability SKIPPING only.
        """

    async def find(self, key: str) -> Fileset | None:
        """Return the fileset that was reserved under this key."""

    async def reserve(self, plan: FilesetPlan) -> Fileset:
        """Make (or adopt) the fileset; raises TargetNotFound, PermissionDenied."""

    async def store(
        self,
        fileset: Fileset,
        plan: FilesetPlan,
        paths: Sequence[Path],
        stored: ByteListener | None = None,
    ) -> None:
        """Bring the files in, in the plan's order; sources stay. Raises StorageFull.

        ``stored`` counts also what was there before.
        """

    async def verify(
        self, fileset: Fileset, plan: FilesetPlan, checked: ByteListener | None = None
    ) -> None:
        """Check every stored file against the plan's SHA-1; raises ChecksumMismatch, and
        UploadLost when an outage took what was stored. ``checked`` is called where the
        bytes are read for it.
        """

    async def register(
        self, fileset: Fileset, plan: FilesetPlan, progress: ProgressListener
    ) -> Fileset:
        """Read the files, make images, link them to the target, wait for pixels and
        thumbnails; raises UnsupportedFile, DamagedFile, TargetNotFound, and UploadLost
        when an outage took what was stored (discard it, then store again).
        """

    async def files(self, fileset: Fileset) -> list[OriginalFile]:
        """List what the repository holds of this fileset, with its own hashes."""

    async def discard(self, fileset: Fileset) -> None:
        """Remove a fileset that has no images, or only such as a failed import left behind;
        one that was imported is left alone.
        """


class Attachments(Protocol):
    """Files attached to containers, beside the images in them, and to images."""

    async def attach(
        self, plan: AttachmentPlan, path: Path, stored: ByteListener | None = None
    ) -> Attachment:
        """Bring a file in, check its SHA-1 and attach it to the plan's target, or image; the
        source stays. May be repeated: what is there under the plan's key is adopted, wherever
        it is attached, and so is the person's own attachment of the same client path and SHA-1
        at the target. ``stored`` counts also what was there before.

        Raises TargetNotFound, ImageNotFound, PermissionDenied, Invalid for a target in another
        group, ChecksumMismatch, StorageFull.
        """

    async def of(self, container: ContainerRef) -> list[Attachment]:
        """List what this program has attached to a container, in the order it was made;
        raises TargetNotFound.
        """

    async def of_image(self, image_id: int) -> list[Attachment]:
        """List what this program has attached to an image, in the order it was made; raises
        ImageNotFound.
        """

    async def get(self, attachment_id: int) -> Attachment:
        """Return an attachment as the repository holds it now; raises NoSuchFile, also
        when it is attached to nothing any more.
        """

    def read(
        self, attachment_id: int, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield its bytes in pieces of about 1 MiB, clamped to its size.

        ``offset`` and ``length`` count bytes; None: to the end. Raises NoSuchFile.
        """

    async def discard(self, key: str) -> bool:
        """Remove what was begun under this key and is not attached; True when something is
        attached under it, which stays.
        """
