"""`flask site new-feature NAME`: lay down a feature that works, to make another of."""

import click
from flask import current_app

from neupusti.config.values import ROOT
from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.site.service.new_feature import NewFeatureError, lay_down
from neupusti.site.views.blueprint import bp
from neupusti.site.views.documents import DOCUMENTS

ACCOUNT = "/account/"
TABLE = "_entry"


@bp.cli.command("new-feature")
@click.argument("name")
def new_feature(name: str) -> None:
    """Lay down a tested skeleton: a list that people keep in their account."""
    documents = [file for file, _ in DOCUMENTS.values()]
    try:
        paths = lay_down(ROOT, name, taken=_taken(), documents=documents)
    except NewFeatureError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"Nothing was written: {error}") from None
    for path in paths:
        click.echo(path)


def _taken() -> set[str]:
    """Return the names that would make two things one: of features and what they own."""
    routes = list(current_app.url_map.iter_rules())
    own = (r.rule.removeprefix(ACCOUNT) for r in routes if r.rule.startswith(ACCOUNT))
    return {
        *(route.endpoint.partition(".")[0] for route in routes),
        *(address.partition("/")[0].replace("-", "_") for address in own),
        *(cookie.name for cookie in (*registry().cookies, *registry().former_cookies)),
        *(table.removesuffix(TABLE) for table in db.metadata.tables),
    }
