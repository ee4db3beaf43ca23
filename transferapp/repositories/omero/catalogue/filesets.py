"""Find filesets by our key, and what OMERO holds of them."""

from __future__ import annotations

from typing import Any

from transferapp.errors import Invalid
from transferapp.model.filesets import Fileset, FilesetPlan, PlannedFile
from transferapp.model.images import OriginalFile
from transferapp.model.skips import Skip
from transferapp.repositories.omero.catalogue.mapping import original_file, unloaded
from transferapp.repositories.omero.catalogue.version_info import version_info
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.sessions.context import OmeroSessionContext

#: The namespace of the comment on a fileset that carries our key.
KEY_NAMESPACE = "transferapp/key"
#: The same on a fileset whose import is known to have failed: it is only to be deleted.
FAILED_NAMESPACE = "transferapp/failed"
FILES = (
    "select o.id, e.fileset.id, e.clientPath, o.size, h.value, o.hash from FilesetEntry e"
    " join e.originalFile o left outer join o.hasher h"
)
#: The namespace of the comment that tells how files came in, other than by upload.
TRANSFER_NAMESPACE = omero.constants.namespaces.NSFILETRANSFER
#: What the database holds of a plate's name. The end is kept, as OMERO does with images.
_MOST_CHARACTERS = 255


def filesets_of(omero_session: OmeroSessionContext, key: str) -> list[Fileset]:
    """Return the filesets under this key, the oldest first, but none that failed; blocking."""
    failed = set(_marked(omero_session, FAILED_NAMESPACE, key))
    ids = [one for one in _marked(omero_session, KEY_NAMESPACE, key) if one not in failed]
    return [Fileset(one, key, tuple(images_of(omero_session, one))) for one in ids]


def failed_filesets_of(omero_session: OmeroSessionContext, key: str) -> list[Fileset]:
    """Return what is left of imports under this key that failed for certain; blocking."""
    ids = _marked(omero_session, FAILED_NAMESPACE, key)
    return [Fileset(one, key, tuple(images_of(omero_session, one))) for one in ids]


def mark_failed(omero_session: OmeroSessionContext, fileset: Fileset, group_id: int) -> None:
    """Note on a fileset that its import is over and failed; blocking."""
    link = omero.model.FilesetAnnotationLinkI()
    link.setParent(unloaded("Fileset", fileset.id))
    link.setChild(_comment(FAILED_NAMESPACE, fileset.key))
    omero_session.save([link], group_id)


def _marked(omero_session: OmeroSessionContext, namespace: str, key: str) -> list[int]:
    found = omero_session.rows(
        "select l.parent.id from FilesetAnnotationLink l, CommentAnnotation a"
        " where a.id = l.child.id and a.ns = :ns and a.textValue = :key"
        " order by l.parent.id",
        ns=namespace,
        key=key,
    )
    return list(dict.fromkeys(fileset_id for (fileset_id,) in found))


def best_of(found: list[Fileset]) -> Fileset | None:
    """Choose the one with images, else the newest."""
    with_images = (one for one in found if one.image_ids)
    return next(with_images, found[-1] if found else None)


def images_of(omero_session: OmeroSessionContext, fileset_id: int) -> list[int]:
    """List a fileset's images; blocking."""
    found = omero_session.rows(
        "select i.id from Image i where i.fileset.id = :id order by i.id", id=fileset_id
    )
    return [image_id for (image_id,) in found]


def files_of(omero_session: OmeroSessionContext, fileset_id: int) -> list[OriginalFile]:
    """List a fileset's files in the order they were planned; blocking."""
    found = omero_session.rows(f"{FILES} where e.fileset.id = :id order by e.id", id=fileset_id)
    return [original_file(row) for row in found]


def differing(plan: FilesetPlan, held: list[OriginalFile]) -> list[str]:
    """Return the client paths whose bytes in OMERO are missing or not those planned."""
    by_path = {file.client_path: (file.size_bytes, file.hash) for file in held}
    return [
        file.client_path
        for file in plan.files
        if by_path.get(file.client_path) != (file.size_bytes, expected_hash(plan, file))
    ]


def expected_hash(plan: FilesetPlan, file: PlannedFile) -> str:
    """Return what OMERO is to find: the SHA-1, or the size where checksums are skipped."""
    if Skip.CHECKSUM in plan.skip:
        return file.size_bytes.to_bytes(8, "little").hex()
    return file.sha1


def transfer_notes(omero_session: OmeroSessionContext, fileset_id: int) -> list[int]:
    """Return the ids of the comments that say that a fileset's files are links; blocking."""
    found = omero_session.rows(
        "select a.id from FilesetAnnotationLink l, CommentAnnotation a"
        " where a.id = l.child.id and a.ns = :ns and l.parent.id = :id order by a.id",
        ns=TRANSFER_NAMESPACE,
        id=fileset_id,
    )
    return [note_id for (note_id,) in found]


def places_of(omero_session: OmeroSessionContext, fileset_id: int) -> list[str]:
    """Return the paths of a fileset's files inside the repository, as planned; blocking."""
    found = omero_session.rows(
        "select e.id, o.path, o.name from FilesetEntry e join e.originalFile o"
        " where e.fileset.id = :id order by e.id",
        id=fileset_id,
    )
    return [f"{folder}{name}" for _, folder, name in found]


def fileset_marked(omero_session: OmeroSessionContext, key: str, mark: str) -> int:
    """Return the fileset that ``new_fileset`` made with this mark; blocking."""
    [[fileset_id]] = omero_session.rows(
        "select l.parent.id from FilesetAnnotationLink l, CommentAnnotation a"
        " where a.id = l.child.id and a.ns = :ns and a.textValue = :key"
        " and a.description = :mark",
        ns=KEY_NAMESPACE,
        key=key,
        mark=mark,
    )
    return int(fileset_id)


def new_fileset(plan: FilesetPlan, mark: str, transfer: str = "") -> Any:
    """Make the OMERO object with its files and our key; it is saved in one piece.

    OMERO does not tell which fileset an import process is for; by ``mark`` it is found.
    ``transfer`` is OMERO's word for the way its files come in, other than by upload.
    """
    made = omero.model.FilesetI()
    for file in plan.files:
        entry = omero.model.FilesetEntryI()
        entry.setClientPath(omero.rtypes.rstring(file.client_path))
        made.addFilesetEntry(entry)
    upload = omero.model.UploadJobI()
    upload.setVersionInfo([omero.model.NamedValue(*one) for one in version_info(plan)])
    made.linkJob(upload)
    key = _comment(KEY_NAMESPACE, plan.key)
    key.setDescription(omero.rtypes.rstring(mark))
    made.linkAnnotation(key)
    if transfer:
        made.linkAnnotation(_comment(TRANSFER_NAMESPACE, transfer))
    return made


def _comment(namespace: str, text: str) -> Any:
    made = omero.model.CommentAnnotationI()
    made.setNs(omero.rtypes.rstring(namespace))
    made.setTextValue(omero.rtypes.rstring(text))
    return made


def stated_name(plan: FilesetPlan) -> str:
    """Return what OMERO is to call the images; several get their series behind it.

    By itself it takes the file that it opens, which is ``.zattrs`` for a Zarr.
    """
    name = plan.name.strip()
    return name if len(name) <= _MOST_CHARACTERS else "…" + name[1 - _MOST_CHARACTERS :]


def negotiated_algorithm(repository: Any, plan: FilesetPlan) -> Any:
    """Return the checksum algorithm of an import; raises Invalid where OMERO's administrator
    lets nobody skip checksums. Blocking.
    """
    if Skip.CHECKSUM in plan.skip:
        return sizes_only(repository)
    return _algorithm(omero.model.enums.ChecksumAlgorithmSHA1160)


def sizes_only(repository: Any) -> Any:
    """Return the algorithm that skips checksums; raises Invalid where OMERO has none.
    Blocking.
    """
    algorithm = _algorithm(omero.model.enums.ChecksumAlgorithmFileSize64)
    found = repository.suggestChecksumAlgorithm([algorithm])
    if found is None:
        raise Invalid(
            "This OMERO does not let imports skip checksums (omero.checksum.supported has no"
            " File-Size-64 there). Import without --skip checksum; an import that was begun"
            " so is to be cancelled first."
        )
    return found


def _algorithm(name: str) -> Any:
    made = omero.model.ChecksumAlgorithmI()
    made.setValue(omero.rtypes.rstring(name))
    return made


def import_settings(plan: FilesetPlan, algorithm: Any) -> Any:
    """Make OMERO's settings for the import: where to, what its images and plates are called,
    which checksums, thumbnails.
    """
    settings = omero.grid.ImportSettings()
    settings.userSpecifiedName = omero.rtypes.rstring(stated_name(plan))
    settings.doThumbnails = omero.rtypes.rbool(Skip.THUMBNAILS not in plan.skip)
    settings.noStatsInfo = omero.rtypes.rbool(Skip.MINMAX in plan.skip)
    settings.checksumAlgorithm = algorithm
    if plan.target is not None:
        settings.userSpecifiedTarget = unloaded(plan.target.kind, plan.target.id)
    return settings
