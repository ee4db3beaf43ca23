"""What OMERO's names of failures mean: each row of docs/omero.md, sent by the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_failures import Failure, failures
from tests.support.omero_fixtures import omero, sandbox
from transferapp.errors import TransferAppError
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import (
    ALICE,
    Sample,
    import_all,
    new_dataset,
    plan_for,
)

__all__ = ["omero", "sandbox"]


@pytest.mark.parametrize("failure", failures(), ids=str)
async def test_each_name_has_its_meaning(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path, failure: Failure
) -> None:
    (tmp_path / "a.fake").touch()
    (cls, message), (cause, stated) = (*failure.thrown, ("", ""), ("", ""))[:2]
    sandbox.control(
        "fail_import",
        name=failure.name,
        thrown=cls,
        message=message,
        cause=f"{cause}: {stated}" if cause else "",
    )
    try:
        async with omero.session(ALICE) as session:
            dataset = await new_dataset(session)
            plan = plan_for(Sample(tmp_path, ("a.fake",), 1), dataset.ref, dataset.group_id)
            with pytest.raises(TransferAppError) as caught:
                await import_all(session, plan, [tmp_path / "a.fake"])
    finally:
        sandbox.control("fail_import")
    assert caught.value.code == failure.code, caught.value.message
    assert caught.value.retryable is failure.again
    assert f"OMERO says: {failure.name}" in caught.value.message
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("notes.xyz", b"not an image at all", "unsupported-file"),
        ("cut.tif", b"II*\0\x08\0\0\0\x01", "damaged-file"),
    ],
)
async def test_what_a_reader_refuses_is_known_by_its_class(
    omero: OmeroRepository,
    tmp_path: Path,
    name: str,
    content: bytes,
    code: str,
) -> None:
    (tmp_path / name).write_bytes(content)
    async with omero.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(Sample(tmp_path, (name,), 1), dataset.ref, dataset.group_id)
        with pytest.raises(TransferAppError, match="OMERO says: error-on-init") as caught:
            await import_all(session, plan, [tmp_path / name])
    assert caught.value.code == code
