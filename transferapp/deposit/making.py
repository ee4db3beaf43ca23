"""Make a deposit: seen under its name only when all of it is there and right."""

from __future__ import annotations

import errno
import hashlib
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from transferapp.deposit.bag import make_bag
from transferapp.deposit.crate import write_crate
from transferapp.deposit.licences import licence_address
from transferapp.deposit.payload import bring
from transferapp.errors import (
    ChecksumMismatch,
    DestinationUnwritable,
    Invalid,
    NameTaken,
    StorageFull,
)
from transferapp.protocol.export_manifests import ListedExport, read_manifest

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Deposit:
    """What is made of an export."""

    bag: bool
    crate: bool
    #: Copies, not links to the exported files.
    copy: bool = False
    #: A licence, for the crate: its address, or its identifier of SPDX.
    licence: str = ""


def make_deposit(manifest: Path, target: Path, wanted: Deposit) -> ListedExport:
    """Make the folder ``target`` of the export of a manifest; nothing of the export changes.

    Raises NoSuchFile, Invalid (nothing to deposit, nothing wanted), NameTaken, VanishedFile,
    ChecksumMismatch, StorageFull, DestinationUnwritable.
    """
    source = read_manifest(manifest)
    if not wanted.bag and not wanted.crate:
        raise Invalid("Say what is to be made: a bag, a crate, or both.")
    if not any(source.files):
        raise Invalid("Nothing of this export has arrived, so there is nothing to deposit.")
    if wanted.licence:
        wanted = replace(wanted, licence=licence_address(wanted.licence))
    target = target.absolute()
    if target.exists():
        raise NameTaken(f"'{target}' is there already. Choose another name.")
    half = target.with_name(f".{target.name}.part")
    shutil.rmtree(half, ignore_errors=True)
    try:
        half.mkdir(parents=True)
        bring(source.files, manifest.absolute().parent, half, copy=wanted.copy)
        _describe(source, half, wanted)
        half.rename(target)
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(
                f"There is no room for '{target}'. Free space, then repeat."
            ) from error
        raise DestinationUnwritable(
            f"'{target}' cannot be written ({error.strerror}). Choose another folder."
        ) from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return source


def _describe(source: ListedExport, folder: Path, wanted: Deposit) -> None:
    if wanted.crate:
        write_crate(source, folder, licence=wanted.licence)
    if wanted.bag:
        make_bag(source, folder)
    else:
        _check(source, folder)


def _check(source: ListedExport, folder: Path) -> None:
    for file in source.files:
        with (folder / file.path).open("rb") as opened:
            found = hashlib.file_digest(opened, "sha1").hexdigest()
        if found != file.sha1:
            raise ChecksumMismatch(
                f"'{file.path}' is not as it was exported. Export it again; the folder was"
                " not made."
            )
