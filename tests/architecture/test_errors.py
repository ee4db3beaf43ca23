"""Every error can be shown to a person and recognised by a program."""

from __future__ import annotations

import re

import pytest

from transferapp import error_codes, errors
from transferapp.protocol import problems

CLASSES = sorted(error_codes.all_errors().values(), key=lambda cls: cls.code)


def subclasses(cls: type[errors.TransferAppError]) -> list[type[errors.TransferAppError]]:
    return [cls, *(deeper for child in cls.__subclasses__() for deeper in subclasses(child))]


def test_codes_are_unique() -> None:
    assert len(CLASSES) == len(set(subclasses(errors.TransferAppError)))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.code)
def test_error_is_complete(cls: type[errors.TransferAppError]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", cls.code)
    assert cls.title
    assert not cls.title.endswith(".")
    assert cls.default_message.endswith(".")
    assert cls.__doc__
    assert cls.__name__ in str(errors.__doc__)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.code)
def test_error_survives_the_wire(cls: type[errors.TransferAppError]) -> None:
    problem = problems.to_problem(cls("the sentence", retry_after_s=3.5))
    again = problems.from_problem(
        problems.Problem.model_validate_json(problem.model_dump_json())
    )
    assert type(again) is cls
    assert (again.message, again.retry_after_s) == ("the sentence", 3.5)
    assert 400 <= problem.status < 600
