"""The blueprint: no pages, and two groups of commands."""

from flask import Blueprint
from flask.cli import AppGroup

bp = Blueprint("backup", __name__, cli_group=None)
backup = AppGroup("backup", help="Make, check and restore backups.")
decisions = AppGroup("decisions", help="What people decided, outside the database.")
for group in (backup, decisions):
    bp.cli.add_command(group)
