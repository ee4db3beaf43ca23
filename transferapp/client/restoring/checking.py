"""Whether the files of an archive are as they were exported, before anything of it is sent."""

from __future__ import annotations

from collections.abc import Iterator

from transferapp.client.hashed_files import hash_file
from transferapp.client.restoring.source import ArchiveSource
from transferapp.errors import Corrupt, SourceProblem
from transferapp.protocol.export_manifests import ListedFile

#: So many are named in one sentence.
_NAMED = 5


def check_files(source: ArchiveSource, *, trust: bool) -> None:
    """Compare every file with the manifest, by size, and (not ``trust``) by its SHA-1, for as
    long as the disk takes; blocking. Raises Corrupt, which names what is wrong.
    """
    wrong = list(_wrong_files(source, trust=trust))
    if wrong:
        more = f" And {len(wrong) - _NAMED:,} more." if len(wrong) > _NAMED else ""
        raise Corrupt(
            f"Nothing was sent: {len(wrong):,} of the archive's files are not as they were"
            f" exported. {' '.join(wrong[:_NAMED])}{more} Take them from another copy."
        )


def _wrong_files(source: ArchiveSource, *, trust: bool) -> Iterator[str]:
    for file in source.listed.files:
        if sentence := _objection(source, file, trust=trust):
            yield sentence


def _objection(source: ArchiveSource, file: ListedFile, *, trust: bool) -> str:
    path = source.here(file)
    try:
        size = path.stat().st_size
        if size != file.size_bytes:
            return f"'{file.path}' has {size:,} bytes instead of {file.size_bytes:,}."
        if not trust and hash_file(path).sha1 != file.sha1:
            return f"'{file.path}' has other bytes."
    except OSError as error:
        return f"'{file.path}' cannot be read ({error.strerror})."
    except SourceProblem as error:
        return error.message
    return ""
