"""`flask access live` and `flask access report`."""

import json
import time
from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from sqlalchemy import select

from neupusti.access.ingest.findings.identity import mask_address
from neupusti.access.models import Record
from neupusti.access.views.blueprint import bp, engine
from neupusti.core import clock
from neupusti.statistics import service
from neupusti.statistics.queries.report import Span
from neupusti.statistics.queries.report import report as report_of

DAY = click.DateTime(["%Y-%m-%d"])
MAX_DAYS = 73_050
"""Days of a report, two centuries: whoever wants everything asks for a round range."""
LAST_DAY = date(2999, 12, 31)
LIVE_SECONDS = 1.0


@bp.cli.command("live")
@click.option(
    "--lines", default=10, show_default=True, help="Number of lines to start with."
)
@click.option("--once", is_flag=True, help="Print them and exit.")
def live(lines: int, *, once: bool) -> None:
    """Print requests as they arrive; addresses are masked."""
    last = None
    while True:
        query = select(Record).order_by(Record.at.desc(), Record.id.desc()).limit(lines)
        if last is not None:
            query = select(Record).where(Record.id > last).order_by(Record.id).limit(1000)
        with engine().connect() as connection:
            rows = list(connection.execute(query))
        if last is None:
            rows.reverse()
        for row in rows:
            at = row.at.astimezone(clock.ALMATY)
            click.echo(
                f"{at:%Y-%m-%d %H:%M:%S}  {mask_address(row.ip):<18} {row.status} "
                f"{row.method or '-':<5} {_printable(row.path)}  {row.browser}"
            )
        last = max([row.id for row in rows], default=last or 0)
        if once:
            return
        time.sleep(LIVE_SECONDS)


@bp.cli.command("report")
@click.option("--from", "first", type=DAY, required=True, help="First day.")
@click.option("--to", "last", type=DAY, required=True, help="Last day, included.")
@click.option(
    "--tz", default=clock.ALMATY.key, show_default=True, help="Time zone of the days."
)
@click.option("--json", "as_json", is_flag=True, help="All figures, as JSON.")
@click.option(
    "--reason", help="With --json: whole addresses; the journal keeps this reason."
)
def report(
    first: datetime, last: datetime, tz: str, reason: str | None, *, as_json: bool
) -> None:
    """Print the figures of a range of days."""
    try:
        span = Span(first.date(), last.date(), ZoneInfo(tz))
    except (ZoneInfoNotFoundError, ValueError):
        raise click.ClickException(f"There is no time zone «{tz}».") from None
    if not 0 <= (span.last - span.first).days < MAX_DAYS or span.last > LAST_DAY:
        raise click.ClickException(
            f"--from is not after --to, at most {MAX_DAYS} days before it, and --to not "
            f"after {LAST_DAY}."
        )
    found = report_of(engine(), span)
    if as_json:
        if reason:
            service.log_export(
                staff=None, rows=found["requests"], whole=True, reason=reason
            )
        else:
            found["by_ip"] = _masked(found["by_ip"])
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    click.echo(f"{span.first} to {span.last}, {tz}")
    for name in ("requests", "visitors", "bytes"):
        click.echo(f"{name:<10} {found[name]}")
    for day, sums in found["by_day"].items():
        click.echo(f"{date.fromisoformat(day)}  {sums['requests']:>10}  {sums['visitors']}")


def _masked(by_ip: dict[str, int]) -> dict[str, int]:
    """Return the requests by masked address."""
    sums: Counter[str] = Counter()
    for ip, number in by_ip.items():
        sums[mask_address(ip)] += number
    return dict(sums)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
