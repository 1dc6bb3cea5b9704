"""Arguments and options that several commands share."""

import click

from neupusti.core.text.languages import Language

DAY = click.DateTime(["%Y-%m-%d"])
LANGUAGE = click.option(
    "--lang", type=click.Choice([language.value for language in Language]), default="ru",
    show_default=True, help="Language of the text.",
)  # fmt: skip
