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
def test_ordinary_text_stay(text: str) -> None:
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


def test_a_long_line_is_cut_between_text_and_held_in_no_memory() -> None:
    cleaner = OutputCleaner()
    text = b"word " * (MAX_LINE // 5)
    start = text[: MAX_LINE - 20] + b" " + SESSION.encode()
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


CUT = " [this line is longer; its rest is left out]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("--password hunter2 now", "--password [hidden] now"),
        ("api-key = 'hunter 2'", "api-key = [hidden]"),
        ("pwd=hunter2 x", "pwd=[hidden] x"),
        ("BASIC aHVudGVyMg== x", "BASIC [hidden] x"),
        (f"in {SESSION} now", "in [hidden] now"),
    ],
)
def test_what_the_secret_is_called_stays(text: str, shown: str) -> None:
    assert cleaned(text.encode()) == [shown]


def test_known_secrets_have_four_characters_and_the_longest_goes_first() -> None:
    cleaner = OutputCleaner(["abc", "abcd", "pine", "pineapple\nsecond line"])
    assert list(cleaner.feed(b"abc abcd pineapple second line second\n")) == [
        "abc [hidden] [hidden] [hidden] second"
    ]


def test_a_line_of_the_greatest_length_is_whole() -> None:
    line = b"x" * MAX_LINE
    assert MAX_LINE == 16384
    for pieces in ([line + b"\n"], [line, b"\n"], [line]):
        assert cleaned(*pieces) == [line.decode()]
    assert cleaned(line, b"y\n") == ["x" * (MAX_LINE - 512) + CUT]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_without_text_is_cut_where_no_half_secret_can_be(end: bytes) -> None:
    shown = "x" * (MAX_LINE - 512) + CUT
    assert cleaned(b"x" * (MAX_LINE + 1) + end) == [shown]
    assert cleaned(b"x" * (MAX_LINE + 1), end) == [shown]
    secret = "s" * 600
    cleaner = OutputCleaner([secret])
    line = b"x" * (MAX_LINE - 300) + secret.encode()
    assert list(cleaner.feed(line)) == ["x" * (MAX_LINE - 600) + CUT]


@pytest.mark.parametrize("between", [" ", "\t"])
def test_a_long_line_ends_with_its_last_whole_text(between: str) -> None:
    start = "x" * (MAX_LINE - 10) + between
    (shown,) = OutputCleaner().feed(f"{start}half-a-secret".encode())
    assert shown == start[:-1] + CUT


def test_what_follows_a_line_that_was_cut_is_a_line_of_its_own() -> None:
    cleaner = OutputCleaner()
    assert len(list(cleaner.feed(b"x" * (MAX_LINE + 1) + b"\r"))) == 1
    assert len(cleaner._rest) == 1, "half a line end"
    assert list(cleaner.feed(b"\nnext\n")) == ["next"]
    assert list(cleaner.finish()) == []
    assert len(list(cleaner.feed(b"x" * (MAX_LINE + 1)))) == 1
    assert list(cleaner.finish()) == [], "it was shown"


def test_a_key_without_end_hides_two_hundred_lines() -> None:
    lines = cleaned(b"-----BEGIN RSA PRIVATE KEY-----\n" + b"line\n" * 300)
    assert lines == ["[hidden]"] * 200 + ["line"] * 101


def test_a_key_on_one_line_hides_that_line() -> None:
    key = "-----BEGIN PRIVATE KEY----- AAAA -----END PRIVATE KEY-----"
    assert cleaned(f"{key}\nafter\n".encode()) == ["[hidden]", "after"]
