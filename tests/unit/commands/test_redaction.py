"""Lines of output: complete, without control characters, without secrets."""

from __future__ import annotations

import pytest

from transferapp.commands.redaction import MAX_LINE, OutputCleaner, is_secret_name

SESSION = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
SECRETS = [
    ("token ta1_Abc-123_xyz end", "ta1_Abc"),
    ("joined session " + SESSION, SESSION),
    ("open postgresql://ta:hunter2@db/x", "hunter2"),
    ("password=hunter2", "hunter2"),
    ('{"password": "hunter2"}', "hunter2"),
    ("export AWS_SECRET_ACCESS_KEY=hunter2", "hunter2"),
    ("run --password hunter2 now", "hunter2"),
    ("api_key: hunter2", "hunter2"),
    ("Authorization: Basic aHVudGVyMg==", "aHVudGVyMg"),
    ("curl -H 'Bearer aHVudGVyMg=='", "aHVudGVyMg"),
    ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "eyJhbGciOiJI"),
    ("pass\x1b[0mword=hun\x1b[31mter2", "ter2"),
    ("known: pineapple!", "pineapple"),
]


def cleaned(*pieces: bytes) -> list[str]:
    cleaner = OutputCleaner(["pineapple", "abc"])
    lines = [line for piece in pieces for line in cleaner.feed(piece)]
    return lines + list(cleaner.finish())


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secrets_are_hidden_wherever_a_piece_ends(text: str, secret: str) -> None:
    data = text.encode()
    whole = cleaned(data + b"\nnext\n")
    assert secret not in whole[0]
    assert "[hidden]" in whole[0]
    for cut in range(1, len(data)):
        assert cleaned(data[:cut], data[cut:] + b"\nnext\n") == whole


def test_a_private_key_is_hidden_over_its_lines() -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\nBBBB\n-----END OPENSSH PRIVATE KEY-----"
    assert cleaned(f"before\n{key}\nafter\n".encode()) == ["before", *["[hidden]"] * 4, "after"]


def test_a_key_without_end_hides_not_all_that_follows() -> None:
    lines = cleaned(b"-----BEGIN PRIVATE KEY-----\n" + b"line\n" * 500)
    assert lines[150] == "[hidden]"
    assert lines[-1] == "line"


@pytest.mark.parametrize("text", ["3 tokens left", "abc", "the basic idea", "http://host:80/x"])
def test_ordinary_words_stay(text: str) -> None:
    assert cleaned(text.encode()) == [text]


def test_line_ends_of_all_kinds() -> None:
    assert cleaned(b"a\r", b"\nb\r", b"c\n", b"\n", b"d") == ["a", "b", "c", "", "d"]
    assert cleaned(b"10 %\r20 %\r", b"30 %\r\n") == ["10 %", "20 %", "30 %"]
    assert cleaned(b"last\r") == ["last"]


def test_control_characters_and_bad_bytes() -> None:
    assert cleaned(b"\x1b[31mred\x1b[0m\x00\x07 \xff\tx\n") == ["red \ufffd\tx"]
    assert cleaned(b"\x1b]0;title\x07text\xc2\x9b\n") == ["text"]


def test_a_character_in_two_pieces_is_one() -> None:
    assert cleaned(b"\xe2\x82", b"\xac\n") == ["\u20ac"]


def test_a_long_line_is_cut_between_words_and_held_in_no_memory() -> None:
    cleaner = OutputCleaner()
    word = b"word " * (MAX_LINE // 5)
    start = word[: MAX_LINE - 20] + b" " + SESSION.encode()
    lines = list(cleaner.feed(start + b"tail " * 100))
    assert len(lines) == 1
    assert lines[0].endswith("word [this line is longer; its rest is left out]")
    assert SESSION[:8] not in lines[0]
    for _ in range(100):
        assert list(cleaner.feed(b"x" * 65536)) == []
        assert len(cleaner._rest) <= 1
    assert list(cleaner.feed(b"\nnext\n")) == ["next"]


def test_names_that_hold_secrets() -> None:
    for name in ("LAB_TOKEN", "DB_PASSWORD", "apikey", "SSH_KEY", "SESSION_ID", "OAUTH"):
        assert is_secret_name(name)
    for name in ("PATH", "LAB_SHARE", "LANG", "KEYBOARD"):
        assert not is_secret_name(name)
