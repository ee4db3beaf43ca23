"""Settings from environment variables and files, and what is said when one is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    TomlConfigSettingsSource,
)
from typing_extensions import override

from transferapp.errors import SettingsInvalid
from transferapp.host import config_file


class EnvironmentSettings(BaseSettings):
    """Settings from the environment, then from files (``host.config_file``); errors name the
    variable, or the file and key. A subclass gives its prefix.
    """

    #: Whether it may not do without the computer's file, which not all accounts may read.
    needs_site_file: ClassVar[bool] = False

    def __init__(self, **values: Any) -> None:
        """Read them; raises SettingsInvalid."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            place, *inner = error.errors()[0]["loc"] or ("",)
            reported = config_file.origin(
                str(place), self.model_config.get("env_prefix", ""), inner
            )
            raise SettingsInvalid(f"{reported}: {_text(error)}.") from error

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        files = [_FileSource(cls, path) for path in config_file.config_files()]
        return (init_settings, _Environment(cls), *files)


class _Environment(EnvSettingsSource):
    """The environment, where a table is written as JSON."""

    @override
    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            variable = f"{self.env_prefix}{field_name}".upper()
            raise SettingsInvalid(f'{variable} must be JSON like {{"name": 4}}.') from None


class _FileSource(TomlConfigSettingsSource):
    """One file's settings of one class, each of its kind already in the file."""

    def __init__(self, kind: type[EnvironmentSettings], path: Path) -> None:
        self._kind = kind  # Read by what is called here.
        super().__init__(kind, path)

    @override
    def _read_file(self, file_path: Any) -> dict[str, Any]:
        kind = self._kind
        content = config_file.read_config(file_path, needed=kind.needs_site_file)
        prefix = kind.model_config.get("env_prefix", "")
        found = config_file.table_of(content, prefix)
        mine = {key: value for key, value in found.items() if key in kind.model_fields}
        for key, value in mine.items():
            if error := _fault(kind.model_fields[key], value):
                named = config_file.dotted(prefix, key, error.errors()[0]["loc"])
                raise SettingsInvalid(f"{file_path}: '{named}': {_text(error)}.")
        return mine


def _fault(field: FieldInfo, value: Any) -> ValidationError | None:
    """Return why a value is none that a setting may have, though it is of its kind."""
    kind: Any = field.annotation
    adapter: TypeAdapter[Any] = TypeAdapter(
        Annotated[(kind, *field.metadata)] if field.metadata else kind
    )
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return error
    return None


def _text(error: ValidationError) -> str:
    # pydantic puts this before what a check of ours says.
    return error.errors()[0]["msg"].removeprefix("Value error, ").rstrip(".")
