"""How OMERO names files in its managed repository (setting ``omero.fs.repo.path_rules``).

The server changes what the rules forbid, folder by folder, so that two files of one fileset
can come to the same place. Source: ome/omero-blitz bcd12676, ``FilePathRestrictionInstance``
and ``MakePathComponentSafe``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: What a server has that nobody set up otherwise.
USUAL_RULES = "Windows required,UNIX required"
_SAFE = "_"
_DEVICES = frozenset(
    {
        "AUX", "CLOCK$", "CON", "NUL", "PRN",
        *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)),
    }
)  # fmt: skip
_CONTROL = {chr(number): _SAFE for number in range(0x20)}
_WINDOWS = {
    '"': "'", "*": "x", "/": "!", ":": ";", "<": "[", ">": "]", "?": "%", "\\": "!", "|": "!",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PathRules:
    """What names must not have; rules are added up."""

    replaced: dict[str, str] = field(default_factory=lambda: {**_CONTROL, "/": "!"})
    names: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()

    def safe(self, name: str) -> str:
        """Return what OMERO calls a folder or file of this name."""
        upper, made = name.upper(), name
        if upper in self.names:
            made += _SAFE
        made = _SAFE * sum(upper.startswith(one) for one in self.prefixes) + made
        made += _SAFE * sum(upper.endswith(one) for one in self.suffixes)
        return "".join(self.replaced.get(character, character) for character in made)

    def safe_path(self, path: str) -> str:
        """Return a whole path with every part made safe."""
        return "/".join(self.safe(part) for part in parts_of(path))


def rules_of(stated: str) -> PathRules:
    """Read the setting; raises ValueError for a rule that OMERO does not know."""
    names = rule_names(stated)
    unknown = names - _KNOWN
    if unknown or not names:
        raise ValueError(f"no rules for paths: {stated!r}")
    windows = "windows required" in names
    prefixes = (*(f"{device}." for device in sorted(_DEVICES)), "$") if windows else ()
    # "local" is what the server runs on; this is written for those on Linux.
    if {"unix optional", "local optional"} & names:
        prefixes = (*prefixes, ".", "-")
    return PathRules(
        {**_CONTROL, **(_WINDOWS if windows else {"/": "!"})},
        _DEVICES if windows else frozenset(),
        prefixes,
        (".", " ") if "windows optional" in names else (),
    )


def stated_or_usual(stated: str) -> str:
    """Return a setting, or OMERO's own where it is not known or makes no sense to us."""
    names = rule_names(stated)
    return stated if names and not names - _KNOWN else USUAL_RULES


_KNOWN = frozenset(
    f"{system} {need}"
    for system in ("windows", "unix", "local")
    for need in ("required", "optional")
)


def rule_names(stated: str) -> frozenset[str]:
    """Return the names of the rules in a setting, in any order."""
    return frozenset(one.strip().lower() for one in stated.split(",") if one.strip())


def parts_of(path: str) -> list[str]:
    """Return folders and name; OMERO takes several slashes for one."""
    return [part for part in path.split("/") if part]
