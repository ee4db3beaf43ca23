"""Let only what can be true of a header into the repository, whichever reader made it."""

from __future__ import annotations

from dataclasses import replace

from transferapp.model.plausible import (
    plausible_moment,
    plausible_positive,
    plausible_um,
    plausible_window,
)
from transferapp.repositories.local.readers.port import ChannelHint, ImageHeader


def plausible_header(header: ImageHeader) -> ImageHeader:
    """Return the header; sizes, dates and windows that cannot be true become unknown."""
    z, y, x = (plausible_um(size_um) for size_um in header.pixel_size_um)
    return replace(
        header,
        pixel_size_um=(z, y, x),
        acquired_at=plausible_moment(header.acquired_at),
        channels=tuple(_plausible(channel) for channel in header.channels),
        time_step_s=plausible_positive(header.time_step_s),
    )


def _plausible(channel: ChannelHint) -> ChannelHint:
    window = channel.window and plausible_window(*channel.window)
    return replace(
        channel,
        window=window,
        excitation_nm=plausible_positive(channel.excitation_nm),
        emission_nm=plausible_positive(channel.emission_nm),
    )
