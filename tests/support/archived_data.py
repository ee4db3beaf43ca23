"""What a person has whose data is archived: each kind of container and image, a few of each."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
import tifffile

from tests.support.installation import LONG_AGO, PASSWORD, USERNAME, Terminal, make_tiffs
from transferapp.client.server import ServerClient
from transferapp.conversion.cut_place import rois_of_cut
from transferapp.conversion.ome_tiff import OmeTiff
from transferapp.host.database import writing
from transferapp.host.resources import resource
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.rois import Roi, Shape, ShapeKind
from transferapp.repositories.local.storage.schema import (
    image_links,
    open_repository_database,
    original_files,
)
from transferapp.sandbox.installation_repositories import (
    EmbeddedRepository,
    SandboxRepository,
)
from transferapp.testing.cut_images import image_of, noise
from transferapp.testing.form_suite import nothing

ROI = Roi(
    1, (Shape(1, ShapeKind.RECTANGLE, ((2.0, 6.5),), (10.0, 5.0), text="a cell"),), "nucleus"
)
DESCRIPTION = "seen at dawn\nand at dusk"


@dataclass
class Archived:
    """Containers by their names, and images by what they are."""

    containers: dict[str, ContainerRef] = field(default_factory=dict)
    images: dict[str, list[int]] = field(default_factory=dict)
    #: Every file that was imported, by its name.
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def image_ids(self) -> list[int]:
        return sorted(one for ids in self.images.values() for one in ids)


def fill(terminal: Terminal, folder: Path) -> Archived:
    """Import all of it as alice, and make what no import makes."""
    made = Archived()
    asyncio.run(_containers(terminal, made))
    _write_files(folder)
    day, screen = made.containers["Day 1"], made.containers["Screen 1"]
    notes = ("--tag", "red", "--comment", "odd", "--key-value", "stain=DAPI")
    for name, target, more in (
        ("noted", day, notes),
        ("series", day, ()),
        ("drawn", made.containers["Loose"], ()),
        ("orphan", made.containers["Soon gone"], ()),
    ):
        made.images[name] = _imported(terminal, folder / name, target, *more)
    source = resource("sample-data", "ome-tiff-plate-cells")
    made.images["plate"] = _imported(terminal, source / "plate.companion.ome", screen)
    for path in (*(folder.rglob("*.tif*")), *source.iterdir()):
        if path.is_file():
            made.files[path.name] = path.read_bytes()
    asyncio.run(_orphaned(terminal, made))
    _finish(terminal.installation.repository, made)
    return made


def _write_files(folder: Path) -> None:
    make_tiffs(folder / "noted", 1, edge=32, seed=5)
    make_tiffs(folder / "orphan", 1, edge=32, seed=6)
    (folder / "orphan" / "field_000.tif").rename(folder / "orphan" / "lost.tif")
    for name in ("series", "drawn"):
        (folder / name).mkdir()
    with tifffile.TiffWriter(folder / "series" / "two.ome.tif", ome=True) as file:
        for number in range(2):
            file.write(
                np.full((20, 30 + number), number, np.uint8), metadata={"Name": f"s{number}"}
            )
    image = image_of(noise((1, 2, 1, 40, 50), "uint8"), name="drawn")
    drawn = replace(image, rois=rois_of_cut([ROI], image.place))
    asyncio.run(OmeTiff().write(drawn, folder / "drawn", nothing))
    for path in folder.rglob("*.tif*"):
        os.utime(path, (LONG_AGO, LONG_AGO))


async def _containers(terminal: Terminal, made: Archived) -> None:
    async with await _alice(terminal) as server:

        async def add(kind: ContainerKind, name: str, parent: str = "") -> None:
            above = made.containers.get(parent)
            made.containers[name] = (
                await server.create_container(kind, name, parent=above)
            ).ref

        await add(ContainerKind.PROJECT, "Embryos")
        await add(ContainerKind.PROJECT, "Nothing yet")
        await add(ContainerKind.DATASET, "Day 1", "Embryos")
        await add(ContainerKind.DATASET, "Day 2", "Nothing yet")
        for name in ("Loose", "Empty", "Soon gone"):
            await add(ContainerKind.DATASET, name)
        await add(ContainerKind.SCREEN, "Screen 1")


async def _orphaned(terminal: Terminal, made: Archived) -> None:
    async with await _alice(terminal) as server:
        await server.delete_container(made.containers.pop("Soon gone"))
        [plate] = await server.containers(made.containers["Screen 1"])
        made.containers[plate.name] = plate.ref


async def _alice(terminal: Terminal) -> ServerClient:
    return await terminal.installation.sign_in(USERNAME, PASSWORD)


def _imported(terminal: Terminal, path: Path, target: ContainerRef, *more: str) -> list[int]:
    done = terminal.run("import", str(path), "--to", str(target), *more, "--wait", "--json")
    assert done.code == 0, done.err
    return [one for item in done.json["items"] for one in item["image_ids"]]


def _finish(repository: Any, made: Archived) -> None:
    """Put an image into a second dataset, and have one without files; in OMERO also describe
    one and draw on it, which no import does there.
    """
    if isinstance(repository, SandboxRepository):
        _in_omero(repository, made)
    else:
        assert isinstance(repository, EmbeddedRepository)
        _in_embedded(repository, made)


def _in_embedded(repository: EmbeddedRepository, made: Archived) -> None:
    [lost] = made.images["orphan"]
    [noted] = made.images["noted"]
    engine = open_repository_database(repository._folder)
    with writing(engine) as connection:
        connection.execute(
            image_links.insert().values(
                container_id=made.containers["Day 2"].id, image_id=noted
            )
        )
        gone = sa.select(original_files.c.id).where(
            original_files.c.client_path.endswith("lost.tif")
        )
        connection.execute(original_files.delete().where(original_files.c.id.in_(gone)))
    engine.dispose()
    made.images["lone"] = [lost]
    made.images["orphan"] = []
    made.files.pop("lost.tif")


def _in_omero(repository: SandboxRepository, made: Archived) -> None:
    from tests.support.omero_rois import save_roi, shape  # noqa: PLC0415
    from tests.support.omero_sandbox_env import gateway  # noqa: PLC0415
    from transferapp.repositories.omero.ice_imports import omero  # noqa: PLC0415

    [noted], [drawn] = made.images["noted"], made.images["drawn"]
    rstring = omero.rtypes.rstring
    with gateway(repository.sandbox, USERNAME, "ssl", password=PASSWORD) as conn:
        update, query = conn.getUpdateService(), conn.getQueryService()
        link = omero.model.DatasetImageLinkI()
        link.setParent(omero.model.DatasetI(made.containers["Day 2"].id, False))
        link.setChild(omero.model.ImageI(noted, False))
        update.saveObject(link)
        image = query.get("Image", noted)
        image.setDescription(rstring(DESCRIPTION))
        update.saveObject(image)
        box = shape("Rectangle", x=2.0, y=6.5, width=10.0, height=5.0, textValue="a cell")
        save_roi(update, drawn, "nucleus", [box])
        tag = omero.model.TagAnnotationI()
        tag.setTextValue(rstring("a good project"))
        tagged = omero.model.ProjectAnnotationLinkI()
        tagged.setParent(omero.model.ProjectI(made.containers["Embryos"].id, False))
        tagged.setChild(tag)
        update.saveObject(tagged)
        kind = query.findByString("PixelsType", "value", "uint8")
        pixels = conn.c.sf.getPixelsService()
        lone = pixels.createImage(8, 9, 1, 1, [0], kind, "by a program", "")
        made.images["lone"] = [lone.val]
