"""All settings, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self, cast

from flask import current_app

from neupusti.config import checks
from neupusti.config.checks import PREFIX, SettingsError
from neupusti.config.values import ROOT, Mode, Values
from neupusti.core.data import secretfile

TEST_VARIABLES = frozenset({"NEUPUSTI_REQUIRE_ALL"})
"""Variables with the prefix that only the tests read."""
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
            raise SettingsError(f"Unknown setting: {', '.join(unknown)}.")
        values = {
            known[name]: _parse(name, known[name], text)
            for name, text in given.items()
            if name in known and text
        }
        debug = environ.get("FLASK_DEBUG", "").lower() not in DEBUG_OFF
        if debug and values.get("mode") is Mode.PRODUCTION:
            raise SettingsError("Production does not run with FLASK_DEBUG.")
        values["instance"] = values.get("instance", ROOT / "instance").absolute()
        if "secret_key" not in values and values.get("mode") is not Mode.PRODUCTION:
            values["secret_key"] = local_secret(values["instance"])
        return cls(**values)


def settings() -> Settings:
    """Return the settings of the current app."""
    return cast("Settings", current_app.extensions["neupusti.settings"])


def local_secret(instance: Path) -> str:
    """Return the secret stored in `instance`; generate it on the first call."""
    try:
        return secretfile.read_or_create(instance)
    except OSError as error:
        where = instance / "secret"
        raise SettingsError(
            f"No secret can be kept in {where}: {error.strerror}."
        ) from None


def _parse(name: str, field_name: str, text: str) -> Any:
    try:
        match field_name:
            case "mode":
                return Mode(text)
            case "instance":
                return Path(text)
            case _ if isinstance(Settings.__dataclass_fields__[field_name].default, int):
                return int(text)
            case "hosts":
                return tuple(h.strip().lower() for h in text.split(",") if h.strip())
            case "secret_keys_old":
                return tuple(s.strip() for s in text.split(",") if s.strip())
            case _:
                return text
    except ValueError:
        raise SettingsError(f"{name} may not be «{text}».") from None
