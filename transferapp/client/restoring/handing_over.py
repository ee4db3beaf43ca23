"""Hand the filesets of an archive over as imports, with what it says of their images."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from transferapp.archive.lines import ImageLine
from transferapp.archive.nouns import annotations_of, rois_of
from transferapp.client.agent import AgentClient
from transferapp.client.importing import ChecksImports, HandOver, ImportPlan, hand_over_import
from transferapp.client.restoring.containers import restorable
from transferapp.client.restoring.filesets import (
    ArchivedFileset,
    RestorePlan,
    plate_of,
    portions,
    rois_left_out,
)
from transferapp.client.restoring.source import ArchivedImage, ArchiveSource
from transferapp.client.restoring.state import RestoreState
from transferapp.errors import SourceProblem
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.scanning import FoundFile
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.restoring import (
    MOST_NAME,
    ImageTexts,
    RestoredImage,
    RestoredItem,
    RestoredPlate,
)
from transferapp.protocol.export_manifests import ListedFile
from transferapp.protocol.messages import ImportRequest, NewFile, NewItem

_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_PATH_BYTES = 4096


class TakesImports(HandOver, ChecksImports, Protocol):
    """What is needed of a server here; ``client.server.ServerClient`` is one."""


@dataclass(frozen=True, slots=True)
class ArchiveHandOver:
    """Hands over; ``save`` is called with the state whenever the server has taken an import."""

    source: ArchiveSource
    plan: RestorePlan
    state: RestoreState
    save: Callable[[], None]

    async def hand_over(self, server: TakesImports, agent: AgentClient) -> list[str]:
        """Hand over what is in no import yet; returns the ids of the transfers. When it returns
        it is safe to log off. Raises what ``hand_over_import`` does; repeating it is safe.
        """
        known = self.state.handed_over
        left = [one for one in self.plan.filesets if one.item.id not in known]
        for some in portions(left):
            admitted = await self._admitted(server, some)
            if not admitted:
                continue
            plan = self._import(admitted)
            view = await hand_over_import(server, agent, plan, owner=self.state.username)
            self.state.transfers[view.transfer_id] = [one.item.id for one in admitted]
            self.save()
        return list(self.state.transfers)

    async def _admitted(
        self, server: TakesImports, filesets: list[ArchivedFileset]
    ) -> list[ArchivedFileset]:
        """Return those that the server takes, and note why it does not take others."""
        items = [_plain_item(one) for one in filesets]
        try:
            await server.check_import(ImportRequest(name="restore", target="", items=items))
        except SourceProblem as error:
            if len(filesets) == 1:
                self.state.refused[filesets[0].item.id] = f"{error.title}. {error.message}"
                self.save()
                return []
            half = len(filesets) // 2
            first = await self._admitted(server, filesets[:half])
            return first + await self._admitted(server, filesets[half:])
        return filesets

    def _import(self, filesets: Sequence[ArchivedFileset]) -> ImportPlan:
        target = filesets[0].target
        candidates = [self._candidate(one) for one in filesets]
        line = next((one for one in self.plan.containers if one.ref == target), None)
        name = f"{self.source.listed.transfer.name}: {line.name if line else target}"
        return ImportPlan(
            name=name[:1024],
            target=ContainerRef.parse(self.state.containers[target]),
            candidates=tuple(candidates),
            restored={
                one.files[0].path: self.restored(fileset)
                for one, fileset in zip(candidates, filesets, strict=True)
            },
            request_key=self.state.request_key([one.item.id for one in filesets]),
        )

    def _candidate(self, fileset: ArchivedFileset) -> FilesetCandidate:
        item = fileset.item
        paths = _client_paths(fileset)
        files = (
            FoundFile(str(self.source.here(file)), path, file.size_bytes, 0)
            for file, path in zip(item.files, paths, strict=True)
        )
        return FilesetCandidate(_name(fileset), tuple(files), None)

    def restored(self, fileset: ArchivedFileset) -> RestoredItem:
        """Return what the archive says of a fileset's images and plates."""
        refs = list(dict.fromkeys(filter(None, map(plate_of, fileset.images))))
        lines = (self.source.containers.get(ref) for ref in refs)
        plates = tuple(
            RestoredPlate(
                line.name.strip()[:MOST_NAME] or ref,
                line.description,
                restorable(annotations_of(line.annotations)),
            )
            if line is not None
            else RestoredPlate(ref)
            for ref, line in zip(refs, lines, strict=True)
        )
        without = rois_left_out(fileset)
        images = (self._image(one, refs, one.id not in without) for one in fileset.images)
        return RestoredItem(tuple(images), plates)

    def _image(
        self,
        image: ArchivedImage,
        plates: Sequence[str],
        with_rois: bool,  # noqa: FBT001 - of this image
    ) -> RestoredImage:
        line = self.source.line(image)
        known = (self.state.containers.get(ref) for ref in image.containers)
        refs = (ContainerRef.parse(ref) for ref in known if ref)
        plate = plate_of(image)
        return RestoredImage(
            place=image.place or 0,
            texts=_texts(line),
            sizes=image.sizes,
            annotations=restorable(annotations_of(line.annotations)),
            rois=rois_of(line) if with_rois else (),
            datasets=tuple(ref for ref in refs if ref.kind is ContainerKind.DATASET),
            plate=plates.index(plate) if plate else None,
        )


def _texts(line: ImageLine) -> ImageTexts:
    name = line.name.strip()[:MOST_NAME] or f"Image {line.id}"
    channels = tuple(one.name[:MOST_NAME] for one in line.channels)
    unnamed = all(text in {"", f"Channel {n}"} for n, text in enumerate(channels))
    return ImageTexts(name, line.description, () if unnamed else channels)


def _name(fileset: ArchivedFileset) -> str:
    """Return what the fileset is called: as its file to open, not as one of its images."""
    return _client_paths(fileset)[0].rpartition("/")[2][:1024]


def _plain_item(fileset: ArchivedFileset) -> NewItem:
    paths = zip(fileset.item.files, _client_paths(fileset), strict=True)
    files = [NewFile(client_path=path, size_bytes=file.size_bytes) for file, path in paths]
    return NewItem(name=_name(fileset), files=files)


def _client_paths(fileset: ArchivedFileset) -> list[str]:
    """Return where the files were when they were imported first; where that is no relative
    path, or not known, where they lie in the archive. Which lie beside each other is the same.
    """
    files = fileset.item.files
    paths = [file.client_path for file in files]
    if all(map(_is_relative, paths)) and len(set(paths)) == len(paths):
        return paths
    return [_inside(file, fileset) for file in files]


def _inside(file: ListedFile, fileset: ArchivedFileset) -> str:
    folder = (fileset.item.path or "").rstrip("/")
    return file.path.removeprefix(f"{folder}/") if len(fileset.item.files) > 1 else file.path


def _is_relative(path: str) -> bool:
    parts = path.split("/")
    plain = not any(part in {"", ".", ".."} for part in parts)
    return plain and not _DRIVE.match(path) and len(path.encode()) <= _PATH_BYTES
