"""Find files in OMERO that hold the same bytes, or lie at the same client path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from transferapp.model.duplicates import Duplicate, DuplicateFileset, DuplicateOriginal, Hits
from transferapp.model.filesets import PlannedFile
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.sessions.context import OmeroSessionContext, parameters

#: The only hasher that we can compare with: sources are hashed once, by SHA-1.
_HASHER = "SHA1-160"
_FILES = (
    "select e.fileset.id, e.clientPath, o.size, o.hash, o.id, h.value from FilesetEntry e"
    " join e.originalFile o left outer join o.hasher h"
)
_BY_HASH = f"{_FILES} where h.value = :hasher and o.hash in (:values)"
_BY_PATH = f"{_FILES} where e.clientPath in (:values)"
_IMAGES = (
    "select i.fileset.id, i.id, i.details.owner.omeName from Image i"
    " where i.fileset.id in (:ids) order by i.id"
)
_DATASETS = (
    "select distinct i.fileset.id, d.name from DatasetImageLink l join l.parent d"
    " join l.child i where i.fileset.id in (:ids)"
)
_PLATES = (
    "select distinct i.fileset.id, p.name from WellSample s join s.well w join w.plate p"
    " join s.image i where i.fileset.id in (:ids)"
)
_COUNTS = (
    "select e.fileset.id, count(e.id) from FilesetEntry e where e.fileset.id in (:ids)"
    " group by e.fileset.id"
)
#: Values in one query; PostgreSQL takes 32,767.
_AT_ONCE = 500


def find_duplicates(
    omero_session: OmeroSessionContext, files: Sequence[PlannedFile]
) -> list[Duplicate]:
    """List duplicates in the order of ``files``, then by fileset id; blocking.

    Looks in the session's reading group: all groups, when it has none.
    """
    hits = Hits()
    for fileset_id, _, _, sha1, *_ in _rows(omero_session, _BY_HASH, {f.sha1 for f in files}):
        hits.by_sha1.setdefault(sha1, set()).add(fileset_id)
    for row in _rows(omero_session, _BY_PATH, {f.client_path for f in files}):
        fileset_id, path, size, checksum, file_id, hasher = row
        original = DuplicateOriginal(
            file_id, checksum if hasher == _HASHER and checksum else ""
        )
        hits.by_path.setdefault((path, size), {})[fileset_id] = original
    return hits.duplicates(files, _held(omero_session, hits.fileset_ids(files)))


def _rows(
    omero_session: OmeroSessionContext, hql: str, values: set[str]
) -> Iterator[list[Any]]:
    wanted = sorted(value for value in values if value)
    query = omero_session.gateway.query(omero_session.reading_group)
    for start in range(0, len(wanted), _AT_ONCE):
        some = [omero.rtypes.rstring(one) for one in wanted[start : start + _AT_ONCE]]
        given = parameters({"hasher": _HASHER} if hql is _BY_HASH else {})
        given.add("values", omero.rtypes.rlist(some))
        for row in query.projection(hql, given):
            yield [omero.rtypes.unwrap(value) for value in row]


def _held(
    omero_session: OmeroSessionContext, fileset_ids: list[int]
) -> dict[int, DuplicateFileset]:
    """Describe those of the filesets that have images."""
    images: dict[int, list[int]] = {}
    owners: dict[int, str] = {}
    places: dict[int, set[str]] = {}
    counts: dict[int, int] = {}
    for start in range(0, len(fileset_ids), _AT_ONCE):
        ids = fileset_ids[start : start + _AT_ONCE]
        for fileset_id, image_id, owner in omero_session.rows(_IMAGES, ids=ids):
            images.setdefault(fileset_id, []).append(image_id)
            owners[fileset_id] = owner
        counts.update((one, count) for one, count in omero_session.rows(_COUNTS, ids=ids))
        for hql in (_DATASETS, _PLATES):
            for fileset_id, name in omero_session.rows(hql, ids=ids):
                places.setdefault(fileset_id, set()).add(name)
    return {
        one: DuplicateFileset(
            one, owners[one], tuple(ids), tuple(sorted(places.get(one, ()))), counts.get(one, 0)
        )
        for one, ids in images.items()
    }
