"""The table of readers whose libraries are an optional extra; a row makes a reader known."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from transferapp.formats.embedded import CZI, DICOM, IMARIS, LIF, MRC, ND2, OIB, OIF
from transferapp.formats.image_format import ImageFormat
from transferapp.repositories.local.readers.czi import open_czi
from transferapp.repositories.local.readers.dicom import open_dicom
from transferapp.repositories.local.readers.fluoview import open_oib, open_oif
from transferapp.repositories.local.readers.imaris import open_imaris
from transferapp.repositories.local.readers.lif import open_lif
from transferapp.repositories.local.readers.mrc import open_mrc
from transferapp.repositories.local.readers.nd2_ import open_nd2
from transferapp.repositories.local.readers.port import OpenFileset
from transferapp.repositories.local.readers.vendor import missing_reader


class VendorReader(NamedTuple):
    """Who reads a format, and the modules that it needs."""

    kind: ImageFormat
    modules: tuple[str, ...]
    #: Takes the file to open and the folder that all files of the set are below.
    opens: Callable[[Path, Path], OpenFileset]
    #: Tells the format whatever a file is called.
    own_mark: bytes = b""
    #: Files of the right name are taken too that nothing else knows by a mark.
    also_unmarked: bool = False

    def knows(self, name: str, start: bytes) -> bool:
        """Say whether a file of this name, in small letters, has the format's mark."""
        if not self.kind.begins(start):
            return False
        is_its_own = bool(self.own_mark) and start.startswith(self.own_mark)
        return is_its_own or self.kind.by_content or name.endswith(self.kind.suffixes)

    def is_installed(self) -> bool:
        """Say whether its packages are here, without loading them: some bring 10 MB along."""
        return all(find_spec(module.partition(".")[0]) for module in self.modules)

    def open(self, first: Path, root: Path) -> OpenFileset:
        """Open a fileset; raises UnsupportedFile naming the extra that is missing, too."""
        try:
            for module in self.modules:
                import_module(module)
        except ImportError as error:
            raise missing_reader(first) from error
        return self.opens(first, root)


def _alone(opens: Callable[[Path], OpenFileset]) -> Callable[[Path, Path], OpenFileset]:
    """Open one file, whatever lies beside it."""
    return lambda first, _: opens(first)


VENDOR_READERS = (
    VendorReader(CZI, ("pylibCZIrw.czi",), _alone(open_czi)),
    # ND2 of before 2010 are JPEG 2000 by their first bytes.
    VendorReader(ND2, ("nd2",), _alone(open_nd2), own_mark=ND2.magic[0]),
    VendorReader(LIF, ("liffile",), _alone(open_lif)),
    VendorReader(OIB, ("olefile",), _alone(open_oib)),
    VendorReader(OIF, (), _alone(open_oif)),
    VendorReader(IMARIS, ("h5py",), _alone(open_imaris)),
    VendorReader(MRC, ("mrcfile",), _alone(open_mrc), also_unmarked=True),
    VendorReader(DICOM, ("pydicom", "imagecodecs"), open_dicom, also_unmarked=True),
)
