"""IMetadata: annotations, tags, how channels were made, and the logs of imports."""

from __future__ import annotations

from typing import Any

import omero

from transferapp.sandbox.omero_sandbox.ice_objects import eager
from transferapp.sandbox.omero_sandbox.permissions import visible_to
from transferapp.sandbox.omero_sandbox.records import OWNER, Record
from transferapp.sandbox.omero_sandbox.services.query import Querying, named
from transferapp.sandbox.omero_sandbox.slices import is_kind_of

_LOG_TYPE = "application/omero-log-file"
_LOGGED = ("Image", "Fileset")
_ANNOTATION = ("details.owner", "details.creationEvent", "file")
_CHANNEL = (
    "mode", "illumination", "contrastMethod", "photometricInterpretation", "otf",
    "lightSourceSettings.lightSource", "detectorSettings.detector", "lightPath.dichroic",
    "lightPath.emissionFilterLink.child", "lightPath.excitationFilterLink.child",
)  # fmt: skip
_INSTRUMENT = ("microscope.type", "detector", "objective", "lightSource", "filter", "dichroic")


class IMetadata(Querying):
    """Reading what people and microscopes say of images."""

    def _annotation(self, record: Record) -> Any:
        return self.outgoing(eager(self.store, record, *_ANNOTATION)).object(record)

    def _linked(self, cls: str, id_: int) -> list[Record]:
        owner = self.store.find(cls, id_)
        visible = visible_to(self.caller)
        links = [] if owner is None else self.store.related(owner, "annotationLinks")
        return [link.values["child"] for link in links if visible(link)]

    def loadAnnotations(
        self, cls: str, ids: list[int], kinds: Any, _annotators: Any, _options: Any
    ) -> dict[int, list[Any]]:
        wanted = [named(kind) for kind in kinds or ()] or ["Annotation"]
        return {
            id_: [
                self._annotation(found)
                for found in self._linked(named(cls), id_)
                if any(is_kind_of(found.cls, kind) for kind in wanted)
            ]
            for id_ in ids
        }

    def loadAnnotation(self, ids: list[int]) -> list[Any]:
        found = [self.store.find("Annotation", id_) for id_ in ids]
        visible = visible_to(self.caller)
        return [self._annotation(r) for r in found if r is not None and visible(r)]

    def _specified(self, kind: str, include: Any, exclude: Any) -> list[Record]:
        """Return annotations of a kind in some namespaces, or out of others."""
        visible = visible_to(self.caller)
        return [
            r for r in self.store.all(named(kind)) if visible(r) and _asked(r, include, exclude)
        ]

    def loadSpecifiedAnnotations(
        self, kind: str, include: Any, exclude: Any, _options: Any
    ) -> list[Any]:
        return [self._annotation(r) for r in self._specified(kind, include, exclude)]

    def countSpecifiedAnnotations(
        self, kind: str, include: Any, exclude: Any, _options: Any
    ) -> int:
        return len(self._specified(kind, include, exclude))

    def loadSpecifiedAnnotationsLinkedTo(
        self, kind: str, include: Any, exclude: Any, cls: str, ids: list[int], _options: Any
    ) -> dict[int, list[Any]]:
        name = named(kind)
        return {
            id_: [
                self._annotation(r)
                for r in self._linked(named(cls), id_)
                if is_kind_of(r.cls, name) and _asked(r, include, exclude)
            ]
            for id_ in ids
        }

    def loadAnnotationsUsedNotOwned(self, kind: str, user: int, _options: Any) -> list[Any]:
        """Return what others own and this person linked."""
        return [self._annotation(r) for r in self._used_not_owned(named(kind), user)]

    def countAnnotationsUsedNotOwned(self, kind: str, user: int, _options: Any) -> int:
        return len(self._used_not_owned(named(kind), user))

    def _used_not_owned(self, name: str, user: int) -> list[Record]:
        links = (
            link
            for cls, table in self.store.tables.items()
            if cls.endswith("AnnotationLink")
            for link in table.values()
            if link.values[OWNER].id == user
        )
        children = {link.values["child"] for link in links}
        return [c for c in children if is_kind_of(c.cls, name) and c.values[OWNER].id != user]

    # -- microscopes

    def loadChannelAcquisitionData(self, ids: list[int]) -> list[Any]:
        found = [self.store.load("LogicalChannel", id_) for id_ in ids]
        return [self.out(record, *_CHANNEL) for record in found]

    def loadInstrument(self, id_: int) -> Any:
        return self.out(self.store.load("Instrument", id_), *_INSTRUMENT)

    # -- logs

    def loadLogFiles(self, cls: str, ids: list[int]) -> dict[int, list[Any]]:
        """Return the logs by the id that was asked for; what has none is left out."""
        name = named(cls)
        if name not in _LOGGED:
            text = "can load log files only by Fileset or Image"
            raise omero.ApiUsageException(None, "omero.ApiUsageException", text)
        made = {}
        for id_ in ids:
            record = self.store.find(name, id_)
            fileset = record.values.get("fileset") if record and name == "Image" else record
            logs = [] if fileset is None else self._logs(fileset)
            if logs:
                made[id_] = [self.out(log) for log in logs]
        return made

    def _logs(self, fileset: Record) -> list[Record]:
        jobs = self.store.get(self.store.get(fileset, "jobLinks"), "child")
        links = [part for job in jobs for part in self.store.get(job, "originalFileLinks")]
        files = [link.values["child"] for link in links]
        visible = visible_to(self.caller)
        return [f for f in files if f.text("mimetype") == _LOG_TYPE and visible(f)]


def _asked(record: Record, include: Any, exclude: Any) -> bool:
    namespace = record.text("ns")
    return (not include or namespace in include) and namespace not in (exclude or ())
