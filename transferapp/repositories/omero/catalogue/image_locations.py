"""Where many images lie at once: datasets with their projects, plates with their screens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.export_places import ImageLocation, NamedContainer, WellField
from transferapp.repositories.omero.catalogue.mapping import micrometres, plain
from transferapp.repositories.omero.sessions.context import OmeroSessionContext

_DATASETS = (
    "select l.child.id, l.parent.id, l.parent.name from DatasetImageLink l"
    " where l.child.id in (:ids) order by l.parent.id"
)
_PROJECTS = (
    "select l.child.id, l.parent.id, l.parent.name from ProjectDatasetLink l"
    " where l.child.id in (:ids) order by l.parent.id"
)
_SCREENS = (
    "select l.child.id, l.parent.id, l.parent.name from ScreenPlateLink l"
    " where l.child.id in (:ids) order by l.parent.id"
)
_FIELDS = (
    "select s from WellSample s left outer join fetch s.plateAcquisition"
    " where s.image.id in (:ids) order by s.id"
)
_WELLS = (
    "select w.id, w.row, w.column, w.plate.id, w.plate.name from Well w where w.id in (:ids)"
)
#: Fields are numbered in the order in which they were made, as OMERO's own clients do.
_ORDER = "select s.well.id, s.id from WellSample s where s.well.id in (:ids) order by s.id"


def image_locations(
    omero_session: OmeroSessionContext, image_ids: Sequence[int]
) -> list[ImageLocation]:
    """List the places of these images, as far as the person sees them; blocking."""
    ids = sorted(set(image_ids))
    if not ids:
        return []
    return [*_in_datasets(omero_session, ids), *_in_wells(omero_session, ids)]


def _in_datasets(omero_session: OmeroSessionContext, ids: list[int]) -> list[ImageLocation]:
    links = omero_session.rows(_DATASETS, ids=ids)
    above = _above(
        omero_session, _PROJECTS, ContainerKind.PROJECT, {dataset for _, dataset, _ in links}
    )
    return [
        ImageLocation(image_id, (*project, _named(ContainerKind.DATASET, dataset, name)))
        for image_id, dataset, name in links
        for project in above[dataset]
    ]


def _in_wells(omero_session: OmeroSessionContext, ids: list[int]) -> list[ImageLocation]:
    fields = omero_session.entities(_FIELDS, ids=ids)
    wells = sorted({one.getWell().getId().getValue() for one in fields})
    if not wells:
        return []
    known = {row[0]: row for row in omero_session.rows(_WELLS, ids=wells)}
    numbers = _numbers(omero_session.rows(_ORDER, ids=wells))
    plates = {row[3] for row in known.values()}
    above = _above(omero_session, _SCREENS, ContainerKind.SCREEN, plates)
    found = []
    for one in fields:
        _, row, column, plate, name = known[one.getWell().getId().getValue()]
        well = _field(one, row or 0, column or 0, numbers[one.getId().getValue()])
        inner = _named(ContainerKind.PLATE, plate, name)
        image_id = int(one.getImage().getId().getValue())
        found += [ImageLocation(image_id, (*s, inner), well) for s in above[plate]]
    return found


def _field(sample: Any, row: int, column: int, number: int) -> WellField:
    run = sample.getPlateAcquisition()
    run_id = 0 if run is None else int(run.getId().getValue())
    name = "" if run is None else plain(run.getName()) or f"Run {run_id}"
    x_um, y_um = micrometres(sample.getPosX()), micrometres(sample.getPosY())
    return WellField(row, column, number, run_id, name, x_um, y_um)


def _numbers(rows: Iterable[Sequence[int]]) -> Mapping[int, int]:
    """Number the fields of each well from 0; by the field's id."""
    counted: dict[int, int] = defaultdict(int)
    numbers = {}
    for well, field in rows:
        numbers[field] = counted[well]
        counted[well] += 1
    return numbers


def _above(
    omero_session: OmeroSessionContext, hql: str, kind: ContainerKind, children: Iterable[int]
) -> Mapping[int, list[tuple[NamedContainer, ...]]]:
    """Return what holds each of these containers: one way up, several, or an empty one."""
    ids = sorted(children)
    found: dict[int, list[tuple[NamedContainer, ...]]] = defaultdict(list)
    if ids:
        for child, parent, name in omero_session.rows(hql, ids=ids):
            found[child].append((_named(kind, parent, name),))
    return {one: found[one] or [()] for one in ids}


def _named(kind: ContainerKind, container_id: int, name: str | None) -> NamedContainer:
    return NamedContainer(ContainerRef(kind, container_id), name or f"{kind} {container_id}")
