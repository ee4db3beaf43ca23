"""Read the outcome from the running system: bytes of the repository, bytes on the disk."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from transferapp.repositories.port import Repository

PIECE = 1 << 20


def digest(path: Path, algorithm: str) -> str:
    """Return the hash of a file's bytes as they are on the disk now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name relative to the folder's parent, path) of each file."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder.parent).as_posix(), path


async def repository_hashes(
    repository: Repository, username: str
) -> tuple[dict[str, list[str]], int]:
    """Hash the bytes the repository holds; returns client path -> SHA-1s, and the number
    of images that the person can see. Closes the repository.
    """
    try:
        async with repository.session(username) as session:
            ids: list[int] = []
            while page := await session.images.find(after=ids[-1] if ids else 0, limit=500):
                ids += [image.id for image in page]
            hashes: dict[str, list[str]] = {}
            for file in await session.images.files(ids):
                sha1 = hashlib.sha1(usedforsecurity=False)
                async for piece in session.images.read(file.id):
                    sha1.update(piece)
                hashes.setdefault(file.client_path, []).append(sha1.hexdigest())
    finally:
        await repository.close()
    return hashes, len(ids)


def import_rows(
    source: Path, repository: Repository, username: str
) -> tuple[list[dict[str, str]], int]:
    """Return the report's ``files`` and ``images``.

    A file that the repository holds twice, or not at all, gives a row whose hashes differ.
    """
    hashes, images = asyncio.run(repository_hashes(repository, username))
    rows = []
    for name, path in files_below(source):
        held = hashes.pop(name, [])
        rows.append(
            {
                "name": name,
                "sha1_source": digest(path, "sha1"),
                "sha1_repository": held[0] if len(held) == 1 else f"held {len(held)} times",
            }
        )
    rows += [
        {"name": name, "sha1_source": "not in the source", "sha1_repository": sha1s[0]}
        for name, sha1s in hashes.items()
    ]
    return rows, images


def export_rows(
    source: Path, destination: Path, client_paths: Sequence[str]
) -> list[dict[str, str]]:
    """Return the report's ``exports``: each file's bytes in the source and as delivered.

    A fileset of one file arrives as that file, others as a folder: so a delivered path is
    the end of its client path, and the longest such end is the file.
    """
    delivered = {
        path.relative_to(destination).as_posix(): path for _, path in files_below(destination)
    }
    return [
        {
            "name": client_path,
            "sha256_source": digest(source.parent / client_path, "sha256"),
            "sha256_export": _delivered_digest(client_path, delivered),
        }
        for client_path in client_paths
    ]


def _delivered_digest(client_path: str, delivered: dict[str, Path]) -> str:
    ends = [end for end in delivered if f"/{client_path}".endswith(f"/{end}")]
    return digest(delivered[max(ends, key=len)], "sha256") if ends else "not delivered"
