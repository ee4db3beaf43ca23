"""What is exported from the Browse page, without Qt."""

from __future__ import annotations

from dataclasses import dataclass

from transferapp.client.importing import ExportPlan
from transferapp.desktop.browse.export_destinations import ExportDestination
from transferapp.model.containers import Container, ContainerRef
from transferapp.model.export_specs import ExportSpec
from transferapp.model.images import ImageSummary


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """Images that are selected, or all of a container or search, which the server looks up.

    ``title`` says in the dialog what it is; ``name`` is what the export is called.
    """

    title: str
    name: str
    image_ids: tuple[int, ...] = ()
    containers: tuple[ContainerRef, ...] = ()
    #: A part of their names.
    text: str = ""

    def plan(self, goes: ExportDestination, spec: ExportSpec) -> ExportPlan:
        """Return the plan of an export of it to where it ``goes``."""
        return ExportPlan(
            self.name,
            self.image_ids,
            goes.folder,
            containers=self.containers,
            text=self.text,
            to=goes.to,
            spec=spec,
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


def container_choice(container: Container) -> ExportChoice:
    """Choose all images of a container."""
    name = container.name
    return ExportChoice(f"all of “{name}”", name, containers=(container.ref,))


def found_choice(text: str, container: Container | None) -> ExportChoice:
    """Choose all images whose names hold ``text``: those of a container, or everywhere."""
    where = f" in “{container.name}”" if container else ""
    return ExportChoice(
        f"all images named like “{text}”{where}",
        f"{text} ({container.name})" if container else text,
        containers=(container.ref,) if container else (),
        text=text,
    )
