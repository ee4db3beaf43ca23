"""Which licences a deposit takes."""

from __future__ import annotations

import pytest

from transferapp.deposit.licences import licence_address
from transferapp.errors import Invalid


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("CC-BY-4.0", "https://spdx.org/licenses/CC-BY-4.0"),
        (" cc0-1.0 ", "https://spdx.org/licenses/CC0-1.0"),
        ("https://example.org/terms?v=2", "https://example.org/terms?v=2"),
    ],
)
def test_addresses_and_identifiers(text: str, address: str) -> None:
    assert licence_address(text) == address


@pytest.mark.parametrize(
    "text", ["free", "CC-BY", "ftp://x/y", "http://", "https://a b", "file:///etc", "http://[x"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="Write its address"):
        licence_address(text)
