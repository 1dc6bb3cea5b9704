"""The WSGI entry: `flask` and the server find `app` here unasked."""

from neupusti.app import create_app
from neupusti.config.checks import SettingsError

try:
    app = create_app()
except SettingsError as error:
    raise SystemExit(f"Neupusti does not start: {error}") from None
