"""Where on this computer the files of a receipt should lie."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from transferapp.receipts.document import Receipt, ReceiptFile, ReceiptItem

#: The paths to look at for a file of an item, the likeliest first.
Places = Callable[[ReceiptItem, ReceiptFile], list[Path]]


def places_below(receipt: Receipt, folder: Path) -> Places:
    """Say where to look below a folder; blocking.

    The files of an import lie where their client paths say, also in a copy of the dropped
    folder that has another name. Those of an export lie where its
    manifest says (docs/adr/0030); without one anywhere, under their name.
    """
    if receipt.kind != "export":
        return _by_path(receipt, folder)
    return _by_manifest(receipt, folder) or _by_name(folder)


def _by_path(receipt: Receipt, folder: Path) -> Places:
    """Look where a client path leads, which begins with the name of what was dropped."""
    base = folder.resolve()
    firsts = {file.path.partition("/")[0] for file in receipt.files}
    if firsts == {base.name} and not (base / base.name).exists():
        base = base.parent
    renamed = len(firsts) == 1 and not base.joinpath(*firsts).exists()

    def places(_: ReceiptItem, file: ReceiptFile) -> list[Path]:
        parts = file.path.split("/")
        # A copy of the dropped folder may have another name.
        return [base.joinpath(*(parts[1:] if renamed and len(parts) > 1 else parts))]

    return places


def _by_manifest(receipt: Receipt, folder: Path) -> Places | None:
    for path in folder.glob(f"*.{receipt.transfer_id[:8]}.manifest.json"):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            document = json.loads(path.read_bytes())
            if document["transfer"]["id"] == receipt.transfer_id:
                placed = _placed(document, folder)
                return lambda item, file: placed.get((item.id, file.path), [])
    return None


def _placed(document: dict[str, Any], folder: Path) -> dict[tuple[str, str], list[Path]]:
    return {
        (str(item["id"]), file["client_path"]): [folder.joinpath(*file["path"].split("/"))]
        for item in document["items"]
        for file in item["files"]
    }


def _by_name(folder: Path) -> Places:
    named: defaultdict[str, list[Path]] = defaultdict(list)
    for inside, _, names in os.walk(folder):
        for name in names:
            named[name].append(Path(inside, name))

    def likeliest(_: ReceiptItem, file: ReceiptFile) -> list[Path]:
        parts = PurePosixPath(file.path).parts
        return sorted(named[parts[-1]], key=lambda path: -_alike(path.parts, parts))

    return likeliest


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Count the names that two paths end in alike."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), len(other))
