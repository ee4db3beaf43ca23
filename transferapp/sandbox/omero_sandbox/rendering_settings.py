"""Rendering settings as OMERO keeps them: a RenderingDef for each person and image."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from transferapp.sandbox.omero_sandbox.records import OWNER, Record, SandboxCaller
from transferapp.sandbox.omero_sandbox.store import Store

#: What clients read of a RenderingDef.
WHOLE = (
    "details.owner", "model", "quantization", "pixels",
    "waveRendering.family", "waveRendering.spatialDomainEnhancement",
)  # fmt: skip
FAMILIES = ("linear", "polynomial", "exponential", "logarithmic")
MODELS = ("greyscale", "rgb")
#: More channels are there and switched off (``omero.pixeldata`` has no word for it).
_MOST_ACTIVE = 3
_OPAQUE = 255
_REVERSED = "ReverseIntensityContext"
_COLORS = ("red", "green", "blue")


@dataclass(slots=True)
class ChannelSettings:
    """How one channel is shown."""

    color: tuple[int, int, int]
    start: float
    end: float
    active: bool
    family: str = "linear"
    coefficient: float = 1.0
    lookup_table: str = ""
    inverted: bool = False


@dataclass(slots=True)
class RenderingSettings:
    """How one image is shown."""

    z: int
    t: int
    model: str
    channels: list[ChannelSettings] = field(default_factory=list)

    def copy(self) -> RenderingSettings:
        """Return settings that change on their own."""
        return replace(self, channels=[replace(channel) for channel in self.channels])


def default_settings(store: Store, pixels: Record) -> RenderingSettings:
    """Return what a fresh import shows: the middle z, windows found at import."""
    made = []
    for number, channel in enumerate(store.related(pixels, "channels")):
        red, green, blue = (int(channel.text(name) or 0) for name in _COLORS)
        stats: Record | None = channel.values.get("statsInfo")
        low = 0.0 if stats is None else float(stats.text("globalMin"))
        high = 255.0 if stats is None else float(stats.text("globalMax"))
        made.append(ChannelSettings((red, green, blue), low, high, number < _MOST_ACTIVE))
    model = MODELS[len(made) > 1]
    return RenderingSettings(int(pixels.text("sizeZ")) // 2, 0, model, made)


def settings_record(store: Store, pixels: Record, caller: SandboxCaller) -> Record | None:
    """Return the caller's settings, else those of the image's owner."""
    owner = pixels.values.get(OWNER)
    for user in (caller.user, None if owner is None else owner.id):
        for record in store.related(pixels, "settings"):
            if record.values[OWNER].id == user:
                return record
    return None


def load_settings(store: Store, record: Record) -> RenderingSettings:
    """Return what a RenderingDef says."""
    made = RenderingSettings(
        int(record.text("defaultZ")), int(record.text("defaultT")),
        str(record.values["model"].text("value")),
    )  # fmt: skip
    for held in store.related(record, "waveRendering"):
        red, green, blue = (int(held.text(name)) for name in _COLORS)
        contexts = store.related(held, "spatialDomainEnhancement")
        made.channels.append(
            ChannelSettings(
                (red, green, blue), float(held.text("inputStart")),
                float(held.text("inputEnd")), bool(held.text("active")),
                str(held.values["family"].text("value")), float(held.text("coefficient")),
                str(held.text("lookupTable") or ""), any(c.cls == _REVERSED for c in contexts),
            )
        )  # fmt: skip
    return made


def save_settings(
    store: Store, caller: SandboxCaller, pixels: Record, settings: RenderingSettings
) -> Record:
    """Write the caller's own settings of an image; return them."""
    record = settings_record(store, pixels, caller)
    if record is None or record.values[OWNER].id != caller.user:
        record = _new(store, caller, pixels, len(settings.channels))
    store.set(record, "defaultZ", settings.z)
    store.set(record, "defaultT", settings.t)
    store.set(record, "model", store.enumeration("RenderingModel", settings.model))
    held = store.related(record, "waveRendering")
    for binding, channel in zip(held, settings.channels, strict=False):
        _write(store, caller, binding, channel)
    return record


def _new(store: Store, caller: SandboxCaller, pixels: Record, channels: int) -> Record:
    group = pixels.values["@group"].id
    mine = caller.in_group(group)
    quantum = store.new(
        "QuantumDef", mine, cdStart=0, cdEnd=_OPAQUE, bitResolution=_OPAQUE
    )  # fmt: skip
    record = store.new(
        "RenderingDef", mine, pixels=pixels, quantization=quantum, name="", compression=0.0
    )
    for _ in range(channels):
        store.new(
            "ChannelBinding", mine, renderingDef=record, alpha=_OPAQUE, noiseReduction=False
        )
    return record


def _write(
    store: Store, caller: SandboxCaller, binding: Record, channel: ChannelSettings
) -> None:
    for name, value in zip(_COLORS, channel.color, strict=True):
        store.set(binding, name, value)
    store.set(binding, "inputStart", float(channel.start))
    store.set(binding, "inputEnd", float(channel.end))
    store.set(binding, "active", channel.active)
    store.set(binding, "coefficient", float(channel.coefficient))
    store.set(binding, "family", store.enumeration("Family", channel.family))
    store.set(binding, "lookupTable", channel.lookup_table or None)
    held = store.related(binding, "spatialDomainEnhancement")
    if channel.inverted and not held:
        store.new(_REVERSED, caller, channelBinding=binding)
    elif not channel.inverted:
        for context in held:
            store.delete(context)
