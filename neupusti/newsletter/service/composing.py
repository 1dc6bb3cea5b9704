"""An issue as an email: its language, the mark of advertising, the links of its texts."""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from neupusti.config.settings import settings
from neupusti.core.mail import outbox
from neupusti.core.mail.outbox import Copy, EmailType
from neupusti.core.text.languages import Language
from neupusti.core.web.redirects import with_query
from neupusti.newsletter import queries
from neupusti.newsletter.models import Issue, IssueText
from neupusti.newsletter.service import emails, links

CAMPAIGN = "utm_campaign"
OWN_PATH = re.compile(r"(?m)^/\S*$")
Texts = Mapping[Language, IssueText]


def enqueue(session: Session, issue: Issue, copies: Iterable[Copy]) -> dict[str, int]:
    """Put copies of an issue into the outbox; return key -> number of the email."""
    texts = queries.texts(session, issue.id)
    numbers: dict[str, int] = {}
    by_language: dict[Language, list[Copy]] = {}
    for copy in copies:
        by_language.setdefault(copy.to.language, []).append(copy)
    for language, mine in by_language.items():
        kind, values = parts_of(issue, texts, language)
        headers = partial(links.headers, language=language)
        numbers |= outbox.enqueue_copies(
            session, kind, mine, values=values, headers=headers
        )
    return numbers


def parts_of(
    issue: Issue, texts: Texts, language: Language
) -> tuple[EmailType, dict[str, Any]]:
    """Return type and values of the email of an issue in one language; its token is apart.

    Advertising always has the Kazakh text too (Law on advertising, article 6(2)).
    """
    wanted = [language]
    if issue.advertising and language is not Language.KK:
        wanted.append(Language.KK)
    values = {
        "headline": texts[language].subject,
        "parts": [_linked(texts[one].body, issue, one) for one in wanted],
        "operator": settings().operator,
        "names": [settings().operator.in_language(one).name for one in wanted],
    }
    return (emails.ADVERT if issue.advertising else emails.ISSUE), values


def _linked(body: str, issue: Issue, language: Language) -> str:
    """Make links of the lines that are a path of this site, named by the issue.

    The name is read only from browsers that agreed to marketing cookies.
    """
    start = f"{outbox.service().base_url}{language.prefix}"

    def link(path: re.Match[str]) -> str:
        return start + with_query(path[0], CAMPAIGN, f"issue-{issue.id}")

    return OWN_PATH.sub(link, body)
