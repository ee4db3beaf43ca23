"""The sandbox hashes as OMERO does: names, byte order, and Murmur3 as Guava writes it."""

from __future__ import annotations

import pytest

from transferapp.sandbox.omero_sandbox.hashers import HASHERS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SHA1-160", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("MD5-128", "900150983cd24fb0d6963f7d28e17f72"),
        ("Murmur3-128", "6778ad3f3f3f96b4522dca264174a23b"),
        ("Murmur3-32", "fa93ddb3"),
        ("CRC-32", "c2412435"),
        ("Adler-32", "27014d02"),
        ("File-Size-64", "0300000000000000"),
    ],
)
def test_known_checksums(name: str, expected: str) -> None:
    hasher = HASHERS[name]()
    hasher.update(b"abc")
    assert hasher.hexdigest() == expected


@pytest.mark.parametrize("name", list(HASHERS))
def test_pieces_do_not_matter(name: str) -> None:
    data = bytes(range(256)) * 3 + b"tail"
    whole, pieces = HASHERS[name](), HASHERS[name]()
    whole.update(data)
    for at in range(0, len(data), 7):
        pieces.update(data[at : at + 7])
    assert whole.hexdigest() == pieces.hexdigest()
