"""The description of a deposit as an RO-Crate (researchobject.org/ro-crate)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from transferapp.protocol.export_manifests import ListedExport, ListedImage

NAME = "ro-crate-metadata.json"


def write_crate(source: ListedExport, folder: Path, *, licence: str = "") -> None:
    """Describe the export whose files lie in ``folder``; ``licence`` is an address. Raises
    OSError.
    """
    crate = ROCrate()
    crate.name = source.transfer.name
    crate.description = (
        f"{_count(source)} exported from {source.repository} as {source.form} by TransferApp."
    )
    crate.datePublished = source.written_at
    if licence:
        crate.license = licence
    for item in source.items:
        images = [crate.add(_image(crate, image)) for image in item.images]
        for file in item.files:
            described = crate.add_file(
                dest_path=file.path, properties={"contentSize": str(file.size_bytes)}
            )
            described["about"] = images
    for file in source.plate_files:
        crate.add_file(dest_path=file.path, properties={"contentSize": str(file.size_bytes)})
    text = json.dumps(crate.metadata.generate(), ensure_ascii=False, indent=1)
    (folder / NAME).write_text(text, encoding="utf-8")


def _count(source: ListedExport) -> str:
    count = sum(len(item.images) for item in source.items if item.files)
    return f"{count} image" if count == 1 else f"{count} images"


def _image(crate: ROCrate, image: ListedImage) -> ContextEntity:
    properties: dict[str, Any] = {
        "@type": "ImageObject",
        "name": image.name,
        "identifier": f"Image:{image.id}",
    }
    if keywords := list(_containers(image)):
        properties["keywords"] = keywords
    return ContextEntity(crate, f"#image-{image.id}", properties=properties)


def _containers(image: ListedImage) -> Iterator[str]:
    for way in image.containers:
        for kind, known in way.items():
            if "name" in known and "id" in known:
                yield f"{kind}: {known['name']}"
