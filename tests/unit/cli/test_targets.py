"""What ``--to`` names is found, made, or refused in plain words."""

from __future__ import annotations

from typing import Any, cast

import pytest

from transferapp.cli.targets import find_target
from transferapp.client.server import ServerClient
from transferapp.errors import Conflict, Invalid, PermissionDenied, TargetNotFound
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.identity import Experimenter, Group, GroupPermissions, Identity

PROJECT = ContainerRef(ContainerKind.PROJECT, 1)
WORMS = ContainerRef(ContainerKind.PROJECT, 16)
FOREIGN = ContainerRef(ContainerKind.PROJECT, 12)


class Shelf:
    """A server's containers in memory."""

    def __init__(self) -> None:
        self.all = [
            Container(PROJECT, "Flies", "alice", 0),
            self.dataset(2, "Embryos", PROJECT),
            self.dataset(3, "Loose"),
            self.dataset(4, "Twice"),
            self.dataset(5, "Twice"),
            self.dataset(6, "20261128"),
            self.dataset(7, "3"),
            self.dataset(8, "007"),
            self.dataset(9, "²"),
            self.dataset(10, "Mine"),
            self.dataset(11, "Mine", group_id=2, can_link=True),
            Container(WORMS, "Worms", "alice", 0),
            Container(FOREIGN, "Worms", "bob", 2),
            self.dataset(14, "Larvae", WORMS),
            self.dataset(13, "Larvae", FOREIGN),
            self.dataset(15, "At 10:30", PROJECT),
        ]

    @staticmethod
    def dataset(
        number: int,
        name: str,
        parent: ContainerRef | None = None,
        *,
        group_id: int = 0,
        can_link: bool = False,
    ) -> Container:
        ref = ContainerRef(ContainerKind.DATASET, number)
        return Container(ref, name, "alice", group_id, parent=parent, can_link=can_link)

    async def identity(self, **_: Any) -> Identity:
        groups = [Group(0, "lab", GroupPermissions.PRIVATE)]
        groups.append(Group(2, "guests", GroupPermissions.READ_ONLY))
        return Identity(Experimenter(1, "alice", "Alice"), tuple(groups), 0)

    async def containers(
        self,
        parent: ContainerRef | None = None,
        *,
        kind: ContainerKind | None = None,
        **_: Any,
    ) -> list[Container]:
        return [
            c for c in self.all if c.parent == parent and (kind is None or c.ref.kind is kind)
        ]

    async def container(self, ref: ContainerRef, **_: Any) -> Container:
        for one in self.all:
            if one.ref == ref:
                return one
        raise TargetNotFound

    async def create_container(
        self,
        kind: ContainerKind,
        name: str,
        *,
        parent: ContainerRef | None = None,
        group_id: int | None = None,
        **_: Any,
    ) -> Container:
        ref = ContainerRef(kind, 100 + len(self.all))
        made = Container(ref, name, "alice", group_id or 0, parent=parent, can_link=True)
        self.all.append(made)
        return made


@pytest.fixture
def shelf() -> ServerClient:
    return cast("ServerClient", Shelf())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Dataset:3", 3),
        ("dataset:Loose", 3),
        ("Dataset:Flies/Embryos", 2),
        ("Dataset:Embryos", 2),
        ("Flies/Embryos", 2),
        ("Flies/At 10:30", 15),
        # The one that takes something in.
        ("Dataset:Mine", 11),
        # A number that is no id here is a name; one that is an id is the id.
        ("Dataset:20261128", 6),
        # Ids have no leading zeros and only 0 to 9; these can only be names.
        ("Dataset:007", 8),
        ("Dataset:²", 9),
    ],
)
async def test_found(shelf: ServerClient, text: str, number: int) -> None:
    assert (await find_target(shelf, text, create=False)).ref.id == number


async def test_made_with_its_project_when_requested(shelf: ServerClient) -> None:
    made = await find_target(shelf, "Dataset:Mice/Brains", create=True)
    assert made.name == "Brains"
    assert made.parent is not None
    again = await find_target(shelf, "Dataset:Mice/Brains", create=True)
    assert again.ref == made.ref


@pytest.mark.parametrize(
    ("text", "create", "name", "parent"),
    [
        ("Dataset:20261129", True, "20261129", None),
        ("Dataset:Flies/20261129", True, "20261129", "Flies"),
        ("Dataset:Flies/3", True, "3", "Flies"),
        ("Screen:20261129", True, "20261129", None),
        ("Dataset:99999999999999999999999", True, "99999999999999999999999", None),
    ],
)
async def test_a_number_that_is_no_id_becomes_a_name(
    shelf: ServerClient, text: str, create: bool, name: str, parent: str | None
) -> None:
    made = await find_target(shelf, text, create=create)
    assert made.name == name
    assert made.parent == (PROJECT if parent else None)
    assert (await find_target(shelf, text, create=create)).ref == made.ref, "and is found then"


async def test_an_id_wins_also_with_create(shelf: ServerClient) -> None:
    assert (await find_target(shelf, "Dataset:3", create=True)).name == "Loose"


async def test_a_number_that_is_nothing_is_reported_in_both_readings(
    shelf: ServerClient,
) -> None:
    with pytest.raises(TargetNotFound) as refused:
        await find_target(shelf, "Dataset:20261129", create=False)
    assert str(refused.value.message) == (
        "There is no Dataset with the number 20261129 that you may see, and none is called"
        " '20261129'. Add --create to make one of that name."
    )


async def test_an_id_that_may_not_be_seen_is_not_taken_for_a_name(
    shelf: ServerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def denied(_ref: ContainerRef, **_: Any) -> Container:
        raise PermissionDenied

    monkeypatch.setattr(shelf, "container", denied)
    with pytest.raises(PermissionDenied):
        await find_target(shelf, "Dataset:12", create=True)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Dataset:Nowhere", TargetNotFound),
        ("Dataset:Twice", Conflict),
        ("Project:Flies", Invalid),
        ("Dataset:", Invalid),
        ("Dataset:a/b/c", Invalid),
        ("Screen:S/T", Invalid),
        ("Worms/Larvae", Conflict),
        ("Nowhere/Wings", TargetNotFound),
        ("Project:Flies/Embryos", Invalid),
        ("Flies", Invalid),
        ("a/b/c", Invalid),
        ("10:30", Invalid),
    ],
)
async def test_refused(shelf: ServerClient, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await find_target(shelf, text, create=False)


async def test_an_ambiguous_name_is_refused_with_the_choices(shelf: ServerClient) -> None:
    with pytest.raises(Conflict) as refused:
        await find_target(shelf, "Worms/Larvae", create=True)
    assert "Dataset:13 (of alice, group lab), Dataset:14" in str(refused.value.message)


async def test_nothing_is_made_where_several_projects_have_the_name(
    shelf: ServerClient,
) -> None:
    with pytest.raises(TargetNotFound, match="no Dataset 'Eggs'"):
        await find_target(shelf, "Worms/Eggs", create=False)
    with pytest.raises(Conflict, match=r"Project:12 \(of bob, group guests\), Project:16"):
        await find_target(shelf, "Worms/Eggs", create=True)


async def test_a_group_chooses_among_names_and_is_where_targets_are_made(
    shelf: ServerClient,
) -> None:
    async def found(text: str, *, create: bool = False) -> Container:
        return await find_target(shelf, text, create=create, group="guests")

    with pytest.raises(TargetNotFound, match="in the group 'guests'"):
        await found("Dataset:Loose")
    assert (await found("Dataset:Loose", create=True)).group_id == 2
    made = await found("Mice/Brains", create=True)
    assert made.parent is not None
    assert (await shelf.container(made.parent)).group_id == 2
    with pytest.raises(Invalid, match="not in the group 'guests'"):
        await found("Dataset:3", create=True)
    with pytest.raises(Invalid, match="Yours are: 'lab', 'guests'"):
        await find_target(shelf, "Dataset:3", create=False, group="Lab")
