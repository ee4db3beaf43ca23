"""What ``receipt`` tells a person; ``verify`` and ``new-key`` need no server."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.support.made_receipts import AT, made_receipt
from transferapp.cli.main import app
from transferapp.cli.output import ExitCode
from transferapp.cli.receipt_texts import (
    checked_text,
    compared_text,
    coverage_lines,
    statement,
)
from transferapp.client.covered_folders import MOST_NAMED, FolderCoverage, UncoveredFile
from transferapp.client.receipt_compare import ComparedFile, Found
from transferapp.client.receipt_files import ReceiptOnDisk
from transferapp.protocol.receipts import FileHolding, Holding
from transferapp.receipts.document import Receipt, ReceiptItem, ReceiptOrigin
from transferapp.receipts.known_keys import KnownKey, KnownKeys
from transferapp.receipts.signing import key_set, new_key, sign

KEY = new_key()
CONTENTS = {"day 3/a.tif": b"one", "day 3/b.tif": b"three"}


def rows(stated: Receipt) -> dict[str, str]:
    return dict(statement(ReceiptOnDisk(Path("r"), b"", stated, KnownKey(KEY, "https://a"))))


def test_what_a_receipt_of_an_import_states() -> None:
    origin = ReceiptOrigin(workstation="scope-3", folders=("/data/day 3",))
    found = rows(
        made_receipt(CONTENTS, origin=origin, asked_by="eve", items_missing=2, left_out_files=1)
    )
    assert found == {
        "Signature": f"good; key {KEY.kid} of https://a",
        "Transfer": f"import 'day 3' ({'1' * 32})",
        "Of": "ada, asked for by eve",
        "Asked for": "2026-12-01 09:30:00 UTC",
        "From": "scope-3: /data/day 3",
        "To": "local: 'Kidney' (Dataset:5)",
        "Verified": "2 files, 8 Bytes",
        "Between": "2026-12-01 09:30:00 and 09:30:00 UTC",
        "By": "TransferApp 1.2.3",
        "Not in it": "2 items that were not verified",
        "Left out": "1 file of what was dropped",
    }


def test_what_one_of_an_export_states_and_one_of_long_ago() -> None:
    exported = rows(made_receipt(CONTENTS, kind="export", form="originals"))
    assert (exported["From"], exported["To"]) == (
        "local",
        "the folder of the export, as originals",
    )
    (item,) = made_receipt(CONTENTS).items
    old = item.model_copy(update={"verified_at": None, "verified_by": ""})
    found = rows(made_receipt(CONTENTS, items=(old,)))
    assert found["From"] == "a workstation that did not say where"
    assert "Between" not in found
    assert "By" not in found


def test_one_that_took_days() -> None:
    (item,) = made_receipt(CONTENTS).items
    later: ReceiptItem = item.model_copy(update={"verified_at": AT + timedelta(days=2)})
    found = rows(made_receipt(CONTENTS, items=(item, later)))
    assert found["Between"] == "2026-12-01 09:30:00 and 2026-12-03 09:30:00 UTC"


def test_what_was_compared_and_checked() -> None:
    compared = [ComparedFile("a", "/a", Found.SAME)]
    assert compared_text(compared) == "All 1 file on this computer are as the receipt says."
    compared += [
        ComparedFile("b", "", Found.MISSING),
        ComparedFile("c", "/c", Found.UNREADABLE),
        ComparedFile("d", "/d", Found.DIFFERS),
    ]
    assert compared_text(compared) == (
        "Of 4 files: 1 as the receipt says, 1 different, 1 missing, 1 unreadable."
    )
    held = [FileHolding(item_id="i", path=str(n), holding=h) for n, h in enumerate(Holding)]
    assert checked_text(held, deep=False) == (
        "Of 4 files: 1 held, 1 different, 1 gone, 1 not to be told without --deep. By its own"
        " records; --deep reads every byte."
    )
    assert checked_text(held[:1], deep=True).startswith("The repository holds all 1 file.")


def test_what_is_covered() -> None:
    whole = FolderCoverage("/data", True, 3, 2_000_000, 1, (), 0, ())
    assert coverage_lines(whole) == [
        "/data: covered. The repository holds all 3 files (2.0 MB). 1 file ignored by name."
    ]
    named = (UncoveredFile("/data/a", "No receipt has these bytes."),)
    part = FolderCoverage("/data", False, 50, 10, 0, ("/data/b",), MOST_NAMED + 5, named)
    assert coverage_lines(part) == [
        "/data: not covered. Of 50 files (10 Bytes), at least 25 may exist nowhere else.",
        "  /data/a: No receipt has these bytes.",
        "  ... and 5 more.",
        "  Covered in it: /data/b",
    ]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["receipt", *arguments])


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    for path, content in CONTENTS.items():
        place = tmp_path / path
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
    receipt = tmp_path / "r.jws"
    receipt.write_bytes(sign(made_receipt(CONTENTS), KEY))
    return receipt


def test_verify_with_keys_that_are_known_here(saved: Path, tmp_path: Path) -> None:
    unknown = run("verify", str(saved))
    assert (unknown.exit_code, "Nothing is proven" in unknown.stderr) == (1, True)
    KnownKeys().keep("https://a", [KEY])
    good = run("verify", str(saved), "--files", str(tmp_path))
    assert good.exit_code == ExitCode.DONE, good.output
    assert "of https://a" in good.stdout
    (tmp_path / "day 3" / "a.tif").write_bytes(b"onE")
    bad = run("verify", str(saved), "--files", str(tmp_path))
    assert bad.exit_code == ExitCode.SOME_FAILED
    assert "'day 3/a.tif' has other bytes" in bad.stderr
    no_folder = run("verify", str(saved), "--files", str(saved))
    assert (no_folder.exit_code, "is no folder" in no_folder.stderr) == (1, True)


def test_verify_with_keys_that_are_given(saved: Path, tmp_path: Path) -> None:
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps(key_set([KEY])))
    found = run("verify", str(saved), "--keys", str(keys), "--json")
    assert json.loads(found.stdout)["key"] == {"id": KEY.kid, "whose": str(keys)}
    saved.write_bytes(saved.read_bytes()[:-20])
    damaged = run("verify", str(saved), "--keys", str(keys), "--json")
    assert (damaged.exit_code, json.loads(damaged.stdout)["code"]) == (1, "damaged-receipt")
    missing = run("verify", str(tmp_path / "none"), "--json")
    assert json.loads(missing.stdout)["code"] == "invalid"


def test_what_needs_a_server_asks_to_sign_in(saved: Path, tmp_path: Path) -> None:
    for asked in (("check", str(saved)), ("covered", str(tmp_path)), ("save", "1" * 32)):
        answer = run(*asked)
        assert answer.exit_code == ExitCode.DENIED, answer.output
        assert "Nobody is signed in" in answer.stderr
