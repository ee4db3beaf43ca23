"""Opens an image's OME-Zarr so that napari reads only what it draws; no napari, no dask."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, repeat
from types import EllipsisType
from typing import Any

import numpy as np
import numpy.typing as npt
import pydantic
import zarr

from transferapp import errors
from transferapp.desktop.tiles.compositing import auto_window
from transferapp.desktop.viewer.store import PARALLEL_REQUESTS, RemoteStore, RenewableToken

_AXES = ("t", "c", "z", "y", "x")
_CHANNEL_AXIS = 1
_PLANE_AXES = (3, 4)
#: Channels that are opened at a time: the store sends no more requests than that anyway.
_PARALLEL_CHANNELS = PARALLEL_REQUESTS

Index = int | slice | EllipsisType


class _Window(pydantic.BaseModel):
    min: float
    max: float
    start: float
    end: float


class _Channel(pydantic.BaseModel):
    label: str = ""
    color: str
    window: _Window
    active: bool = True


class _Omero(pydantic.BaseModel):
    channels: list[_Channel]


class _Scale(pydantic.BaseModel):
    scale: list[float]


class _Dataset(pydantic.BaseModel):
    path: str
    coordinateTransformations: list[_Scale]  # noqa: N815  (OME-Zarr's own name)


class _Axis(pydantic.BaseModel):
    name: str
    unit: str | None = None


class _Multiscale(pydantic.BaseModel):
    name: str = ""
    axes: list[_Axis]
    datasets: list[_Dataset]


class _Ome(pydantic.BaseModel):
    multiscales: list[_Multiscale]
    omero: _Omero


class ChannelLevel:
    """One channel at one level as a lazy array: indexing gives a smaller lazy array, and
    only ``np.asarray`` reads. napari indexes twice before it wants pixels.
    """

    def __init__(self, array: zarr.Array[Any], bounds: tuple[int | slice, ...]) -> None:
        """Look at a part of a t, c, z, y, x array; slices have a start, an end and step 1."""
        self._array = array
        self._bounds = bounds
        self._axes = [axis for axis, part in enumerate(bounds) if isinstance(part, slice)]
        kept = [part for part in bounds if isinstance(part, slice)]
        self.shape = tuple(part.stop - part.start for part in kept)
        self.ndim = len(self.shape)
        self.size = int(np.prod(self.shape))
        self.dtype = np.dtype(array.dtype)

    @classmethod
    def of(cls, array: zarr.Array[Any], channel: int) -> ChannelLevel:
        """Look at one channel, without the axes that have nothing to choose from."""
        bounds: list[int | slice] = [0] * len(_AXES)
        bounds[_CHANNEL_AXIS] = channel
        for axis in kept_axes(array.shape):
            bounds[axis] = slice(0, array.shape[axis])
        return cls(array, tuple(bounds))

    def __getitem__(self, index: Index | tuple[Index, ...]) -> ChannelLevel:
        """Look at a smaller part; integers and slices of step 1 only."""
        parts = index if isinstance(index, tuple) else (index,)
        if Ellipsis in parts:
            at = parts.index(Ellipsis)
            fill = (slice(None),) * (self.ndim - len(parts) + 1)
            parts = (*parts[:at], *fill, *parts[at + 1 :])
        bounds = list(self._bounds)
        for axis, length, part in zip(self._axes, self.shape, parts, strict=False):
            present = self._bounds[axis]
            start = present.start if isinstance(present, slice) else present
            bounds[axis] = _within(start, length, part)
        return ChannelLevel(self._array, tuple(bounds))

    def __array__(
        self,
        dtype: npt.DTypeLike | None = None,
        copy: bool | None = None,  # noqa: FBT001  (numpy's own signature)
    ) -> npt.NDArray[Any]:
        """Read this part, and nothing else."""
        return np.array(self._array[self._bounds], dtype=dtype, copy=copy)

    def __len__(self) -> int:
        return int(self.shape[0])


def _within(start: int, length: int, part: Index) -> int | slice:
    if not isinstance(part, slice):
        if part is Ellipsis:
            raise IndexError("more than one ellipsis")
        number = operator.index(part)
        if not -length <= number < length:
            raise IndexError(number)
        return start + number % length
    first, last, step = part.indices(length)
    if step != 1:
        raise IndexError("only slices of step 1")
    return slice(start + first, start + max(first, last))


@dataclass(frozen=True, slots=True)
class RemoteChannel:
    """A channel: its levels, sharpest first, and how it wants to be shown.

    The coarsest level of an image of one plane is in memory: napari (0.7) reads it whole and
    on the GUI thread when the layer is added, where an answer that is slow would hold the
    window and one that is an error would leave half a layer behind.
    """

    name: str
    color: str
    window: tuple[float, float]
    value_range: tuple[float, float]
    levels: tuple[ChannelLevel | npt.NDArray[Any], ...]
    visible: bool = True


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """An open image: its channels, and the scale and unit of the axes that are shown."""

    store: RemoteStore
    channels: tuple[RemoteChannel, ...]
    scale: tuple[float, ...]
    units: tuple[str, ...]
    axis_labels: tuple[str, ...]
    name: str = ""

    @property
    def level_sizes(self) -> list[tuple[int, int]]:
        """Height and width of every level."""
        levels = self.channels[0].levels
        return [(level.shape[-2], level.shape[-1]) for level in levels]


def kept_axes(shape: Sequence[int]) -> tuple[int, ...]:
    """Return which of t, c, z, y, x are shown: y and x, and t and z where there are several."""
    return tuple(
        axis
        for axis, length in enumerate(shape)
        if axis in _PLANE_AXES or (axis != _CHANNEL_AXIS and length > 1)
    )


def open_image(url: str, token: RenewableToken | None) -> RemoteImage:
    """Read the documents of an image; blocks, so call it in a thread.

    ``token`` is None for a signed URL. Raises ImageNotFound, GrantRefused, SignedUrlEnded,
    Denied for a changed one, ServerUnreachable, and Internal for a document that is not ours.
    """
    store = RemoteStore(url, token)
    try:
        return _read(store)
    except FileNotFoundError as error:
        store.close()
        raise errors.ImageNotFound from error
    except (KeyError, IndexError, ValueError, TypeError) as error:
        store.close()
        raise errors.Internal("The preview's description was not understood.") from error
    except errors.TransferAppError:
        store.close()
        raise


def _read(store: RemoteStore) -> RemoteImage:
    # With its consolidated metadata, which our server makes anew for every answer.
    group = zarr.open_group(store, mode="r", zarr_format=3)
    ome = _Ome.model_validate(group.attrs["ome"])
    multiscale = ome.multiscales[0]
    arrays: list[Any] = [group[dataset.path] for dataset in multiscale.datasets]
    axes = kept_axes(arrays[0].shape)
    scale = multiscale.datasets[0].coordinateTransformations[0].scale
    with ThreadPoolExecutor(_PARALLEL_CHANNELS, thread_name_prefix="channel") as threads:
        channels = threads.map(_channel, count(), ome.omero.channels, repeat(arrays))
    return RemoteImage(
        store=store,
        channels=tuple(channels),
        scale=tuple(scale[axis] for axis in axes),
        units=tuple(multiscale.axes[axis].unit or "pixel" for axis in axes),
        axis_labels=tuple(multiscale.axes[axis].name for axis in axes),
        name=multiscale.name,
    )


def _channel(index: int, channel: _Channel, arrays: list[zarr.Array[Any]]) -> RemoteChannel:
    remote = tuple(ChannelLevel.of(array, index) for array in arrays)
    planar = remote[0].ndim == len(_PLANE_AXES)
    levels = (*remote[:-1], np.asarray(remote[-1]) if planar else remote[-1])
    limits = channel.window
    window = (limits.start, limits.end)
    deep = levels[0].dtype.itemsize > 1
    if not limits.end > limits.start or (deep and window == (limits.min, limits.max)):
        # The repository knows no window: look at the middle plane of the coarsest level.
        coarsest = levels[-1]
        middle = tuple(length // 2 for length in coarsest.shape[:-2])
        window = auto_window([np.asarray(coarsest[middle])])
    return RemoteChannel(
        name=channel.label or f"Channel {index + 1}",
        color=f"#{channel.color}",
        window=window,
        value_range=(min(limits.min, window[0]), max(limits.max, window[1])),
        levels=levels,
        visible=channel.active,
    )
