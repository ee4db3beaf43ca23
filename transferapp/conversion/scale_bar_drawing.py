"""Draws a scale bar into a picture."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

from transferapp.display.scale_bar import ScaleBar, scale_bar

#: The longest round length up to this share of the width is taken: about a fifth of it.
_LONGEST = 0.3
#: In pictures that are smaller nobody could read it.
_LEAST_EDGE_PX = 48
_MARGIN, _THICK, _TEXT = 0.02, 0.006, 0.03
_LEAST_TEXT_PX = 10
_DARK, _LIGHT = (0, 0, 0), (255, 255, 255)
_HALF = 127.5
_MICRO = "\N{MICRO SIGN}"


def bar_for(width: int, height: int, um_per_px: float | None) -> ScaleBar | None:
    """Return the bar of a picture of this size; None without a size of its pixels."""
    if um_per_px is None or min(width, height) < _LEAST_EDGE_PX:
        return None
    return scale_bar(um_per_px, width * _LONGEST)


def draw_scale_bar(picture: Image.Image, um_per_px: float | None) -> None:
    """Draw a bar with its length at the lower right, white on dark and black on bright."""
    bar = bar_for(picture.width, picture.height, um_per_px)
    if bar is None:
        return
    edge = min(picture.width, picture.height)
    margin, thick = max(3, round(edge * _MARGIN)), max(2, round(edge * _THICK))
    label = _label(bar.label, max(_LEAST_TEXT_PX, round(edge * _TEXT)))
    length = max(1, round(bar.width_px))
    right, bottom = picture.width - margin, picture.height - margin
    top = bottom - thick - thick // 2 - label.height
    wide = max(length, label.width)
    left = max(0, right - wide)
    color = _readable_on(picture.crop((left, max(0, top), right, bottom)))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((right - length, bottom - thick, right - 1, bottom - 1), fill=color)
    at = min(right - length // 2 - label.width // 2, right - label.width)
    picture.paste(color, (max(0, at), max(0, top)), label)


def _readable_on(background: Image.Image) -> tuple[int, int, int]:
    histogram = background.convert("L").histogram()
    total = sum(value * count for value, count in enumerate(histogram))
    return _DARK if total / max(1, sum(histogram)) > _HALF else _LIGHT


def _label(text: str, size: int) -> Image.Image:
    """Return a text as a mask. Pillow's font has no micro sign: it is made of a u."""
    font = ImageFont.load_default(size)
    stand_in = text.replace(_MICRO, "u")
    left, top, right, bottom = (round(part) for part in font.getbbox(stand_in))
    tail = round(size * 0.22) if _MICRO in text else 0
    mask = Image.new("L", (right - left, bottom - top + tail), 0)
    draw = ImageDraw.Draw(mask)
    draw.text((-left, -top), stand_in, fill=255, font=font)
    if tail:
        before = text[: text.index(_MICRO)]
        u_left, u_top, _right, u_bottom = font.getbbox("u")
        x = round(font.getlength(before) + u_left) - left
        stem = max(1, round(size * 0.09))
        draw.rectangle(
            (x, round(u_top) - top, x + stem - 1, round(u_bottom) - top + tail), fill=255
        )
    return mask
