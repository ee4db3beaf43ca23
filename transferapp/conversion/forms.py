"""Which module makes which form; the only place that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from transferapp.conversion.port import Form
from transferapp.model.export_specs import ExportForm


def _ome_zarr(version: str) -> Form:
    from transferapp.conversion.ome_zarr import OmeZarr  # noqa: PLC0415
    from transferapp.conversion.ome_zarr_documents import OmeZarrVersion  # noqa: PLC0415

    return OmeZarr(OmeZarrVersion(version))


def _ome_tiff() -> Form:
    from transferapp.conversion.ome_tiff import OmeTiff  # noqa: PLC0415

    return OmeTiff()


def _picture(form: ExportForm) -> Form:
    from transferapp.conversion.picture import Picture  # noqa: PLC0415

    return Picture(form)


#: Makes the form anew for each image. Modules are loaded when they are needed.
FORMS: Mapping[ExportForm, Callable[[], Form]] = {
    ExportForm.OME_TIFF: _ome_tiff,
    ExportForm.OME_ZARR: partial(_ome_zarr, "0.5"),
    ExportForm.OME_ZARR_04: partial(_ome_zarr, "0.4"),
    ExportForm.PNG: partial(_picture, ExportForm.PNG),
    ExportForm.JPEG: partial(_picture, ExportForm.JPEG),
}
