"""The written form of a container is read exactly."""

from __future__ import annotations

import pytest

from transferapp.errors import Invalid
from transferapp.model.containers import ContainerKind, ContainerRef


@pytest.mark.parametrize("text", ["Dataset:12", "dataset:12", "DATASET:12"])
def test_read(text: str) -> None:
    assert ContainerRef.parse(text) == ContainerRef(ContainerKind.DATASET, 12)


@pytest.mark.parametrize(
    "number",
    ["", " 12", "1_2", "+12", "-1", "012", "²", "١٢", "12 ", "1e3", str(1 << 63), "9" * 5000],
)
def test_refused(number: str) -> None:
    with pytest.raises(Invalid, match="Write it like Dataset:12"):
        ContainerRef.parse(f"Dataset:{number}")


@pytest.mark.parametrize("text", ["", "12", "Shelf:12", ":12", "Dataset"])
def test_no_kind(text: str) -> None:
    with pytest.raises(Invalid):
        ContainerRef.parse(text)


def test_the_largest_id() -> None:
    assert ContainerRef.parse(f"Screen:{(1 << 63) - 1}").id == (1 << 63) - 1
