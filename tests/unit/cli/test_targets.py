"""What ``--to`` names is found, made, or refused in plain words."""

from __future__ import annotations

from typing import Any, cast

import pytest

from transferapp.cli.targets import find_target
from transferapp.client.server import ServerClient
from transferapp.errors import Conflict, Invalid, TargetNotFound
from transferapp.model.containers import Container, ContainerKind, ContainerRef

PROJECT = ContainerRef(ContainerKind.PROJECT, 1)


class Shelf:
    """A server's containers in memory."""

    def __init__(self) -> None:
        self.all = [
            Container(PROJECT, "Flies", "alice", 0),
            self.dataset(2, "Embryos", PROJECT),
            self.dataset(3, "Loose"),
            self.dataset(4, "Twice"),
            self.dataset(5, "Twice"),
        ]

    @staticmethod
    def dataset(number: int, name: str, parent: ContainerRef | None = None) -> Container:
        ref = ContainerRef(ContainerKind.DATASET, number)
        return Container(ref, name, "alice", 0, parent=parent)

    async def containers(
        self, parent: ContainerRef | None = None, *, kind: ContainerKind | None = None
    ) -> list[Container]:
        return [
            c for c in self.all if c.parent == parent and (kind is None or c.ref.kind is kind)
        ]

    async def container(self, ref: ContainerRef) -> Container:
        return next(c for c in self.all if c.ref == ref)

    async def create_container(
        self, kind: ContainerKind, name: str, *, parent: ContainerRef | None = None, **_: Any
    ) -> Container:
        made = Container(
            ContainerRef(kind, 100 + len(self.all)), name, "alice", 0, parent=parent
        )
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
    ],
)
async def test_found(shelf: ServerClient, text: str, number: int) -> None:
    assert (await find_target(shelf, text, create=False)).ref.id == number


async def test_made_with_its_project_when_wished(shelf: ServerClient) -> None:
    made = await find_target(shelf, "Dataset:Mice/Brains", create=True)
    assert made.name == "Brains"
    assert made.parent is not None
    again = await find_target(shelf, "Dataset:Mice/Brains", create=True)
    assert again.ref == made.ref


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Dataset:Nowhere", TargetNotFound),
        ("Dataset:Twice", Conflict),
        ("Project:Flies", Invalid),
        ("Dataset:", Invalid),
        ("Dataset:a/b/c", Invalid),
        ("Screen:S/T", Invalid),
    ],
)
async def test_refused(shelf: ServerClient, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await find_target(shelf, text, create=False)
