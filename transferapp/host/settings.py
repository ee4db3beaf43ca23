"""Settings from environment variables and files, and what is said when one is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
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
            first = error.errors()[0]
            name = "_".join(str(part) for part in first["loc"])
            # pydantic puts this before what a check of ours says.
            text = first["msg"].removeprefix("Value error, ").rstrip(".")
            reported = config_file.origin(name, self.model_config.get("env_prefix", ""))
            raise SettingsInvalid(f"{reported}: {text}.") from error

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
        return (init_settings, env_settings, *files)


class _FileSource(TomlConfigSettingsSource):
    """One file's settings of one class, each of its type already in the file."""

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
            if text := _type_fault(kind.model_fields[key], value):
                reported = f"{file_path}: '{config_file.dotted(prefix, key)}'"
                raise SettingsInvalid(f"{reported}: {text}.")
        return mine


def _type_fault(field: FieldInfo, value: Any) -> str:
    """Say why a value is not of a setting's type, as strictly as JSON has types: "8470" is
    no number and true is no 1, which pydantic takes from the environment.
    """
    kind: Any = field.annotation
    adapter: TypeAdapter[Any] = TypeAdapter(
        Annotated[(kind, *field.metadata)] if field.metadata else kind
    )
    try:
        adapter.validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        return error.errors()[0]["msg"].rstrip(".")
    except TypeError:
        return "A setting is no date or time"
    return ""
