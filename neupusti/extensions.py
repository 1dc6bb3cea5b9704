"""Unbound extensions. `create_app` binds them; nothing here knows an app."""

from flask_babel import Babel
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

babel = Babel()
csrf = CSRFProtect()
migrate = Migrate()
