"""An issue as an email: its language, the mark of advertising, the links of its texts."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from neupusti.config.settings import settings
from neupusti.core.mail import outbox
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.outbox import EmailType, Recipient
from neupusti.core.text.languages import Language
from neupusti.core.web.redirects import with_query
from neupusti.newsletter.models import Issue, IssueText
from neupusti.newsletter.service import letters, links

CAMPAIGN = "utm_campaign"
OWN_PATH = re.compile(r"(?m)^/\S*$")
Texts = Mapping[Language, IssueText]


def enqueue(  # noqa: PLR0913 - an email of an issue is all of these
    session: Session, issue: Issue, texts: Texts, to: Recipient, *, key: str, token: str
) -> OutboxEmail:
    """Write an issue for one recipient into the outbox; `token` is for unsubscribing."""
    kind, values = parts_of(issue, texts, to.language, token)
    headers = links.headers(token, to.language)
    return outbox.enqueue(session, kind, to, key=key, values=values, headers=headers)


def parts_of(
    issue: Issue, texts: Texts, language: Language, token: str
) -> tuple[EmailType, dict[str, Any]]:
    """Return type and values of the email of an issue in one language.

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
        "token": token,
    }
    return (letters.ADVERT if issue.advertising else letters.ISSUE), values


def _linked(body: str, issue: Issue, language: Language) -> str:
    """Make links of the lines that are a path of this site, named by the issue.

    The name is read only from browsers that agreed to marketing cookies.
    """
    start = f"{outbox.service().base_url}{language.prefix}"

    def link(path: re.Match[str]) -> str:
        return start + with_query(path[0], CAMPAIGN, f"issue-{issue.id}")

    return OWN_PATH.sub(link, body)
