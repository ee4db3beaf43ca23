"""IQuery, IUpdate, IContainer, ITypes, IRoi: reading and writing the database."""

from __future__ import annotations

from typing import Any

import omero
from omero import rtypes

from transferapp.sandbox.omero_sandbox.deletion import delete_all
from transferapp.sandbox.omero_sandbox.dispatch import Service
from transferapp.sandbox.omero_sandbox.hql_parser import Query, parse
from transferapp.sandbox.omero_sandbox.hql_rows import QueryRun
from transferapp.sandbox.omero_sandbox.ice_objects import Incoming, Outgoing, eager
from transferapp.sandbox.omero_sandbox.permissions import visible_to
from transferapp.sandbox.omero_sandbox.records import Record, plain
from transferapp.sandbox.omero_sandbox.slices import entity_name
from transferapp.sandbox.omero_sandbox.store import Store


def named(stated: str) -> str:
    """Return a class of the model by any of its names; raises ApiUsageException."""
    name = entity_name(stated)
    if name is None:
        raise omero.ApiUsageException(
            None, "omero.ApiUsageException", f"Unknown type: {stated}"
        )
    return name


def _parameter(value: Any) -> Any:
    if isinstance(value, (omero.RList, omero.RSet, omero.RArray)):
        return [_parameter(part) for part in value._val]
    if isinstance(value, omero.RObject):
        return type(value._val).__name__.removesuffix("I"), value._val._id._val
    return value


def _paged(rows: list[list[Any]], parameters: Any) -> list[list[Any]]:
    page = None if parameters is None else parameters.theFilter
    if page is None:
        return rows
    first = 0 if page.offset is None else page.offset._val
    return rows[first:] if page.limit is None else rows[first : first + page.limit._val]


class Querying(Service):
    """What services that query share."""

    def query(self, text: str, parameters: Any) -> tuple[Query, QueryRun, list[list[Any]]]:
        """Run HQL for the caller; return tree, run and rows of selected values."""
        held = (parameters.map or {}) if parameters is not None else {}
        values = {name: _parameter(value) for name, value in held.items()}
        tree = parse(" ".join(text.split()))
        run = QueryRun(self.store, values, visible_to(self.caller))
        rows = run.top(tree)
        single = bool(rows) and len(rows[0]) == 1 and isinstance(rows[0][0], Record)
        if single and any(source.fetch for source in tree.sources):
            # Joined collections repeat their owner: once is what clients want.
            rows = list({plain(row[0]): row for row in rows}.values())
        return tree, run, _paged(rows, parameters)

    def objects(self, text: str, parameters: Any) -> list[Any]:
        """Run a query for whole objects."""
        _tree, run, rows = self.query(text, parameters)
        outgoing = self.outgoing(run.fetched)
        return [outgoing.object(row[0]) for row in rows]


class IQuery(Querying):
    """Reading."""

    def find(self, cls: str, id_: int) -> Any:
        record = self.store.find(named(cls), id_)
        return (
            None if record is None or not visible_to(self.caller)(record) else self.out(record)
        )

    def get(self, cls: str, id_: int) -> Any:
        found = self.find(cls, id_)
        if found is None:
            sentence = f"The requested object (ome.model.{named(cls)},{id_}) is not available."
            raise omero.ValidationException(None, "omero.ValidationException", sentence)
        return found

    def findAllByQuery(self, text: str, parameters: Any) -> list[Any]:
        return self.objects(text, parameters)

    def findByQuery(self, text: str, parameters: Any) -> Any:
        found = self.objects(text, parameters)
        if len({(type(o), o._id._val) for o in found if o is not None}) > 1:
            sentence = "Query did not return a unique result"
            raise omero.ApiUsageException(None, "omero.ApiUsageException", sentence)
        return found[0] if found else None

    def projection(self, text: str, parameters: Any) -> list[Any]:
        tree, run, rows = self.query(text, parameters)
        outgoing = self.outgoing(run.fetched)
        names = [name for _node, name in tree.select or ()]
        out = [_projected(row, names, outgoing) for row in rows]
        if not tree.as_map:
            return out
        keys = [name or str(number) for number, name in enumerate(names)]
        return [[rtypes.rmap(dict(zip(keys, row, strict=True)))] for row in out]

    def findAll(self, cls: str, _filter: Any) -> list[Any]:
        return self.objects(f"select x from {named(cls)} x", None)  # noqa: S608 - a known name

    def findAllByString(
        self, cls: str, field: str, value: str, _case: Any = True, _filter: Any = None
    ) -> list[Any]:
        parameters = omero.sys.ParametersI().addString("value", value)
        query = f"select x from {named(cls)} x where x.{field} = :value"  # noqa: S608
        return self.objects(query, parameters)

    def findByString(self, cls: str, field: str, value: str) -> Any:
        return next(iter(self.findAllByString(cls, field, value)), None)


def _projected(row: list[Any], names: list[str | None], outgoing: Outgoing) -> list[Any]:
    """``new map(obj as obj_details_permissions)`` yields the permissions of ``obj``."""
    return [
        outgoing.rtype(
            outgoing.permissions(value)
            if name and name.endswith("_details_permissions")
            else value
        )
        for name, value in zip(names or [None] * len(row), row, strict=True)
    ]


class IUpdate(Service):
    """Writing."""

    def saveAndReturnArray(self, given: list[Any]) -> list[Any]:
        incoming = Incoming(self.store, self.caller)
        with self.store.undo.transaction():
            for part in given:
                incoming.save(part)
        return given

    def saveAndReturnObject(self, given: Any) -> Any:
        return self.saveAndReturnArray([given])[0]

    def saveAndReturnIds(self, given: list[Any]) -> list[int]:
        return [part._id._val for part in self.saveAndReturnArray(given)]

    def saveArray(self, given: list[Any]) -> None:
        self.saveAndReturnArray(given)

    def saveCollection(self, given: list[Any]) -> None:
        self.saveAndReturnArray(given)

    def saveObject(self, given: Any) -> None:
        self.saveAndReturnArray([given])

    def deleteObject(self, given: Any) -> None:
        delete_all(self.sandbox, self.caller, named(type(given).__name__), [given._id._val])


class IContainer(Querying):
    """The older way to read hierarchies; clients still use it for lists of images."""

    def loadContainerHierarchy(self, cls: str, ids: list[int], options: Any) -> list[Any]:
        name, visible = named(cls), visible_to(self.caller)
        held = options.map if options and options.map else {}
        leaves = bool(plain(held.get("leaves")))
        paths = {
            "Project": "datasetLinks.child" + (".imageLinks.child" if leaves else ""),
            "Dataset": "imageLinks.child" if leaves else "",
            "Screen": "plateLinks.child",
        }
        wanted = [paths[name]] if paths.get(name) else []
        found = [r for r in self.store.all(name) if (not ids or r.id in ids) and visible(r)]
        return [self.out(record, *wanted) for record in found]

    def getImages(self, cls: str, ids: list[int], _options: Any) -> list[Any]:
        linked = (
            "select l from DatasetImageLink l where l.child = i.id and l.parent.id in (:ids)"
        )
        where = {"Image": "i.id in (:ids)", "Dataset": f"exists ({linked})"}[named(cls)]
        query = (
            "select i from Image i left outer join fetch i.pixels p"  # noqa: S608
            f" left outer join fetch p.pixelsType where {where}"
        )
        return self.objects(query, omero.sys.ParametersI().addIds(ids))

    def getImagesBySplitFilesets(
        self, included: dict[str, list[int]], _options: Any
    ) -> dict[int, dict[bool, list[int]]]:
        """Return filesets of which some images are in the set, and which are not."""
        chosen = {
            image.id
            for cls, ids in included.items()
            for image in images_below(self.store, named(cls), ids)
        }
        filesets = dict.fromkeys(
            fileset
            for id_ in sorted(chosen)
            if (fileset := self.store.load("Image", id_).values.get("fileset")) is not None
        )
        made = {}
        for fileset in filesets:
            ids = [image.id for image in self.store.related(fileset, "images")]
            left = [id_ for id_ in ids if id_ not in chosen]
            if left:
                made[fileset.id] = {True: [i for i in ids if i in chosen], False: left}
        return made

    def getCollectionCount(
        self, cls: str, name: str, ids: list[int], _options: Any
    ) -> dict[int, int]:
        field = name.rpartition("_")[2]
        return {i: len(self.store.get(self.store.load(named(cls), i), field)) for i in ids}


_IMAGES = {
    "Image": "",
    "Fileset": "images",
    "Dataset": "imageLinks.child",
    "Project": "datasetLinks.child.imageLinks.child",
    "Plate": "wells.wellSamples.image",
    "Screen": "plateLinks.child.wells.wellSamples.image",
}


def images_below(store: Store, cls: str, ids: list[int]) -> list[Record]:
    """Return the images of containers, each once; of what holds none, none."""
    if cls not in _IMAGES:
        return []
    found: Any = [record for id_ in ids if (record := store.find(cls, id_)) is not None]
    for step in filter(None, _IMAGES[cls].split(".")):
        found = flat(store.get(found, step))
    return list(dict.fromkeys(found))


def flat(value: Any) -> list[Record]:
    """Return the records of a list of lists."""
    if isinstance(value, Record):
        return [value]
    return [record for part in value or () for record in flat(part)]


class ITypes(Service):
    """Enumerations."""

    def allEnumerations(self, cls: str) -> list[Any]:
        return [self.out(record) for record in self.store.all(named(cls))]

    def getEnumeration(self, cls: str, value: str) -> Any:
        return self.out(self.store.enumeration(named(cls), value))


class IRoi(Service):
    """Regions of interest."""

    def findByImage(self, image_id: int, options: Any) -> Any:
        made = omero.api.RoiResult()
        image = self.store.load("Image", image_id)
        rois = self.store.related(image, "rois")
        plans = [eager(self.store, roi, "shapes") for roi in rois]
        made.opts = options
        made.rois = [
            self.outgoing(plan).object(roi) for roi, plan in zip(rois, plans, strict=True)
        ]
        return made
