"""Outside of tests a password is hashed at the full price (see tests/conftest.py)."""

from __future__ import annotations

import subprocess
import sys

import argon2

MADE = """
from transferapp.repositories.local.accounts.people import hash_password
print(hash_password("microscope"))
"""


def test_a_password_costs_what_the_library_recommends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MADE], capture_output=True, text=True, check=True
    )
    found = argon2.extract_parameters(done.stdout.strip())
    assert found == argon2.profiles.RFC_9106_LOW_MEMORY
