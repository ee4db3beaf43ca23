"""A receipt is as it was signed, or it is refused; which key signed it is named."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey
from pydantic import ValidationError

from transferapp.errors import DamagedReceipt, Invalid, ReceiptKeyUnknown, SettingsInvalid
from transferapp.receipts.document import (
    LARGEST,
    Receipt,
    ReceiptFile,
    ReceiptItem,
    ReceiptOrigin,
)
from transferapp.receipts.key_file import change_key, read_keys
from transferapp.receipts.known_keys import KnownKeys, keys_in_file
from transferapp.receipts.signing import (
    key_of,
    key_set,
    keys_of_set,
    new_key,
    public_jwk,
    sign,
    verify,
)

AT = datetime(2026, 12, 1, 9, 30, 5, 250, tzinfo=UTC)
KEY = new_key()
RECEIPT = Receipt(
    transfer_id="ab12",
    kind="import",
    name="Cells 🔬",
    repository="local",
    owner="ada",
    origin=ReceiptOrigin(workstation="scope-3", folders=("/data/day 3",)),
    target="Dataset:5",
    target_name="Kidney",
    asked_at=AT,
    items=(
        ReceiptItem(
            id="cd34",
            name="field 1",
            role="fileset",
            image_ids=(7, 8),
            fileset_id=3,
            verified_at=AT,
            verified_by="1.2.3",
            files=(
                ReceiptFile(path="day 3/a.tif", size_bytes=5, sha1="a" * 40, repository_id=9),
            ),
        ),
    ),
)
SIGNED = sign(RECEIPT, KEY)


def public(key: OKPKey) -> OKPKey:
    return key_of(public_jwk(key))


def test_it_says_what_was_signed_and_by_which_key() -> None:
    found = verify(SIGNED, [public(new_key()), public(KEY)])
    assert (found.receipt, found.key_id) == (RECEIPT, KEY.kid)
    assert KEY.kid == KEY.thumbprint()
    assert found.receipt.files[0].path == "day 3/a.tif"


def test_the_same_receipt_has_the_same_bytes() -> None:
    assert sign(Receipt.of_bytes(RECEIPT.to_bytes()), KEY) == SIGNED
    assert SIGNED.count(b"\n") == 1


@pytest.mark.parametrize("change", [1, 31], ids=["next", "other"])
def test_no_character_of_it_can_be_another(change: int) -> None:
    """Also the last one of each part, some bits of which carry nothing."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    line = SIGNED.rstrip(b"\n")
    passed = []
    for place, old in enumerate(line):
        new = alphabet[(alphabet.index(old) + change) % len(alphabet)]
        changed = line[:place] + bytes([new]) + line[place + 1 :]
        try:
            verify(changed, [public(KEY)])
        except (DamagedReceipt, ReceiptKeyUnknown):
            continue
        passed.append(place)
    assert passed == []


def test_what_is_cut_short_or_longer_is_refused() -> None:
    for end in range(len(SIGNED) - 1):
        with pytest.raises(DamagedReceipt):
            verify(SIGNED[:end], [public(KEY)])
    for more in (b"\n", b" ", b"A", b"=", b".", b"\0"):
        with pytest.raises(DamagedReceipt):
            verify(SIGNED + more, [public(KEY)])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(content: bytes) -> None:
    with pytest.raises(DamagedReceipt):
        verify(content, [public(KEY)])


def test_another_key_does_not_fit_and_an_unknown_one_proves_nothing() -> None:
    other = new_key()
    header, payload, _ = SIGNED.rstrip(b"\n").split(b".")
    forged = sign(RECEIPT, other).rstrip(b"\n").split(b".")[2]
    with pytest.raises(DamagedReceipt, match="signature does not fit"):
        verify(b".".join((header, payload, forged)), [public(KEY)])
    with pytest.raises(ReceiptKeyUnknown, match=f"Nothing is proven.*{KEY.kid}"):
        verify(SIGNED, [public(other)])
    with pytest.raises(ReceiptKeyUnknown):
        verify(SIGNED, [])


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "typ": "transferapp-receipt+jws"},
        {"alg": "HS256", "typ": "transferapp-receipt+jws"},
        {"alg": "Ed25519", "typ": "JWT"},
        {"alg": "Ed25519"},
        {"alg": "Ed25519", "typ": "transferapp-receipt+jws", "crit": ["b64"], "b64": False},
    ],
    ids=["none", "hmac", "other type", "no type", "extension"],
)
def test_no_other_algorithm_or_document(header: dict[str, object]) -> None:
    """An HMAC with the public key as its secret is the known trick."""
    stated = json.dumps({**header, "kid": KEY.kid}).encode()
    if header["alg"] == "HS256":
        secret = OctKey.import_key(public_jwk(KEY)["x"])
        made = jws.serialize_compact({**header, "kid": KEY.kid}, RECEIPT.to_bytes(), secret)
    else:
        parts = [stated, RECEIPT.to_bytes(), b"\0" * 64]
        made = ".".join(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parts)
    with pytest.raises(DamagedReceipt):
        verify(made.encode(), [public(KEY)])


def test_a_signed_text_that_is_no_receipt() -> None:
    """Or one of a later version: what it means is not guessed."""
    header = {"alg": "Ed25519", "kid": KEY.kid, "typ": "transferapp-receipt+jws"}
    later = RECEIPT.model_dump(mode="json") | {"version": 2}
    for payload in (b"hello", json.dumps(later).encode()):
        made = jws.serialize_compact(header, payload, KEY, ["Ed25519"])
        with pytest.raises(DamagedReceipt, match="later version"):
            verify(made.encode(), [public(KEY)])


def test_a_huge_one_is_not_read() -> None:
    with pytest.raises(DamagedReceipt, match="at most"):
        verify(b"A" * (LARGEST + 1), [public(KEY)])


def test_one_of_many_files_is_read() -> None:
    files = tuple(
        ReceiptFile(path=f"day/{n:06}.tif", size_bytes=n, sha1=f"{n:040x}")
        for n in range(50_000)
    )
    item = RECEIPT.items[0].model_copy(update={"files": files})
    large = RECEIPT.model_copy(update={"items": (item,)})
    assert verify(sign(large, KEY), [public(KEY)]).receipt.files == files


def test_times_are_utc() -> None:
    east = AT.astimezone(timezone(timedelta(hours=2)))
    for time in (east, AT.replace(tzinfo=None)):
        with pytest.raises(ValidationError):
            Receipt.model_validate(RECEIPT.model_dump() | {"asked_at": time})


def test_a_key_set_holds_nothing_private() -> None:
    found = json.loads(json.dumps(key_set([KEY])))
    assert found == {"keys": [public_jwk(KEY)]}
    assert "d" not in found["keys"][0]
    (key,) = keys_of_set({"keys": [KEY.as_dict(private=True)]})
    assert (key.kid, key.is_private) == (KEY.kid, False)


@pytest.mark.parametrize(
    "found",
    [
        [],
        {},
        {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]},
        {"keys": [{"kty": "OKP", "crv": "X25519", "x": public_jwk(KEY)["x"]}]},
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]},
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": 5}]},
        {"keys": ["x"]},
    ],
)
def test_a_set_of_other_keys_is_refused(found: object) -> None:
    with pytest.raises(Invalid):
        keys_of_set(found)


def test_a_key_is_named_by_its_thumbprint_whatever_is_said() -> None:
    assert key_of(public_jwk(KEY) | {"kid": "mine"}).kid == KEY.thumbprint()


class TestServersKeys:
    """The file in the server's data."""

    def test_it_is_made_once_and_private(self, tmp_path: Path) -> None:
        path = tmp_path / "receipt.keys"
        (first,) = read_keys(path)
        assert first.is_private
        assert path.stat().st_mode & 0o777 == 0o600
        assert [key.kid for key in read_keys(path)] == [first.kid]
        assert [one.name for one in tmp_path.iterdir()] == ["receipt.keys"]

    def test_a_change_keeps_what_others_check_with(self, tmp_path: Path) -> None:
        path = tmp_path / "receipt.keys"
        (first,) = read_keys(path)
        signed = sign(RECEIPT, first)
        new_id = change_key(path)
        old, new = read_keys(path)
        assert (old.kid, new.kid) == (first.kid, new_id)
        assert (old.is_private, new.is_private) == (False, True)
        assert str(first.as_dict(private=True)["d"]) not in path.read_text()
        assert path.stat().st_mode & 0o777 == 0o600
        assert verify(signed, keys_of_set(key_set([old, new]))).key_id == first.kid

    @pytest.mark.parametrize("text", ["hello\n", "[]\n", '{"kty": "RSA"}\n'])
    def test_a_damaged_file_is_told_of(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "receipt.keys"
        path.touch(0o600)
        path.write_text(text)
        with pytest.raises(SettingsInvalid, match="backup"):
            read_keys(path)

    def test_one_that_cannot_sign_or_that_others_read(self, tmp_path: Path) -> None:
        path = tmp_path / "receipt.keys"
        path.touch(0o600)
        path.write_text(json.dumps(public_jwk(KEY)))
        with pytest.raises(SettingsInvalid, match="not private"):
            read_keys(path)
        path.chmod(0o640)
        with pytest.raises(SettingsInvalid, match="chmod 600"):
            read_keys(path)


class TestKnownKeys:
    """What a workstation keeps of servers."""

    def test_they_are_added_to_and_never_replaced(self, tmp_path: Path) -> None:
        known, later = KnownKeys(tmp_path / "keys"), new_key()
        assert known.all() == []
        known.keep("https://a", [KEY])
        known.keep("https://a", [later])
        known.keep("https://b", [later])
        found = {(one.id, one.whose) for one in known.all()}
        assert found == {
            (KEY.kid, "https://a"),
            (later.kid, "https://a"),
            (later.kid, "https://b"),
        }
        assert not any(one.key.is_private for one in known.all())

    def test_a_damaged_file_hides_no_other(self, tmp_path: Path) -> None:
        known = KnownKeys(tmp_path)
        known.keep("https://a", [KEY])
        (tmp_path / "x.json").write_text("{")
        assert [one.id for one in known.all()] == [KEY.kid]

    def test_a_given_file(self, tmp_path: Path) -> None:
        path = tmp_path / "jwks.json"
        path.write_text(json.dumps(key_set([KEY])))
        assert [(one.id, one.whose) for one in keys_in_file(path)] == [(KEY.kid, str(path))]
        for text in ("[", "[" * 100_000, "{}"):
            path.write_text(text)
            with pytest.raises(SettingsInvalid, match="jwks"):
                keys_in_file(path)
        with pytest.raises(SettingsInvalid, match="No such file"):
            keys_in_file(tmp_path / "none.json")
