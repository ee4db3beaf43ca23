"""What a receipt says, and what came of comparing it, for a person at the command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import humanize

from transferapp.client.covered_folders import MOST_NAMED, FolderCoverage
from transferapp.client.receipt_compare import ComparedFile, Found
from transferapp.client.receipt_files import ReceiptOnDisk
from transferapp.protocol.receipts import FileHolding, Holding
from transferapp.receipts.document import Receipt


def statement(one: ReceiptOnDisk) -> list[tuple[str, str]]:
    """Return what a receipt states, as rows of a label and a text."""
    receipt = one.receipt
    size = sum(file.size_bytes for file in receipt.files)
    times = sorted(item.verified_at for item in receipt.items if item.verified_at)
    versions = sorted({item.verified_by for item in receipt.items if item.verified_by})
    rows = [
        ("Signature", f"good; key {one.key.id} of {one.key.whose}"),
        ("Transfer", f"{receipt.kind} '{receipt.name}' ({receipt.transfer_id})"),
        ("Of", _people(receipt)),
        ("Asked for", f"{receipt.asked_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("From", _origin(receipt)),
        ("To", _target(receipt)),
        ("Verified", f"{_files(len(receipt.files))}, {humanize.naturalsize(size)}"),
    ]
    if times:
        rows.append(("Between", f"{times[0]:%Y-%m-%d %H:%M:%S} and {times[-1]:%H:%M:%S} UTC"))
    if times and times[0].date() != times[-1].date():
        both = f"{times[0]:%Y-%m-%d %H:%M:%S} and {times[-1]:%Y-%m-%d %H:%M:%S} UTC"
        rows[-1] = ("Between", both)
    if versions:
        rows.append(("By", f"TransferApp {', '.join(versions)}"))
    if receipt.items_missing:
        rows.append(("Not in it", f"{receipt.items_missing:,} items that were not verified"))
    if receipt.left_out_files:
        rows.append(("Left out", f"{_files(receipt.left_out_files)} of what was dropped"))
    return rows


def compared_text(files: Sequence[ComparedFile]) -> str:
    """Say in one sentence what lies on the disk."""
    counts = Counter(one.found for one in files)
    if counts[Found.SAME] == len(files):
        return f"All {_files(len(files))} on this computer are as the receipt says."
    parts = [
        f"{counts[found]:,} {word}"
        for found, word in (
            (Found.SAME, "as the receipt says"),
            (Found.DIFFERS, "different"),
            (Found.MISSING, "missing"),
            (Found.UNREADABLE, "unreadable"),
        )
        if counts[found]
    ]
    return f"Of {_files(len(files))}: {', '.join(parts)}."


def checked_text(files: Sequence[FileHolding], *, deep: bool) -> str:
    """Say in one sentence what the repository still holds."""
    counts = Counter(one.holding for one in files)
    how = "Every byte was read." if deep else "By its own records; --deep reads every byte."
    if counts[Holding.HELD] == len(files):
        return f"The repository holds all {_files(len(files))}. {how}"
    parts = [
        f"{counts[holding]:,} {word}"
        for holding, word in (
            (Holding.HELD, "held"),
            (Holding.DIFFERS, "different"),
            (Holding.GONE, "gone"),
            (Holding.UNKNOWN, "not to be told without --deep"),
        )
        if counts[holding]
    ]
    return f"Of {_files(len(files))}: {', '.join(parts)}. {how}"


def coverage_lines(one: FolderCoverage) -> list[str]:
    """Say of a folder whether all in it is held, and what is not; one sentence a line."""
    files = f"{_files(one.files)} ({humanize.naturalsize(one.size_bytes)})"
    ignored = f" {_files(one.ignored_files)} ignored by name." if one.ignored_files else ""
    if one.covered:
        return [f"{one.folder}: covered. The repository holds all {files}.{ignored}"]
    not_proven = f"Of {files}, at least {one.uncovered_files:,} may exist nowhere else."
    lines = [f"{one.folder}: not covered. {not_proven}{ignored}"]
    lines += [f"  {file.path}: {file.sentence}" for file in one.uncovered]
    if one.uncovered_files > MOST_NAMED:
        lines.append(f"  ... and {one.uncovered_files - MOST_NAMED:,} more.")
    return lines + [f"  Covered in it: {path}" for path in one.covered_below]


def _files(count: int) -> str:
    return f"{count:,} {'file' if count == 1 else 'files'}"


def _people(receipt: Receipt) -> str:
    asked = f", asked for by {receipt.asked_by}" if receipt.asked_by else ""
    return f"{receipt.owner}{asked}"


def _origin(receipt: Receipt) -> str:
    if receipt.kind == "export":
        return receipt.repository
    if receipt.origin is None:
        return "a workstation that did not say where"
    return f"{receipt.origin.workstation}: {', '.join(receipt.origin.folders) or 'files'}"


def _target(receipt: Receipt) -> str:
    if receipt.kind == "export":
        return f"the folder of the export, as {receipt.form}"
    return f"{receipt.repository}: '{receipt.target_name}' ({receipt.target})"
