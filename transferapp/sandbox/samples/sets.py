"""The sets of files, one function each: ``SETS`` names the folder that it fills.

Where a stream of chance has a letter, it is the one of several that looked best.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from transferapp.sandbox.samples.about import (
    MADE,
    About,
    Dye,
    SamplePlace,
    image,
    ome,
    plate,
    pointer,
)
from transferapp.sandbox.samples.chance import Chance
from transferapp.sandbox.samples.culture import Culture, field
from transferapp.sandbox.samples.files import (
    ngff,
    write_pyramid,
    write_tiff,
    write_zarr,
)
from transferapp.sandbox.samples.histology import histology
from transferapp.sandbox.samples.movie import movie
from transferapp.sandbox.samples.optics import (
    Camera,
    Picture,
    blurred,
    contrast,
    exposed,
    halved,
    photographed,
)
from transferapp.sandbox.samples.organoid import organoid
from transferapp.sandbox.samples.tissue import Section, Tissue

DAPI = Dye("DAPI", "3F7FFF", 358, 461)
ACTIN = Dye("Phalloidin", "00E060", 495, 518)
ARRESTED = Dye("p21", "FF3030", 590, 617)
CELLS = (DAPI, ACTIN, ARRESTED)


def slide(folder: Path) -> None:
    """A slide of three channels as a pyramid; empty glass is 0, as scanners store it."""
    chance = Chance("slide", "k")
    section = Section(chance, (4000, 5000), Tissue(empty=0.7, sparse=0.36, gland=112.0))
    pages = [
        exposed(blurred(light, 2) * brightness, chance, 200.0, 1.0, 255)
        for light, brightness in (
            (section.nuclei, 48.0),
            (section.epithelium, 25.0),
            (section.marker, 42.0),
        )
    ]
    dyes = (DAPI, Dye("Cytokeratin", "20C040", 495, 519), Dye("Ki-67", "FF3030", 590, 617))
    about = About(
        "slide, glands and Ki-67", "uint8", 4000, 5000, dyes,
        pixel_um=0.25, acquired="2026-03-09T10:12:40", description=MADE,
    )  # fmt: skip
    name = "slide.ome.tiff"
    document = ome(name, image(about, [SamplePlace(0, c, 0, c, name) for c in range(3)]))
    write_pyramid(folder / name, pages, about, document, levels=5)


def cells(folder: Path) -> None:
    """A field of cells on glass: a plain TIFF for each channel."""
    chance = Chance("cells")
    light = field(chance, (512, 512), Culture())
    about = About("", "uint8", 512, 512, (DAPI,), pixel_um=0.65, acquired="2026-03-03T16:20:05")
    pictures = photographed(chance, light, (100.0, 70.0, 100.0), Camera(60.0, offset=8.0))
    for number, picture in enumerate(pictures):
        write_tiff(folder / f"cells_D03f00d{number}.tif", [picture], about)


def cell_plate(folder: Path) -> None:
    """A plate with a companion: two wells of two fields; the second well was treated."""
    companion, name = "plate.companion.ome", "test plate"
    wells, body = [(0, 0), (0, 1)], ""
    for number in range(4):
        (_, column), part = wells[number // 2], number % 2
        treated = Culture(room=5200, radius=13.5, positive=0.6, dividing=0.0)
        culture = treated if column else Culture(dividing=0.09)
        file = f"A{column + 1:02}_f{part}.ome.tif"
        chance = Chance("plate", file)
        pictures = photographed(
            chance, field(chance, (256, 256), culture), (100.0, 70.0, 100.0),
            Camera(60.0, offset=8.0),
        )  # fmt: skip
        about = About(
            file.removesuffix(".ome.tif"), "uint8", 256, 256, CELLS,
            pixel_um=0.65, acquired=f"2026-03-05T14:0{number}:30", description=MADE,
            position_um=(0.0, 9000.0 * column + 200.0 * part),
        )  # fmt: skip
        body += image(about, [SamplePlace(0, c, 0, c, file) for c in range(3)], number)
        write_tiff(folder / file, pictures, about, pointer(file, companion))
    text = ome(companion, plate(name, wells, fields=2) + body)
    (folder / companion).write_text(text, encoding="utf-8")


def _organoid() -> tuple[About, list[Picture]]:
    chance = Chance("organoid", "e")
    camera = Camera(60.0, offset=6.0, haze=0.25, ground=0.03)
    pictures = photographed(chance, organoid(chance, (512, 512)), (90.0, 110.0, 90.0), camera)
    dyes = (
        Dye("Hoechst 33342", "3F7FFF", 350, 461),
        Dye("E-cadherin", "20E0A0", 495, 519),
        Dye("Sox9", "FF40FF", 650, 668),
    )
    about = About(
        "organoid", "uint8", 512, 512, dyes,
        pixel_um=0.48, acquired="2026-03-04T09:31:00", description=MADE,
    )  # fmt: skip
    return about, pictures


def organoid_tiff(folder: Path) -> None:
    """An organoid in one OME-TIFF for each channel, without a companion."""
    about, pictures = _organoid()
    names = [f"organoid_C{number}.ome.tif" for number in range(3)]
    places = [SamplePlace(0, number, 0, 0, name) for number, name in enumerate(names)]
    for name, picture in zip(names, pictures, strict=True):
        write_tiff(folder / name, [picture], about, ome(name, image(about, places)))


def organoid_zarr(folder: Path) -> None:
    """The same organoid as OME-Zarr 0.5."""
    about, pictures = _organoid()
    levels = [np.stack(pictures)]
    for _ in range(3):
        levels.append(np.stack([halved(picture) for picture in levels[-1]]))
    attributes = ngff(about, len(levels), [contrast(picture) for picture in pictures])
    write_zarr(folder / "organoid.ome.zarr", levels, attributes, chunk=128)


def timelapse(folder: Path) -> None:
    """Living cells: five times, four planes, two channels, in one OME-TIFF."""
    chance, times, planes = Chance("timelapse", "c"), 5, 4
    camera = Camera(25.0, offset=100.0, top=4095, haze=0.2, ground=0.03)
    pages: list[Picture] = []
    places: list[SamplePlace] = []
    name = "timelapse.ome.tif"
    for t, stack in enumerate(movie(chance, (128, 128), times, planes)):
        taken = [photographed(chance, light, (210.0, 150.0), camera) for light in stack]
        for c in range(2):
            for z in range(planes):
                places.append(SamplePlace(t, c, z, len(pages), name))
                pages.append(taken[z][c])
    dyes = (Dye("H2B-mCherry", "FF3050", 587, 610), Dye("LifeAct-GFP", "20E050", 488, 509))
    about = About(
        "timelapse", "uint16", 128, 128, dyes, size_z=planes, size_t=times, pixel_um=0.32,
        step_um=2.0, interval_s=300.0, acquired="2026-03-06T11:05:00", description=MADE,
    )  # fmt: skip
    write_tiff(folder / name, pages, about, ome(name, image(about, places)))


def stained(folder: Path) -> None:
    """A stained section in colour, as a plain RGB TIFF."""
    picture = histology(Chance("histology"), (320, 448))
    about = About("", "uint8", 320, 448, (), pixel_um=0.25, acquired="2026-03-09T15:44:10")
    write_tiff(folder / "stained-section.tif", [picture], about)


SETS: dict[str, Callable[[Path], None]] = {
    "ome-tiff-multifile-organoid": organoid_tiff,
    "ome-tiff-plate-cells": cell_plate,
    "ome-tiff-pyramid": slide,
    "ome-tiff-timelapse": timelapse,
    "ome-zarr-v05-organoid": organoid_zarr,
    "tiff-channels-cells": cells,
    "tiff-rgb-histology": stained,
}
