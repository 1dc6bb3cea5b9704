"""All settings, read from the environment once."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, fields
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, cast

from flask import current_app

from neupusti.config import checks
from neupusti.config.checks import PREFIX, SettingsError, whole_number
from neupusti.config.values import ROOT, Mode, Values
from neupusti.core.data import secretfile

TEST_VARIABLES = frozenset({"NEUPUSTI_REQUIRE_ALL"})
"""Variables with the prefix that only the tests read."""
ADDRESS = "address"
"""The file of a local site with the address at which it was served last."""
DEBUG_OFF = frozenset({"", "0", "false", "no"})
"""The values of FLASK_DEBUG that leave Flask's debugger off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Values):
    """The settings of one app; `NEUPUSTI_SECRET_KEY` sets the field `secret_key`."""

    def __post_init__(self) -> None:
        """Raise SettingsError for an invalid value."""
        checks.check(self)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read `NEUPUSTI_*`; raise SettingsError on an unknown name or a bad value."""
        known = {PREFIX + f.name.upper(): f.name for f in fields(cls)}
        given = {name: text for name, text in environ.items() if name.startswith(PREFIX)}
        if unknown := sorted(given.keys() - known.keys() - TEST_VARIABLES):
            raise SettingsError(_unknown(unknown, known))
        values = {
            known[name]: _parse(name, known[name], text)
            for name, text in given.items()
            if name in known and text
        }
        debug = environ.get("FLASK_DEBUG", "").lower() not in DEBUG_OFF
        if debug and values.get("mode") is Mode.PRODUCTION:
            raise SettingsError("Production does not run with FLASK_DEBUG: unset it.")
        values["hosts"] = tuple(host.lower() for host in values.get("hosts", ()))
        values["instance"] = values.get("instance", ROOT / "instance").absolute()
        if values.get("mode") is not Mode.PRODUCTION:
            values = _local(values["instance"], values) | values
        return cls(**values)


def settings() -> Settings:
    """Return the settings of the current app."""
    return cast("Settings", current_app.extensions["neupusti.settings"])


def _local(instance: Path, given: Mapping[str, Any]) -> dict[str, str]:
    """Return what a local site finds in its folder: its secret, and where it was served.

    Without the folder the secret is that of this process: only `flask site setup` makes a
    folder, and keeps the secret there.
    """
    found = {}
    if "secret_key" not in given:
        known = instance.is_dir()
        found["secret_key"] = local_secret(instance) if known else secretfile.generate()
    if (address := instance / ADDRESS).is_file():
        found["base_url"] = address.read_text().strip()
    return found


def local_secret(instance: Path) -> str:
    """Return the secret stored in `instance`; generate it on the first call."""
    try:
        return secretfile.read_or_create(instance)
    except OSError as error:
        where = instance / "secret"
        raise SettingsError(
            f"No secret can be kept in {where}: {error.strerror}. {PREFIX}INSTANCE names "
            f"a folder that can be written to."
        ) from None


def _parse(name: str, field_name: str, text: str) -> Any:
    one = Settings.__dataclass_fields__[field_name]
    try:
        match one.default:
            case StrEnum():
                return type(one.default)(text)
            case Path():
                return Path(text)
            case int():
                return int(text)
            case tuple():
                return tuple(part.strip() for part in text.split(",") if part.strip())
            case _:
                return text
    except ValueError:
        raise SettingsError(f"{name} may not be «{text}»: {_allowed(one)}.") from None


def _allowed(one: Field[Any]) -> str:
    """Return what a setting that failed to be read takes."""
    if isinstance(one.default, StrEnum):
        return " or ".join(type(one.default))
    return whole_number(*one.metadata["between"])


def _unknown(names: list[str], known: Iterable[str]) -> str:
    """Return the message about variables that no setting has, with those they resemble."""
    near = [match for name in names for match in get_close_matches(name, known, 1, 0.8)]
    hint = f" Known is {', '.join(near)}." if near else ""
    return f"Unknown setting: {', '.join(names)}.{hint}"
