"""Files of every kind that the readers' tests make, by the same makers, in folders by format.

``MADE`` is the catalogue. Who adds a maker to ``tests/support`` adds its files here, so that
the oracle looks at them too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.oracle.made.microscopes import make_czi, make_nd2, make_vendor_tiffs
from tests.oracle.made.omes import make_ome_sets, make_ome_tiffs, make_ome_xml
from tests.oracle.made.pictures import make_pictures
from tests.oracle.made.tiffs import (
    make_imagej,
    make_tiff_colours,
    make_tiff_layouts,
    make_tiff_own_tags,
    make_tiff_pages,
    make_tiff_resolutions,
)
from tests.oracle.made.vendors import (
    make_dicom,
    make_fluoview,
    make_imaris,
    make_lif,
    make_mrc,
)
from tests.oracle.made.zarrs import make_zarrs

#: Each fills a folder of its name.
MADE: dict[str, Callable[[Path], None]] = {
    "czi": make_czi,
    "dicom": make_dicom,
    "fluoview": make_fluoview,
    "imagej": make_imagej,
    "imaris": make_imaris,
    "lif": make_lif,
    "mrc": make_mrc,
    "nd2": make_nd2,
    "ome-sets": make_ome_sets,
    "ome-tiff": make_ome_tiffs,
    "ome-xml": make_ome_xml,
    "pictures": make_pictures,
    "tiff-colours": make_tiff_colours,
    "tiff-layouts": make_tiff_layouts,
    "tiff-own-tags": make_tiff_own_tags,
    "tiff-pages": make_tiff_pages,
    "tiff-resolutions": make_tiff_resolutions,
    "vendor-tiffs": make_vendor_tiffs,
    "zarr": make_zarrs,
}
