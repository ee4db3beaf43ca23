"""Make an import's tags before its images get them: once, however many items end at a time.

A repository in which images share tags (OMERO) takes a second tag of the same name, and a
transfer's items are imported side by side, by several workers.
"""

from __future__ import annotations

from collections.abc import Iterable

from transferapp.ledger.port import ItemWork
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.operations.other_people import owners_session
from transferapp.repositories.port import Repository
from transferapp.taskqueue.port import Context


async def make_tags(
    repository: Repository, context: Context, work: ItemWork, annotations: Iterable[Annotation]
) -> None:
    """Make what tags of ``annotations`` the owner of ``work`` does not have yet; may be
    repeated.

    Raises what a session raises, and Unavailable for no database.
    """
    tags = [note for note in dict.fromkeys(annotations) if note.kind is AnnotationKind.TAG]
    if not tags or work.group_id is None:
        return
    name = f"tags {repository.name} {work.group_id} {work.transfer.owner}"
    async with context.lock(name), owners_session(repository, work) as session:
        await session.images.make_tags(work.group_id, tags)
