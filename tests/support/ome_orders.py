"""Sets of OME-TIFF made in code, and the order of their files as Bio-Formats 7.3.1 gave it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests.support.ome_files import block, image, ome, pointer, uuid, write_pages
from tests.support.pair_sets import RecordedSet

_COMPANION = "m.companion.ome"
_PLANES = ("d", "a", "b", "c")


def _name(letter: str) -> str:
    return f"{letter}.ome.tif"


def _names(letters: str) -> list[str]:
    return [_name(letter) for letter in letters.split()]


def _own(name: str) -> str:
    return uuid(int.from_bytes(name.encode()[:4]))


def _image(letters: Sequence[str], number: int = 0, *, reverse: bool = False) -> str:
    """Return an image of one channel for each letter, in the file of that name."""
    blocks = [
        block(c=c, file=_name(letter), own=_own(letter)) for c, letter in enumerate(letters)
    ]
    blocks = blocks[::-1] if reverse else blocks
    return image("".join(blocks), sizes=(1, len(letters), 1), number=number)


def _squares(order: str) -> str:
    """Return an image of two planes and two channels: z and c count through x, y, z, w."""
    places = {"x": (0, 0), "z": (0, 1), "y": (1, 0), "w": (1, 1)}
    blocks = [
        block(z=z, c=c, file=_name(letter), own=_own(letter))
        for letter, (z, c) in places.items()
    ]
    return image("".join(blocks), sizes=(2, 2, 1), order=order)


def _all_alike(folder: Path, letters: str, stated: str) -> None:
    """Write a set whose every file has the whole document."""
    for letter in letters.split():
        write_pages(folder / _name(letter), ome(stated, own=_own(letter)))


def _pointing(folder: Path, letters: str, stated: str, master: str) -> None:
    """Write a set with one document, a companion or in the file of a letter."""
    xml = ome(stated, own=_own(master))
    if master == _COMPANION:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / master).write_text(xml)
    else:
        write_pages(folder / _name(master), xml)
    name = master if master == _COMPANION else _name(master)
    for letter in letters.split():
        if letter != master:
            text = pointer(name, own=_own(letter), target=_own(master))
            write_pages(folder / _name(letter), text)


def _alike(letters: str, stated: str, order: str) -> RecordedSet:
    return RecordedSet(partial(_all_alike, letters=letters, stated=stated), [_names(order)])


def _led(master: str, letters: str, stated: str, order: Sequence[str]) -> RecordedSet:
    make: Callable[[Path], None] = partial(
        _pointing, letters=letters, stated=stated, master=master
    )
    return RecordedSet(make, [list(order)])


_TWO_IMAGES = _image(("d", "c")) + _image(("b", "a"), 1)
_BELOW = ("2/a", "1/b", "2/c", "1/d")

SETS: dict[str, RecordedSet] = {
    "first-by-name": _alike("a b c", _image(("c", "a", "b")), "a c b"),
    "first-by-letters": _alike("t8 t9 t10", _image(("t8", "t9", "t10")), "t10 t8 t9"),
    "planes": _alike("a b c d", _image(_PLANES, reverse=True), "a d b c"),
    "by-channel": _alike("w x y z", _squares("XYCZT"), "w x z y"),
    "by-z": _alike("w x y z", _squares("XYZCT"), "w x y z"),
    "companion": _led(_COMPANION, "a b c d", _image(_PLANES), [_COMPANION, *_names("d a b c")]),
    "two-images": _led(_COMPANION, "a b c d", _TWO_IMAGES, [_COMPANION, *_names("d c b a")]),
    "below": _led(
        _COMPANION, " ".join(_BELOW), _image(_BELOW), [_COMPANION, *map(_name, _BELOW)]
    ),
    "master": _led("b", "a b c d", _image(_PLANES), _names("b d a c")),
    "master-without-planes": _led("m", "a b c m", _image(("c", "b", "a")), _names("m c b a")),
}
