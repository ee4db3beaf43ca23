"""PNG of every depth and colour type, and JPEG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.oracle.made.numbers import numbers
from tests.support.png_files import GREY, GREY_ALPHA, PALETTE, RGB, RGBA, chunk, write_png


def make_pictures(folder: Path) -> None:
    """Write PNGs and JPEGs."""
    for bits in (1, 2, 4, 8, 16):
        pixels = numbers((20, 31, 1), most=1 << bits)
        write_png(folder / f"grey_{bits}.png", pixels, GREY, bits)
    for name, kind, samples in (
        ("rgb", RGB, 3),
        ("rgba", RGBA, 4),
        ("grey_alpha", GREY_ALPHA, 2),
    ):
        for bits in (8, 16):
            pixels = numbers((20, 30, samples), most=1 << bits)
            write_png(folder / f"{name}_{bits}.png", pixels, kind, bits)
    table = chunk(b"PLTE", numbers((256, 3), "uint8", 256).tobytes())
    indexed = numbers((20, 30, 1), most=256)
    write_png(folder / "palette.png", indexed, PALETTE, 8, table)
    clear = table + chunk(b"tRNS", b"\x40")
    write_png(folder / "palette_clear.png", indexed, PALETTE, 8, clear)
    smooth = np.linspace(0, 255, 48 * 32 * 3).reshape(32, 48, 3).astype(np.uint8)
    for mode in ("L", "RGB", "CMYK"):
        Image.fromarray(smooth).convert(mode).save(folder / f"{mode.lower()}.jpg", quality=98)
