"""Whatever stands in a file of a vendor's: an error with its name, or an image."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("h5py", reason="needs the extra 'readers'")
pytest.importorskip("liffile", reason="needs the extra 'readers'")
pytest.importorskip("mrcfile", reason="needs the extra 'readers'")
pytest.importorskip("olefile", reason="needs the extra 'readers'")
pytest.importorskip("pydicom", reason="needs the extra 'readers'")

from tests.support.fluoview_files import write_oib, write_oif
from tests.support.imaris_files import write_imaris
from tests.support.lif_files import LifPicture, write_lif_of
from tests.support.local_images import whole_plane
from tests.support.vendor_files import numbers, write_dicom, write_mrc
from transferapp.errors import TransferAppError
from transferapp.repositories.local.readers.choose import open_fileset

_PIXELS = numbers((2, 3, 20, 30), "<u2")
_MAKERS: dict[str, Callable[[Path], object]] = {
    "lif": lambda path: write_lif_of(path, LifPicture("a", _PIXELS, stamps=(1 << 57,))),
    "oib": lambda path: write_oib(path, _PIXELS, "CZ"),
    "oif": lambda path: write_oif(path, _PIXELS, "CZ"),
    "ims": lambda path: write_imaris(path, [_PIXELS[None]]),
    "mrc": lambda path: write_mrc(path, _PIXELS[0]),
    "dcm": lambda path: write_dicom(path, _PIXELS[0, 0]),
}
_ROUNDS = 60


@pytest.mark.parametrize("ending", _MAKERS)
def test_damage_is_an_error_with_a_name(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    _MAKERS[ending](path)
    whole, chance = path.read_bytes(), random.Random(ending)  # noqa: S311 - damage, no secret
    reported = 0
    for _ in range(_ROUNDS):
        path.write_bytes(_damaged(whole, chance))
        try:
            fileset = open_fileset(path, tmp_path)
        except TransferAppError as error:
            assert path.name in error.message  # noqa: PT017 - some are whole enough
            assert str(tmp_path) not in error.message  # noqa: PT017
            reported += 1
            continue
        try:
            for image in fileset.images:
                image.check()
                assert whole_plane(image).dtype == np.dtype(image.header.dtype)
        except TransferAppError as error:
            assert path.name in error.message  # noqa: PT017
            reported += 1
        finally:
            fileset.close()
    assert reported


def _damaged(content: bytes, chance: random.Random) -> bytes:
    """Change some bytes, mostly of the beginning, or cut the end off."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 3, 20))):
        most = chance.choice((64, 512, 2048, len(made)))
        made[chance.randrange(min(most, len(made)))] = chance.choice((0, 1, 0x7F, 0xFF, 0x41))
    return bytes(made[: chance.randrange(len(made))]) if chance.random() < 0.2 else bytes(made)
