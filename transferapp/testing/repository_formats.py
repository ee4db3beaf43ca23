"""Conformance of image repositories: what they say that they read."""

from __future__ import annotations

from transferapp.testing.repository_env import RepositoryEnv, Sample


class FormatSuite:
    """The answer of ``GET /v1/formats``."""

    async def test_it_reads_what_it_imports(self, env: RepositoryEnv) -> None:
        formats = await env.repository.formats()
        for sample in filter(None, (env.single, env.several, env.plate)):
            assert list(formats.of_name(_opened(sample))), f"{_opened(sample)} is not read"

    async def test_it_states_whose_answer_it_is(self, env: RepositoryEnv) -> None:
        formats = await env.repository.formats()
        assert formats.repository
        assert formats.whose.startswith(formats.repository)

    async def test_suffixes_and_bytes_can_be_compared(self, env: RepositoryEnv) -> None:
        for one in (await env.repository.formats()).formats:
            assert one.name
            assert all(suffix.startswith(".") for suffix in one.suffixes)
            assert all(suffix == suffix.lower() for suffix in one.suffixes)
            assert all(bytes.fromhex(rule.hex) for rule in one.first_bytes)
            assert one.suffixes or not one.suffix_needed


def _opened(sample: Sample) -> str:
    """Return the name that tells the format: of an OME-Zarr it is the folder's."""
    parts = sample.client_paths[0].split("/")
    return next((part for part in parts if part.endswith(".zarr")), parts[-1])
