"""Filesets of many files through REST into OMERO: OME-Zarr as one object, plates in screens."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from PIL import Image

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_env import populate, start_sandbox
from tests.support.omero_sandbox_env import gateway
from tests.support.rest_server import RestServer, rest_server
from tests.support.rest_uploads import bearer, problem_of, run_export, run_import, upload
from transferapp.client.importing import ImportPlan
from transferapp.client.server import ServerClient
from transferapp.errors import PermissionDenied
from transferapp.host.resources import resource
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.export_specs import ExportForm
from transferapp.model.transfers import ItemState, TransferItem
from transferapp.protocol.export_requests import ExportRequest
from transferapp.protocol.messages import ImportRequest, NewFile, NewItem
from transferapp.repositories.omero.ice_imports import omero
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import ALICE, PASSWORD

PLATE = resource("sample-data", "ome-tiff-plate-cells")
#: What is dropped gives its name to plate and images; each image has its own in brackets.
NAME = "plate"
WELLS = {
    f"{NAME} [{field}]": position
    for field, position in {
        "A01_f0": (0, 0), "A01_f1": (0, 0), "A02_f0": (0, 1), "A02_f1": (0, 1),
    }.items()
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox")) as started:
        populate(started)
        yield started


@dataclass
class Env:
    """A TransferApp server before the sandbox, and alice signed in to it."""

    server: RestServer
    http: httpx.AsyncClient
    alice: ServerClient

    async def imported(self, folder: Path, target: Container) -> TransferItem:
        """Import what a person drops: one fileset, every file over tus."""
        (candidate,) = group(scan([folder]))
        plan = ImportPlan("dropped", target.ref, (candidate,))
        files = [
            NewFile(client_path=f.client_path, size_bytes=f.size_bytes) for f in candidate.files
        ]
        request = ImportRequest(
            name=plan.name, target=str(target.ref),
            items=[NewItem(name=candidate.name, files=files)],
        )  # fmt: skip
        accepted = await self.alice.submit_import(request)
        transfer = accepted.details.transfer
        agent = self.server.client(accepted.grant)
        details = await agent.transfer(transfer.id, files=True)
        on_disk = {file.client_path: file.path for file in candidate.files}
        for file in details.files:
            body = on_disk[file.client_path].read_bytes()
            sha1 = await upload(self.http, accepted.grant, transfer.id, file, body)
            await agent.seal(transfer.id, file.id, sha1)
        await run_import(self.server, transfer.id, details.items[0].id)
        (item,) = (await agent.transfer(transfer.id)).items
        assert (item.state, item.verified) == (ItemState.IMPORTED, True)
        return item

    async def made(self, kind: ContainerKind, name: str) -> Container:
        return await self.alice.create_container(kind, name)


@pytest.fixture
async def env(
    sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Env]:
    secret = tmp_path / "importer-password"
    secret.write_text(PASSWORD, encoding="utf-8")
    secret.chmod(0o600)
    for name, value in {
        "REPOSITORY": "omero",
        "OMERO_HOST": sandbox.host,
        "OMERO_PORT": str(sandbox.port()),
        "OMERO_TRANSPORT": "tcp",
        "OMERO_IMPORTER": "importer",
        "OMERO_IMPORTER_PASSWORD_FILE": str(secret),
    }.items():
        monkeypatch.setenv(f"TRANSFERAPP_{name}", value)
    async with (
        rest_server(tmp_path / "data", with_people=False) as server,
        httpx.AsyncClient(base_url=server.url) as http,
    ):
        alice = server.client()
        await alice.sign_in(ALICE, PASSWORD)
        yield Env(server, http, alice)


@pytest.mark.parametrize(
    ("folder", "shape", "file_count"),
    [
        ("ome-zarr-v05-organoid", (1, 3, 1, 512, 512), 71),
        ("ome-zarr-v04-confocal-5d", (3, 2, 10, 31, 38), 18),
    ],
)
async def test_ome_zarr_is_one_fileset_with_one_image(
    env: Env,
    sandbox: RunningSandbox,
    folder: str,
    shape: tuple[int, int, int, int, int],
    file_count: int,
) -> None:
    before = sandbox.control("status")["counts"]["Fileset"]
    dataset = await env.made(ContainerKind.DATASET, folder)
    item = await env.imported(resource("sample-data", folder), dataset)
    assert sandbox.control("status")["counts"]["Fileset"] == before + 1
    [image] = (await env.alice.images(dataset.ref)).items
    assert item.image_ids == (image.id,)
    assert image.name.endswith(".ome.zarr"), "neither .zattrs nor zarr.json"
    sizes = (image.size_t, image.size_c, image.size_z, image.size_y, image.size_x)
    assert sizes == shape
    details = await env.alice.image(image.id)
    assert len(details.files) == file_count
    assert {file.fileset_id for file in details.files} == {image.fileset_id}
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        shown = conn.getObject("Image", image.id)
        assert shown.countImportedImageFiles() == file_count
        assert [one.getId() for one in shown.getFileset().copyImages()] == [image.id]
    document = await env.http.get(
        f"/v1/images/{image.id}/zarr/zarr.json", headers=bearer(str(env.alice.token))
    )
    assert document.json()["zarr_format"] == 3


async def test_plate_is_browsed_from_screen_to_image(env: Env, sandbox: RunningSandbox) -> None:
    screen = await env.made(ContainerKind.SCREEN, "Compounds")
    item = await env.imported(PLATE, screen)
    [plate] = await env.alice.containers(screen.ref)
    assert (plate.ref.kind, plate.name) == (ContainerKind.PLATE, NAME)
    assert (plate.parent, plate.image_count) == (screen.ref, 4)
    assert (await env.alice.container(screen.ref)).image_count == 4
    on_plate = (await env.alice.images(plate.ref)).items
    assert {image.id for image in on_plate} == set(item.image_ids)
    assert {image.name for image in on_plate} == set(WELLS)
    for image in on_plate:
        assert (await env.alice.image(image.id)).container_names == (plate.name,)
        jpeg = await env.alice.thumbnail(image.id)
        with Image.open(io.BytesIO(jpeg)) as picture:
            assert max(picture.size) == 96
    _check_wells(sandbox, plate.ref)


def _check_wells(sandbox: RunningSandbox, plate: ContainerRef) -> None:
    """Look at rows, columns and fields with omero-py's own eyes."""
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        shown = conn.getObject("Plate", plate.id)
        grid = shown.getGridSize()
        assert (grid["rows"], grid["columns"]) == (1, 2)
        assert shown.getColumnLabels() == [1, 2]
        assert shown.getRowLabels() == ["A"]
        found = {
            well.getImage(index).getName(): (well.row, well.column)
            for well in shown.listChildren()
            for index in range(well.countWellSample())
        }
        assert found == WELLS
        first = {(w.row, w.column): w.getImage(0).getName() for w in shown.listChildren()}
        assert first == {(0, 0): f"{NAME} [A01_f0]", (0, 1): f"{NAME} [A02_f0]"}


@pytest.mark.export_bad_input
async def test_policy_keeps_the_files_of_plates_back(env: Env, sandbox: RunningSandbox) -> None:
    """OMERO's default: images of plates are seen, their files are not downloaded."""
    item = await env.imported(PLATE, await env.made(ContainerKind.SCREEN, "Kept back"))
    request = ExportRequest(name="out", image_ids=list(item.image_ids[:1]))
    summary = await env.alice.export_summary(request)
    assert summary.through_api, "nothing is mounted here"
    assert (summary.images, summary.kept_back.count, summary.files) == (1, 1, 0)
    accepted = await env.alice.submit_export(request)
    transfer_id = accepted.details.transfer.id
    await run_export(env.server, transfer_id, accepted.details.items[0].id)
    details = await env.server.client(accepted.grant).transfer(transfer_id, files=True)
    assert len(details.files) == 5, "the whole fileset"
    first = details.files[0]
    path = f"/v1/transfers/{transfer_id}/files/{first.id}/content"
    refused = await env.http.get(path, headers=bearer(accepted.grant))
    problem = problem_of(refused)
    assert problem["code"] == PermissionDenied.code
    assert "omero.policy.binary_access" in problem["detail"]
    sandbox.control("set", key="omero.policy.binary_access", value="+read,+write,+image,+plate")
    try:
        given = await env.http.get(path, headers=bearer(accepted.grant))
        summary = await env.alice.export_summary(request)
    finally:
        sandbox.control("set", key="omero.policy.binary_access", value="+read,+write,+image")
    assert (summary.kept_back.count, summary.files) == (0, 5)
    assert given.status_code == httpx.codes.OK
    assert given.content == (PLATE.parent / first.client_path).read_bytes()


async def test_images_of_a_zarr_are_not_kept_back(env: Env) -> None:
    dataset = await env.made(ContainerKind.DATASET, "Free")
    folder = resource("sample-data", "ome-zarr-v04-confocal-5d")
    item = await env.imported(folder, dataset)
    async with env.server.parts.repository.session(ALICE) as session:
        for file in await session.images.files(item.image_ids):
            pieces = [piece async for piece in session.images.read(file.id)]
            assert b"".join(pieces) == (folder.parent / file.client_path).read_bytes()


async def test_runs_positions_and_several_datasets_are_told(
    env: Env, sandbox: RunningSandbox
) -> None:
    """In places of an export: once, with all that OMERO says of where its images lie."""
    screen = await env.made(ContainerKind.SCREEN, "Located")
    item = await env.imported(PLATE, screen)
    datasets = [await env.made(ContainerKind.DATASET, name) for name in ("zebra", "Ant")]
    await asyncio.to_thread(_measured, sandbox, item.image_ids, [one.ref for one in datasets])
    request = ExportRequest(
        name="out",
        image_ids=list(item.image_ids),
        containers=[str(datasets[0].ref)],
        form=ExportForm.PNG,
    )
    accepted = await env.alice.submit_export(request)
    details = await env.server.client(accepted.grant).transfer(
        accepted.details.transfer.id, files=True
    )
    assert len(details.places) == len(item.image_ids)
    by_image = {place.images[0].id: place for place in details.places}
    first, second = (by_image[one] for one in sorted(item.image_ids)[:2])
    # The chosen dataset, not the plate, and not the first by name.
    assert first.folder == ("zebra",)
    names = ["/".join(box.name for box in one.containers) for one in first.images[0].locations]
    assert names == ["zebra", "Ant", f"Located/{NAME}"]
    well = first.images[0].locations[2].well
    assert well is not None
    assert (well.run, well.x_um, well.y_um) == ("Morning", 1500.0, None)
    # Its plate has images of a run, and others of none.
    assert second.folder == ("Located", NAME, "No run", "A01")


def _measured(
    sandbox: RunningSandbox, image_ids: Sequence[int], datasets: Sequence[ContainerRef]
) -> None:
    """Put the first image into datasets and a run, at a place of the stage, with omero-py."""
    first = min(image_ids)
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        update, query = conn.getUpdateService(), conn.getQueryService()
        for dataset in datasets:
            link = omero.model.DatasetImageLinkI()
            link.setParent(omero.model.DatasetI(dataset.id, False))
            link.setChild(omero.model.ImageI(first, False))
            update.saveObject(link)
        hql = "select s from WellSample s where s.image.id = :id"
        sample = query.findByQuery(hql, omero.sys.ParametersI().addId(first))
        plate = query.get("Well", sample.getWell().getId().getValue()).getPlate()
        run = omero.model.PlateAcquisitionI()
        run.setName(omero.rtypes.rstring("Morning"))
        run.setPlate(omero.model.PlateI(plate.getId().getValue(), False))
        sample.setPlateAcquisition(update.saveAndReturnObject(run))
        unit = omero.model.enums.UnitsLength.MILLIMETER
        sample.setPosX(omero.model.LengthI(1.5, unit))
        update.saveObject(sample)
