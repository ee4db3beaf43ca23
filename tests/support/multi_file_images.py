"""Images of several files, made in code, and put into the embedded repository at once."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile

from transferapp.model.filesets import FilesetPlan, PlannedFile
from transferapp.repositories.port import Repository
from transferapp.testing.repository_env import import_all

_SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def companion_set(folder: Path, seed: int, edge: int = 128) -> list[Path]:
    """Write a companion OME-TIFF of two channels; the companion comes first."""
    folder.mkdir(parents=True)
    master, *parts = (str(uuid.UUID(int=seed * 10 + n)) for n in range(3))
    names = ("img_C0.ome.tif", "img_C1.ome.tif")
    noise = np.random.default_rng(seed)
    for name, part in zip(names, parts, strict=True):
        plane = noise.integers(0, 4096, (edge, edge), dtype=np.uint16)
        binary_only = (
            f'<OME xmlns="{_SCHEMA}" UUID="urn:uuid:{part}">'
            f'<BinaryOnly MetadataFile="img.companion.ome" UUID="urn:uuid:{master}"/></OME>'
        )
        tifffile.imwrite(folder / name, plane, description=binary_only, metadata=None)
    channels = "".join(f'<Channel ID="Channel:0:{c}" SamplesPerPixel="1"/>' for c in (0, 1))
    data = "".join(
        f'<TiffData FirstC="{c}" IFD="0" PlaneCount="1">'
        f'<UUID FileName="{name}">urn:uuid:{part}</UUID></TiffData>'
        for c, (name, part) in enumerate(zip(names, parts, strict=True))
    )
    (folder / "img.companion.ome").write_text(
        f'<OME xmlns="{_SCHEMA}" UUID="urn:uuid:{master}"><Image ID="Image:0" Name="img">'
        f'<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="{edge}"'
        f' SizeY="{edge}" SizeZ="1" SizeC="2" SizeT="1">{channels}{data}</Pixels></Image>'
        "</OME>",
        encoding="utf-8",
    )
    return [folder / "img.companion.ome", *(folder / name for name in names)]


def ome_zarr(folder: Path, seed: int, edge: int = 128) -> list[Path]:
    """Write an OME-Zarr 0.5 of one level, uncompressed, four chunks; its root comes first."""
    half = edge // 2
    noise = np.random.default_rng(seed)
    root = {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": {
            "ome": {
                "version": "0.5",
                "multiscales": [
                    {
                        "axes": [{"name": n, "type": "space"} for n in "yx"],
                        "datasets": [
                            {
                                "path": "0",
                                "coordinateTransformations": [
                                    {"type": "scale", "scale": [1.0, 1.0]}
                                ],
                            }
                        ],
                    }
                ],
            }
        },
    }
    array = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [edge, edge],
        "data_type": "uint16",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [half, half]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "attributes": {},
    }
    chunks = [folder / "0" / "c" / y / x for y in "01" for x in "01"]
    for chunk in chunks:
        chunk.parent.mkdir(parents=True, exist_ok=True)
        chunk.write_bytes(noise.integers(1, 4096, (half, half), dtype="<u2").tobytes())
    (folder / "zarr.json").write_text(json.dumps(root), encoding="utf-8")
    (folder / "0" / "zarr.json").write_text(json.dumps(array), encoding="utf-8")
    return [folder / "zarr.json", folder / "0" / "zarr.json", *chunks]


async def put_into(
    repository: Repository, username: str, root: Path, filesets: Sequence[Sequence[Path]]
) -> list[int]:
    """Import filesets as if ``root`` had been dropped; returns the ids of their images.

    Closes the repository.
    """
    group = (await repository.identity(username)).groups[0].id
    made: list[int] = []
    async with repository.session(username, group) as session:
        for paths in filesets:
            files = tuple(_planned(path, root) for path in paths)
            plan = FilesetPlan(uuid.uuid4().hex, paths[0].name, files, None, group)
            made += (await import_all(session, plan, paths)).image_ids
    await repository.close()
    return made


def _planned(path: Path, root: Path) -> PlannedFile:
    content = path.read_bytes()
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return PlannedFile(path.relative_to(root.parent).as_posix(), len(content), sha1)
