"""Names of a manifest: what can be stored passes, what cannot is said in words."""

from __future__ import annotations

import pytest

from transferapp.errors import Invalid, NameNotAllowed
from transferapp.model.attachments import MOST_ATTACHED_BYTES, MOST_ATTACHMENTS
from transferapp.model.transfers import ItemRole
from transferapp.operations.manifest import check_path, check_title, planned_items
from transferapp.protocol import messages
from transferapp.protocol.messages import ImportRequest, NewFile, NewItem


def request(*paths: str, name: str = "n") -> ImportRequest:
    files = [NewFile(client_path=path, size_bytes=1) for path in paths]
    return ImportRequest(name=name, target="Dataset:1", items=[NewItem(name="i", files=files)])


@pytest.mark.parametrize(
    "path",
    [
        "a.tif",
        "a/b/c.ome.tiff",
        "..a/b..",
        "...",
        "🔬/日本語/Zürich.czi",
        "a\\b",
        " leading and trailing ",
        "new\nline",
        "é" * 127,
        "/".join(["d" * 250] * 16),
    ],
)
def test_names_that_can_be_stored(path: str) -> None:
    check_path(path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "empty part"),
        ("/a", "imported folder"),
        ("C:/a", "imported folder"),
        ("c:\\a", "imported folder"),
        ("a/../b", r"'\.\.'"),
        ("..", r"'\.\.'"),
        ("a/./b", "'.'"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("a\x00b", "cannot be stored"),
        ("a\ud800b", "cannot be stored"),
        ("n" * 256, "255 bytes"),
        ("é" * 128, "255 bytes"),
        ("/".join(["d" * 200] * 25), "4096 bytes"),
    ],
)
def test_names_that_cannot(path: str, reason: str) -> None:
    with pytest.raises(NameNotAllowed, match=reason) as refused:
        check_path(path)
    assert refused.value.message.isprintable()
    assert refused.value.message.endswith("Rename it, then try again.")
    assert len(refused.value.message) < 400


def test_titles() -> None:
    check_title("Cells 🔬 / day 1")
    with pytest.raises(NameNotAllowed):
        check_title("a\x00")


def test_items_are_planned_in_order() -> None:
    (item,) = planned_items(request("b", "a/c", "a"))
    assert [file.client_path for file in item.files] == ["b", "a/c", "a"]


def test_a_path_can_be_there_once() -> None:
    with pytest.raises(Invalid, match="twice"):
        planned_items(request("a", "b", "a"))


def with_attachments(*sizes: int) -> ImportRequest:
    files = [NewFile(client_path=f"notes/{n}", size_bytes=s) for n, s in enumerate(sizes)]
    return request("a.tif").model_copy(update={"attachments": files})


def test_files_to_attach_are_the_last_item() -> None:
    fileset, attached = planned_items(with_attachments(3, 0))
    assert (fileset.role, attached.role) == (ItemRole.FILESET, ItemRole.ATTACHMENTS)
    assert [file.client_path for file in attached.files] == ["notes/0", "notes/1"]
    wrong = [NewFile(client_path="../up", size_bytes=1)]
    with pytest.raises(NameNotAllowed):
        planned_items(request("a").model_copy(update={"attachments": wrong}))


def test_attachments_have_a_limit_in_count_and_bytes() -> None:
    planned_items(with_attachments(*[0] * MOST_ATTACHMENTS))
    planned_items(with_attachments(MOST_ATTACHED_BYTES))
    with pytest.raises(Invalid, match="These are 501 files, and one import attaches at most"):
        planned_items(with_attachments(*[0] * (MOST_ATTACHMENTS + 1)))
    with pytest.raises(Invalid, match="at most 2 GiB"):
        planned_items(with_attachments(MOST_ATTACHED_BYTES, 1))


def test_a_whole_import_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transferapp.operations.manifest.MAX_FILES_PER_ITEM", 3)
    planned_items(request("a", "b", "c"))
    with pytest.raises(Invalid, match="Import in parts"):
        planned_items(request("a", "b", "c", "d"))
    assert messages.MAX_FILES_PER_ITEM == 200_000


def test_a_path_has_4096_bytes_at_the_most() -> None:
    parts = [*["d" * 255] * 15, "é" * 126 + "d"]
    longest = "/".join([*parts, "dd"])
    assert len(longest.encode()) == 4096
    check_path(longest)
    with pytest.raises(NameNotAllowed, match="longer than 4096 bytes"):
        check_path(longest + "d")


@pytest.mark.parametrize("length", [80, 81, 300])
def test_a_long_name_is_shown_by_its_ends(length: int) -> None:
    name = "/" + "".join(chr(ord("a") + n % 26) for n in range(length - 1))
    with pytest.raises(NameNotAllowed) as refused:
        check_path(name)
    shown = name if length == 80 else f"{name[:40]}...{name[-35:]}"
    assert refused.value.message.startswith(f"'{shown}': ")


def test_what_cannot_be_printed_is_written_out() -> None:
    with pytest.raises(NameNotAllowed, match=r"'a\\x00': the name has a character"):
        check_path("a\x00")
    with pytest.raises(NameNotAllowed, match=r"The name 'a\\udc80' has a character"):
        check_title("a\udc80")
    with pytest.raises(NameNotAllowed, match="'/é': the path must begin"):
        check_path("/é")


def test_names_of_a_request_are_checked_wherever_they_are() -> None:
    with pytest.raises(NameNotAllowed):
        planned_items(request("a", name="a\x00"))
    wrong = NewItem(name="i\x00", files=[NewFile(client_path="a", size_bytes=1)])
    with pytest.raises(NameNotAllowed):
        planned_items(request("b").model_copy(update={"items": [wrong]}))
    with pytest.raises(NameNotAllowed):
        planned_items(request("good", "../bad"))


def test_the_limit_is_of_all_items_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transferapp.operations.manifest.MAX_FILES_PER_ITEM", 3)
    two = request("a", "b").items
    same_names = request("x").model_copy(update={"items": [*two, *request("a").items]})
    assert [len(item.files) for item in planned_items(same_names)] == [2, 1]
    with pytest.raises(Invalid, match="at most 3 files"):
        planned_items(request("x").model_copy(update={"items": [*two, *two]}))
