"""What OMERO reads: with the readers of Bio-Formats, and OME-Zarr with one kept apart."""

from __future__ import annotations

from transferapp.formats import bio_formats
from transferapp.formats.omero_path_rules import stated_or_usual
from transferapp.formats.omero_releases import bio_formats_of, derived_text
from transferapp.formats.read_formats import FirstBytes, ReadFormat, RepositoryFormats

#: OMERO's importer leaves it out (omero-blitz, ImportCandidates).
_LEFT_OUT = "ZipReader"
#: It is no part of Bio-Formats; OMERO brings it along (github.com/ome/ZarrReader).
_ZARR = ReadFormat("OME-Zarr", (".zarr",), several_files=True, reader="ZarrReader")
_HDF5, _OLE2 = "894844460d0a1a0a", "d0cf11e0a1b11ae1"
#: What files of a format begin with, by reader. Known of the formats themselves; only what
#: is long enough to tell a format from chance.
_FIRST_BYTES: dict[str, tuple[FirstBytes, ...]] = {
    "APNGReader": (FirstBytes("89504e470d0a1a0a"),),
    "JPEGReader": (FirstBytes("ffd8ff"),),
    "GIFReader": (FirstBytes("474946383761"), FirstBytes("474946383961")),
    "BMPReader": (FirstBytes("424d"),),
    "PSDReader": (FirstBytes("38425053"),),
    "FitsReader": (FirstBytes("53494d504c452020"),),
    "JPEG2000Reader": (FirstBytes("0000000c6a5020200d0a870a"), FirstBytes("ff4fff51")),
    "TiffDelegateReader": tuple(
        FirstBytes(start) for start in ("49492a00", "4d4d002a", "49492b00", "4d4d002b")
    ),
    "ZeissCZIReader": (FirstBytes("5a495352415746494c45"),),
    "ND2Reader": (FirstBytes("dacebe0a"), FirstBytes("0000000c6a5020200d0a870a")),
    "DicomReader": (FirstBytes("4449434d", 128),),
    "LIFReader": (FirstBytes("70000000"),),
    "NRRDReader": (FirstBytes("4e525244"),),
    "NiftiReader": (FirstBytes("6e2b3100", 344), FirstBytes("6e693100", 344)),
    "MRCReader": (FirstBytes("4d415020", 208),),
    "ImarisHDFReader": (FirstBytes(_HDF5),),
    "CellH5Reader": (FirstBytes(_HDF5),),
    "FV1000Reader": (FirstBytes(_OLE2),),
    "ZeissZVIReader": (FirstBytes(_OLE2),),
}


def omero_formats(server: str = "", path_rules: str = "") -> RepositoryFormats:
    """Return what an OMERO reads that is built on our table's Bio-Formats.

    ``server`` is the version of OMERO.server, which tells what it is likely to run;
    ``path_rules`` is its setting, that of a fresh OMERO when it is not known.
    """
    table, likely = bio_formats.version(), bio_formats_of(server)
    read = (
        ReadFormat(
            name=one.format,
            suffixes=one.endings,
            first_bytes=_FIRST_BYTES.get(one.name, ()),
            several_files=one.several_files,
            suffix_needed=one.suffix_needed and bool(one.endings),
            reader=one.name,
        )
        for one in bio_formats.readers()
        if one.name != _LEFT_OUT
    )
    return RepositoryFormats(
        "OMERO",
        (_ZARR, *read),
        f"Bio-Formats {table}",
        likely=f"Bio-Formats {likely}" if likely else "",
        derived=derived_text(server, table),
        path_rules=stated_or_usual(path_rules),
    )
