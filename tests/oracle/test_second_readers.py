"""Our readers against those that put whole images together: the sizes, and every pixel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark import ParameterSet

from tests.oracle.conftest import Ours
from tests.oracle.places import Place, places
from tests.oracle.second import Pixels, by_zarr, reader_of, zarr_pixel_size
from tests.support.local_images import whole_plane
from transferapp.errors import TransferAppError
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, preflight
from transferapp.intake.scanning import scan
from transferapp.repositories.local.readers.choose import open_fileset
from transferapp.repositories.local.readers.port import ReadImage

pytest.importorskip("nd2", reason="needs the extra 'readers'")
pytest.importorskip("pylibCZIrw.czi", reason="needs the extra 'readers'")

# bioformats2raw writes an empty list of filters.
pytestmark = pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning")

#: What a second reader (tifffile 2026.3, nd2 0.12, pylibCZIrw 6.0) does not do.
OTHERWISE = {
    "data/tiff-stack-ecoli/*": "axes that tifffile calls QQ are both z in ``arranged``",
    "formats/ren-no-root-uuid/*": "tifffile opens files by the very names in the OME-XML",
    "made/czi/axis_*.czi": "pylibCZIrw asks for T, C and Z only",
    "made/czi/colours_and_grey.czi": "channels of several types make no array",
    "made/czi/times_from_five.czi": "pylibCZIrw counts times from 0",
    "made/ome-sets/other-case/*": "tifffile opens files by the very names",
    "made/ome-sets/windows-names/*": "the same",
    "made/ome-tiff/one_of_three_named.ome.tif": "planes that no TiffData names are black",
    "made/czi/binned.czi": "libCZI shows a plane that is only stored smaller as black",
    "made/ome-sets/names-exchanged/*.ome.tif": "tifffile goes by the names, ours by the UUIDs",
    "made/tiff-own-tags/middle_*.tif": "tifffile reads all pages by the tags of the first",
    "made/tiff-own-tags/scanimage.tif": "tifffile misses the last page",
    "made/tiff-pages/two_sizes.tif": "tifffile takes a page of half the size for a level",
}


def _params(text: str = "") -> list[ParameterSet]:
    """Return the folders with a word in their name; other people's with the oracle only."""
    own = {"made", "samples"}
    return [
        pytest.param(p, id=str(p), marks=() if p.source in own else (pytest.mark.oracle,))
        for p in places()
        if text in p.name
    ]


def _readable(folder: Path) -> Iterator[Path]:
    """Yield the first file of each fileset that can be imported."""
    for candidate in group(scan([folder])):
        if not preflight(candidate, PreflightSettings(still_writing_s=0)).blocked:
            yield candidate.files[0].path


def _whole(image: ReadImage) -> Pixels:
    header = image.header
    planes = [
        whole_plane(image, c, t, z)
        for t in range(header.size_t)
        for c in range(header.size_c)
        for z in range(header.size_z)
    ]
    return np.array(planes).reshape(
        header.size_t, header.size_c, header.size_z, *planes[0].shape
    )


def _differences(path: Path, folder: Path) -> list[str]:
    with closing(open_fileset(path, folder)) as fileset:
        for image in fileset.images:
            image.check()
        read = reader_of(path)
        wanted = list(read(path)) if read is not None else []
        found = [_whole(image) for image in fileset.images] if wanted else []
    shapes = [[one.shape for one in images] for images in (found, wanted)]
    if shapes[0] != shapes[1]:
        return [f"ours {shapes[0]} | theirs {shapes[1]}"]
    return [
        f"image {n}: pixels differ from {np.argwhere(one != two)[0]} (t, c, z, y, x) on"
        for n, (one, two) in enumerate(zip(found, wanted, strict=True))
        if not np.array_equal(one, two)
    ]


@pytest.mark.parametrize("place", _params())
def test_every_pixel_is_the_same(place: Place, ours: Ours) -> None:
    folder = place.folder(ours.made)
    wrong, idle = list[str](), {glob for glob in OTHERWISE if glob.startswith(f"{place}/")}
    for path in _readable(folder):
        name = f"{place}/{path.relative_to(folder).as_posix()}"
        known = {glob for glob in OTHERWISE if fnmatchcase(name, glob)}
        try:
            differences = _differences(path, folder)
        except TransferAppError:
            # Files that were cut short are refused when their pixels are looked at.
            continue
        except Exception as error:  # noqa: BLE001 - other people's readers raise what they like
            differences = [f"the second reader fails: {error!r}"]
        if differences:
            idle -= known
        wrong += [f"{name}: {text}" for text in differences if not known]
    assert not wrong, "\n" + "\n".join(wrong)
    assert not idle, f"no difference any more: {idle}"


@pytest.mark.parametrize("place", _params("zarr"))
def test_sizes_and_names_of_zarrs(place: Place, ours: Ours) -> None:
    """Bio-Formats reads none: what their metadata say is compared here."""
    folder = place.folder(ours.made)
    for path in _readable(folder):
        if path.name not in {".zattrs", "zarr.json"}:
            continue
        with closing(open_fileset(path, folder)) as fileset:
            headers = [image.header for image in fileset.images]
        assert len(headers) == sum(1 for _ in by_zarr(path.parent))
        wanted = zarr_pixel_size(path.parent)
        if wanted is not None:
            assert headers[0].pixel_size_um == pytest.approx(wanted)
