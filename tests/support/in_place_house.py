"""A worker that sees the files of an OMERO sandbox: its settings, and what is on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.support.omero_world import settings_for
from transferapp.repositories.omero.settings import InPlace, OmeroSettings
from transferapp.testing.omero_sandbox.fixture import Sandbox
from transferapp.testing.repository_world import Sample


def in_place_settings(
    sandbox: Sandbox, folder: Path, kind: str, transport: str = "tcp"
) -> OmeroSettings:
    """Return settings of a worker that links; its vault is ``folder/vault``."""
    vault = folder / "vault"
    vault.mkdir(exist_ok=True)
    in_place = InPlace(kind)
    return settings_for(sandbox, folder, transport).model_copy(
        update={
            "in_place": in_place,
            "managed_repository": sandbox.repository_folder if in_place else None,
            "in_place_vault": vault if in_place is InPlace.SYMLINK else None,
        }
    )


def staged(sample: Sample, folder: Path) -> Sample:
    """Copy a sample as the staging holds sealed files: nobody may write to them."""
    for client_path, path in zip(sample.client_paths, sample.paths, strict=True):
        copy = folder / client_path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copy.chmod(0o444)
    return Sample(folder, sample.client_paths, sample.image_count)


def inodes(paths: Sequence[Path]) -> set[int]:
    """Return what the names lead to."""
    return {path.stat().st_ino for path in paths}


def stored(sandbox: Sandbox) -> list[Path]:
    """List the files of the managed repository, without the logs of imports."""
    found = sandbox.repository_folder.rglob("*")
    return sorted(p for p in found if not p.is_dir() and p.suffix != ".log")
