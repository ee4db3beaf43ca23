"""A worker that sees the files of an OMERO sandbox: its settings, and what is on the disk."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import omero

from tests.support.omero_env import settings_for
from tests.support.omero_sandbox_env import gateway
from transferapp.host.resources import resource
from transferapp.model.filesets import Fileset, FilesetPlan
from transferapp.repositories.omero.settings import InPlace, OmeroSettings
from transferapp.repositories.port import Imports, RepositorySession
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import (
    ALICE,
    PASSWORD,
    Sample,
    new_dataset,
    plan_for,
    sha1_of,
    whole,
)

CELLS = Sample(resource("sample-data", "tiff-channels-cells"), ("cells_D03f00d1.tif",), 1)
KINDS = ["hardlink", "symlink"]
_WITHIN_S, _SCAN_EVERY_S = 20.0, 0.05


def in_place_settings(
    sandbox: RunningSandbox, folder: Path, kind: str, transport: str = "tcp"
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


def stored(sandbox: RunningSandbox) -> list[Path]:
    """List the files of the managed repository, without the logs of imports."""
    found = sandbox.repository_folder.rglob("*")
    return sorted(p for p in found if not p.is_dir() and p.suffix != ".log")


async def planned(session: RepositorySession, sample: Sample) -> FilesetPlan:
    """Plan an import into a new dataset."""
    dataset = await new_dataset(session)
    return plan_for(sample, dataset.ref, dataset.group_id)


async def adopted(imports: Imports, plan: FilesetPlan) -> Fileset:
    """Return the fileset that is there, or reserve it."""
    return await imports.find(plan.key) or await imports.reserve(plan)


async def go_on(session: RepositorySession, plan: FilesetPlan, sample: Sample) -> Fileset:
    """The steps as the worker's task does them: it looks for its fileset before each."""
    imports = session.imports
    await imports.store(await adopted(imports, plan), plan, sample.paths)
    await imports.verify(await adopted(imports, plan), plan)
    return await imports.register(await adopted(imports, plan), plan, lambda *_: None)


def counts(sandbox: RunningSandbox) -> tuple[int, int]:
    """Return how many filesets and images OMERO has."""
    reported = sandbox.control("status")["counts"]
    return reported["Fileset"], reported["Image"]


def transfers(sandbox: RunningSandbox, made: Fileset) -> str | None:
    """Ask an unmodified client how the images came in."""
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        conn.SERVICE_OPTS.setOmeroGroup("-1")
        reported: str | None = conn.getObject("Image", made.image_ids[0]).getInplaceImport()
        return reported


def forget_key(sandbox: RunningSandbox, made: Fileset) -> None:
    """Delete the comment with our key, as its owner may with any client."""
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        notes = conn.getQueryService().findAllByQuery(
            "select a from CommentAnnotation a where a.ns = :ns and a.textValue = :key",
            omero.sys.ParametersI()
            .addString("ns", "transferapp/key")
            .addString("key", made.key),
        )
        conn.deleteObjects("Annotation", [one.id.val for one in notes], wait=False)
        end = time.monotonic() + _WITHIN_S
        while conn.getObject("CommentAnnotation", notes[0].id.val) is not None:
            assert time.monotonic() < end
            time.sleep(_SCAN_EVERY_S)


async def check(sandbox: RunningSandbox, session: RepositorySession, made: Fileset) -> None:
    """What the repository serves is what was planned."""
    for file in await session.imports.files(made):
        assert sha1_of(await whole(session, file.id)) == file.hash
    assert not [path for path in stored(sandbox) if path.name.startswith(".")]
