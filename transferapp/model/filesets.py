"""Filesets: the files that are imported together and make one or more images."""

from __future__ import annotations

from dataclasses import dataclass

from transferapp.model.containers import ContainerRef
from transferapp.model.images import Annotation
from transferapp.model.skips import Skip


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that is to be imported; ``sha1`` is lower-case hex."""

    client_path: str
    size_bytes: int
    sha1: str


@dataclass(frozen=True, slots=True)
class FilesetPlan:
    """One fileset that is to be imported. The file to open comes first.

    ``key`` is the idempotency key: the same key never makes a second fileset.
    """

    key: str
    name: str
    files: tuple[PlannedFile, ...]
    target: ContainerRef | None
    group_id: int
    annotations: tuple[Annotation, ...] = ()
    #: What the repository is not asked to do; needs the capability SKIPPING.
    skip: frozenset[Skip] = frozenset()


@dataclass(frozen=True, slots=True)
class Fileset:
    """A fileset in the repository; ``image_ids`` is empty until it is registered."""

    id: int
    key: str
    image_ids: tuple[int, ...] = ()
