"""Delete objects with what cannot be without them."""

from __future__ import annotations

from collections.abc import Sequence

import omero

from transferapp.sandbox.omero_sandbox.permissions import DELETE, require
from transferapp.sandbox.omero_sandbox.records import Record, SandboxCaller
from transferapp.sandbox.omero_sandbox.sandbox import Sandbox
from transferapp.sandbox.omero_sandbox.slices import FIELDS

#: What goes with its owner, beside links.
_OWNED = {
    "Image": ("pixels", "wellSamples", "rois"),
    "Roi": ("shapes",),
    "Pixels": ("channels", "settings"),
    "RenderingDef": ("waveRendering", "quantization"),
    "ChannelBinding": ("spatialDomainEnhancement",),
    "Fileset": ("images", "usedFiles"),
    "FilesetEntry": ("originalFile",),
    "Plate": ("wells", "plateAcquisitions"),
    "Well": ("wellSamples",),
    "WellSample": ("image",),
    "FileAnnotation": ("file",),
}

#: Containers take along what nobody else holds, unless the client keeps that kind.
_CHILDREN = {
    "Project": ("datasetLinks", "Dataset"),
    "Dataset": ("imageLinks", "Image"),
    "Screen": ("plateLinks", "Plate"),
}

Gone = dict[str, list[int]]


def delete_all(
    sandbox: Sandbox,
    caller: SandboxCaller,
    cls: str,
    ids: Sequence[int],
    kept: frozenset[str] = frozenset(),
) -> Gone:
    """Delete objects; return what is gone, by class. A fileset goes with its last image.

    Raises SecurityViolation, or ValidationException for a part of a fileset, before
    anything is deleted.
    """
    with sandbox.lock:
        plan = _Plan(sandbox, kept)
        for id_ in ids:
            plan.collect(sandbox.store.load(cls, id_))
        plan.whole_filesets()
        for record in plan.found.values():
            if not plan.goes_with_its_parent(record):
                require(record, caller, DELETE)
        gone: Gone = {}
        for record in plan.found.values():
            gone.setdefault(record.cls, []).append(record.id)
            _remove(sandbox, record)
        return gone


class _Plan:
    """What one deletion takes along."""

    def __init__(self, sandbox: Sandbox, kept: frozenset[str]) -> None:
        self._store, self._kept = sandbox.store, kept
        self.found: dict[tuple[str, int], Record] = {}

    def collect(self, record: Record) -> None:
        """Add a record and what cannot be without it."""
        if record.key in self.found or record.id not in self._store.tables[record.cls]:
            return
        self.found[record.key] = record
        fields = FIELDS[record.cls].items()
        links = [name for name, f in fields if f.kind == "seq" and f.type.endswith("Link")]
        children = self._children(record)
        for link in self._links_to(record):
            self.collect(link)
        for name in (*links, *_OWNED.get(record.cls, ())):
            held = self._store.get(record, name)
            for part in held if isinstance(held, list) else [held]:
                if part is not None:
                    self.collect(part)
        for child in children:
            self._orphan(child)

    def _links_to(self, record: Record) -> list[Record]:
        """An annotation goes with the links that lead to it."""
        if not record.cls.endswith("Annotation"):
            return []
        tables = self._store.tables.items()
        links = [held for cls, held in tables if cls.endswith("AnnotationLink")]
        return [
            link
            for held in links
            for link in held.values()
            if link.values.get("child") is record
        ]

    def _children(self, record: Record) -> list[Record]:
        name, kind = _CHILDREN.get(record.cls, ("", ""))
        if not name or kind in self._kept:
            return []
        return [link.values["child"] for link in self._store.related(record, name)]

    def _orphan(self, child: Record) -> None:
        holders = {"Dataset": "projectLinks", "Image": "datasetLinks", "Plate": "screenLinks"}
        links = self._store.related(child, holders[child.cls])
        if all(link.key in self.found for link in links):
            self.collect(child)

    def goes_with_its_parent(self, record: Record) -> bool:
        """Whoever may delete an image may, though others annotated it: their links go."""
        parent = record.values.get("parent")
        annotates = record.cls.endswith("AnnotationLink")
        return annotates and parent is not None and parent.key in self.found

    def whole_filesets(self) -> None:
        """Add filesets that lose their last image; refuse to split one."""
        images = [r for r in self.found.values() if r.cls == "Image"]
        for fileset in {r.values.get("fileset") for r in images}:
            if fileset is None:
                continue
            if any(i.key not in self.found for i in self._store.related(fileset, "images")):
                text = f"may not split Fileset[{fileset.id}]: delete all of its images"
                raise omero.ValidationException(None, "omero.ValidationException", text)
            self.collect(fileset)


def _remove(sandbox: Sandbox, record: Record) -> None:
    if record.cls == "OriginalFile":
        sandbox.files.path(record).unlink(missing_ok=True)
    elif record.cls == "Fileset":
        if any(one.running and one.reserved.record is record for one in sandbox.imports):
            sandbox.offences.append(f"Fileset {record.id} was deleted while it is imported")
        sandbox.pixels.forget(record.id)
    sandbox.store.delete(record)
