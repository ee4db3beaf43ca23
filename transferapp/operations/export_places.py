"""In which folder each item of an export arrives: decided once, when it is asked for.

As in the repository: ``Project/Dataset``, or ``Screen/Plate/Run/Well``. Names are made such
that any disk stores them; containers of one name below one parent are told apart by what
they are, so that nothing of two of them is ever mixed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from transferapp.host.storable_names import extended_name, same_name, storable_name
from transferapp.ledger.port import PlannedItem
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.export_places import (
    ExportLayout,
    ImageLocation,
    ItemPlace,
    PlacedImage,
    WellField,
)
from transferapp.model.export_specs import ExportForm, ExportSpec
from transferapp.model.images import ImageSummary
from transferapp.repositories.port import Containers

#: Where images go that are in no container.
NO_DATASET = "No dataset"
#: Bytes of a folder's name: four of them leave Windows, which stops at 260, room for a file.
_FOLDER_BYTES = 60
#: Images whose places are asked for at once.
_AT_ONCE = 1000
#: Forms of which a plate is one hierarchy.
_PLATE_FORMS = frozenset({ExportForm.OME_ZARR, ExportForm.OME_ZARR_04})
_PLATE_ENDING = ".ome.zarr"
#: Stands for the place in a well, where wells were chosen.
ANY_WELL = "Well"


@dataclass(frozen=True, slots=True)
class _Level:
    """One folder of a way: what it stands for, and the name that it would have."""

    key: str
    name: str
    #: What it keeps at its end, whatever is put behind its name.
    ending: str = ""


_Way = tuple[_Level, ...]


async def image_places(
    containers: Containers, images: Sequence[ImageSummary], chosen: Iterable[str]
) -> dict[int, PlacedImage]:
    """Ask where images lie; of several places that in a chosen container ("Dataset:5",
    ANY_WELL) comes first, then they go by name.
    """
    wanted, found = frozenset(chosen), defaultdict(list)
    ids = [image.id for image in images]
    for start in range(0, len(ids), _AT_ONCE):
        for one in await containers.locate(ids[start : start + _AT_ONCE]):
            found[one.image_id].append(one)
    return {
        image.id: PlacedImage(
            image.id,
            image.name,
            tuple(sorted(found[image.id], key=lambda one: _rank(one, wanted))),
        )
        for image in images
    }


def placed_items(
    items: Sequence[PlannedItem],
    images: Mapping[int, PlacedImage],
    spec: ExportSpec,
    chosen: Iterable[str],
) -> tuple[PlannedItem, ...]:
    """Return the items with their places; ``images`` by id."""
    wanted = frozenset(chosen)
    places = [
        ItemPlace(images=_first_first([images[one] for one in item.image_ids], wanted))
        for item in items
    ]
    if spec.layout is ExportLayout.TREE:
        several = _plates_of_several_runs(images.values())
        ways = [_way(place, spec.form, several) for place in places]
        names = _Names(ways)
        places = [
            replace(place, folder=names.of(way), field=_field(place, spec.form))
            for place, way in zip(places, ways, strict=True)
        ]
    return tuple(replace(item, place=place) for item, place in zip(items, places, strict=True))


def _rank(location: ImageLocation, chosen: frozenset[str]) -> tuple[object, ...]:
    refs = [str(one.ref) for one in location.containers]
    refs += [ANY_WELL] if location.well else []
    names = [(same_name(one.name), one.ref.id) for one in location.containers]
    well = location.well or WellField(0, 0, 0)
    return chosen.isdisjoint(refs), names, well.row, well.column, well.field


def _first_first(
    images: Sequence[PlacedImage], chosen: frozenset[str]
) -> tuple[PlacedImage, ...]:
    """Put the image first whose place the item's folder is called after: images of one
    fileset may lie in several datasets, and some in none.
    """
    placed = [one for one in images if one.locations]
    if not placed:
        return tuple(images)
    first = min(placed, key=lambda one: _rank(one.locations[0], chosen))
    return (first, *(one for one in images if one is not first))


def _plates_of_several_runs(images: Iterable[PlacedImage]) -> set[ContainerRef]:
    runs: dict[ContainerRef, set[int]] = defaultdict(set)
    for image in images:
        for one in image.locations:
            if one.well is not None:
                runs[one.containers[-1].ref].add(one.well.run_id)
    return {plate for plate, found in runs.items() if len(found) > 1}


def _way(place: ItemPlace, form: ExportForm, several_runs: set[ContainerRef]) -> _Way:
    """Return the folders from the outermost one on."""
    first = place.images[0].locations[0] if place.images[0].locations else None
    if first is None:
        return (_Level("", NO_DATASET),)
    way = [_Level(str(one.ref), one.name) for one in first.containers]
    plate = first.containers[-1]
    if first.well is None or plate.ref.kind is not ContainerKind.PLATE:
        return tuple(way)
    if form in _PLATE_FORMS:
        way[-1] = _Level(str(plate.ref), plate.name, _PLATE_ENDING)
        row, column = _row_name(first.well.row), str(first.well.column + 1)
        return (*way, _Level(row, row), _Level(column, column))
    wells = {_well_of(image, plate.ref) for image in place.images}
    runs = {well and (well.run_id, well.run) for well in wells}
    if plate.ref in several_runs and len(runs) == 1:
        way.append(_Level(f"Run:{first.well.run_id}", first.well.run or "No run"))
    if len({well and (well.row, well.column) for well in wells}) == 1:
        name = f"{_row_name(first.well.row)}{first.well.column + 1:02}"
        way.append(_Level(f"Well:{name}", name))
    return tuple(way)


def _well_of(image: PlacedImage, plate: ContainerRef) -> WellField | None:
    """Return where on this plate an image is."""
    mine = (one.well for one in image.locations if one.containers[-1].ref == plate)
    return next(mine, None)


def _field(place: ItemPlace, form: ExportForm) -> str:
    """Return the path of a field in its well, where the plate is one hierarchy."""
    locations = place.images[0].locations
    well = locations[0].well if locations and form in _PLATE_FORMS else None
    return "" if well is None else str(well.field)


def _row_name(row: int) -> str:
    """Return ``A`` to ``Z``, then ``AA``."""
    name = ""
    row += 1
    while row:
        row, letter = divmod(row - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


class _Names:
    """The names of folders, each such that it is one container's alone."""

    def __init__(self, ways: Iterable[_Way]) -> None:
        """Name all folders of these ways."""
        children: dict[tuple[str, ...], dict[str, _Level]] = defaultdict(dict)
        for way in ways:
            for depth, level in enumerate(way):
                above = tuple(one.key for one in way[:depth])
                children[above].setdefault(level.key, level)
        self._names = {
            (*above, key): name
            for above, levels in children.items()
            for key, name in _apart(levels).items()
        }

    def of(self, way: _Way) -> tuple[str, ...]:
        """Return the names of a way's folders."""
        keys = tuple(level.key for level in way)
        return tuple(self._names[keys[: depth + 1]] for depth in range(len(keys)))


def _apart(levels: Mapping[str, _Level]) -> dict[str, str]:
    """Name what lies in one folder: those of one name all get their kind and id."""
    stems = {key: _stem(level) for key, level in levels.items()}
    whole = {key: stem + levels[key].ending for key, stem in stems.items()}
    same = Counter(map(same_name, whole.values()))
    names: dict[str, str] = {}
    used: set[str] = set()
    alone = {key: ":" not in key or same[same_name(whole[key])] == 1 for key in levels}
    # What keeps its own name comes first, else by kind and id: the same whatever the order.
    for key in sorted(levels, key=lambda key: (not alone[key], key)):
        stem, ending = stems[key], levels[key].ending
        name = whole[key] if alone[key] else extended_name(stem, _label(key), ending)
        for number in count(2):
            if same_name(name) not in used:
                break
            name = extended_name(stem, str(number), ending)
        used.add(same_name(name))
        names[key] = name
    return names


def _stem(level: _Level) -> str:
    name = level.name
    if level.ending and name.lower().endswith(level.ending):
        name = name[: -len(level.ending)]
    return storable_name(name, _FOLDER_BYTES) or _label(level.key)


def _label(key: str) -> str:
    return key.replace(":", " ")
