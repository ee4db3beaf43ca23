"""What is exported from the Browse page, without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from transferapp.client.importing import ExportPlan
from transferapp.model.containers import ContainerRef
from transferapp.model.export_specs import ExportSpec
from transferapp.model.images import ImageSummary


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """Images that are selected, or all of a container, which the server looks up.

    ``title`` says in the dialog what it is; ``name`` is what the export is called.
    """

    title: str
    name: str
    image_ids: tuple[int, ...] = ()
    containers: tuple[ContainerRef, ...] = ()

    def plan(self, folder: Path, spec: ExportSpec) -> ExportPlan:
        """Return the plan of an export of it into ``folder``."""
        return ExportPlan(
            self.name, self.image_ids, folder, containers=self.containers, spec=spec
        )


def selected_choice(images: tuple[ImageSummary, ...]) -> ExportChoice:
    """Choose these images, at least one."""
    many = f"{len(images)} images"
    one = len(images) == 1
    return ExportChoice(
        f"“{images[0].name}”" if one else many,
        images[0].name if one else many,
        image_ids=tuple(image.id for image in images),
    )


def container_choice(name: str, ref: ContainerRef) -> ExportChoice:
    """Choose all images of a container."""
    return ExportChoice(f"all of “{name}”", name, containers=(ref,))
