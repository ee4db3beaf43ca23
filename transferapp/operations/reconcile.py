"""Check that the repository holds every byte, before "safe to delete the source" is said."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from transferapp.errors import Corrupt
from transferapp.ledger.port import HeldFiles
from transferapp.model.filesets import Fileset, FilesetPlan
from transferapp.model.images import OriginalFile
from transferapp.model.skips import Skip
from transferapp.model.transfers import TransferFile

_KEEP = "Keep the source, and ask your administrator to look at this import."


def check_reconciled(fileset: Fileset, plan: FilesetPlan, held: Sequence[OriginalFile]) -> None:
    """Compare what the repository says it holds with the sealed files; raises Corrupt.

    Files are matched by hash and size: a repository may sanitize their names. By size alone
    where checksums are skipped: then nothing is promised of the source.
    """
    sizes_only = Skip.CHECKSUM in plan.skip
    available = Counter(
        ("" if sizes_only else file.hash.lower(), file.size_bytes) for file in held
    )
    for file in plan.files:
        key = ("" if sizes_only else file.sha1.lower(), file.size_bytes)
        if available[key] == 0:
            raise Corrupt(
                f"The repository's copy of '{file.client_path}' differs from the source."
                f" {_KEEP}"
            )
        available[key] -= 1
    if not fileset.image_ids:
        raise Corrupt(f"The repository made no images of these files. {_KEEP}")


def held_files(
    fileset: Fileset, files: Sequence[TransferFile], held: Sequence[OriginalFile]
) -> HeldFiles:
    """Say which of the repository's files is which of an item's, after they were compared.

    Of files with the same bytes the one at the same client path is taken, where there is one.
    """
    alike: defaultdict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    for one in held:
        alike[one.hash.lower(), one.size_bytes][one.client_path] = one.id
    by_file: dict[str, int] = {}
    for file in files:
        found = alike[file.sha1, file.size_bytes]
        if file.client_path in found:
            by_file[file.id] = found.pop(file.client_path)
    for file in files:
        left = alike[file.sha1, file.size_bytes]
        if file.id not in by_file and left:
            by_file[file.id] = left.pop(next(iter(left)))
    return HeldFiles(fileset.id, by_file)
