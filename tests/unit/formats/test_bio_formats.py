"""The table of Bio-Formats' readers, and what is told of it."""

from __future__ import annotations

import re

from transferapp.formats import bio_formats
from transferapp.formats.omero import omero_formats
from transferapp.formats.side_files import SIDE_ENDINGS


def test_the_table_is_whole() -> None:
    # Bio-Formats 7.3.1: ImageReader.getSuffixes() has 219, with the empty one and a slip.
    assert bio_formats.version() == "7.3.1"
    assert len(bio_formats.readers()) == 172
    assert len(bio_formats.suffixes()) == 219
    assert {"", "tif, tiff"} < set(bio_formats.suffixes())
    by_name = {reader.name: reader for reader in bio_formats.readers()}
    czi, nd = by_name["ZeissCZIReader"], by_name["MetamorphReader"]
    assert (czi.format, czi.endings, czi.several_files) == ("Zeiss CZI", (".czi",), False)
    assert (nd.several_files, nd.suffix_needed, nd.suffix_enough) == (True, False, False)


def test_omero_leaves_out_zip_and_has_ome_zarr() -> None:
    reported = omero_formats()
    assert not list(reported.of_name("a.zip"))
    assert [one.reader for one in reported.of_name("a.ome.zarr")] == ["ZarrReader"]
    assert (reported.whose, reported.subject) == (
        "OMERO, Bio-Formats 7.3.1",
        "OMERO (Bio-Formats 7.3.1)",
    )


def test_the_most_exact_suffix_comes_first() -> None:
    reported = omero_formats()
    assert next(reported.of_name("a.OME.TIF")).name == "OME-TIFF"
    assert next(reported.of_name("a.czi")).name == "Zeiss CZI"
    assert next(reported.of_name("brain.nii.gz")).name == "NIfTI"


def test_rules_are_of_readers_that_there_are() -> None:
    with_rules = {one.reader for one in omero_formats().formats if one.first_bytes}
    assert len(with_rules) == 19
    assert all(re.fullmatch(r"\.[a-z0-9]+", ending) for ending in SIDE_ENDINGS)
    assert set(SIDE_ENDINGS) <= set(omero_formats().endings)
