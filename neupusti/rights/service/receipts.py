"""The consents of a person: the exact words, and a receipt of each (ISO/IEC TS 27560)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from neupusti.consent.service import receipt
from neupusti.core.data import finding
from neupusti.core.data.finding import Whose
from neupusti.core.records.consents import ConsentText, FormConsent
from neupusti.core.web.operator import Operator

FORMS: Any = FormConsent.__table__


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent, or its withdrawal."""

    row: Any
    """Of `FormConsent`, with `text`."""

    @property
    def words(self) -> bytes:
        """What was agreed to, byte for byte: their SHA-256 is `wording` of the row."""
        text: str = self.row.text
        return text.encode()

    def receipt(self, operator: Operator, base_url: str) -> str:
        """Return the receipt as JSON; `operator` keeps the record."""
        row = self.row
        content = {
            "record_metadata": {
                "schema_version": receipt.SCHEMA,
                "record_id": row.id,
                "replaces": row.ends,
                "proof": {"algorithm": "SHA-256", "wording": row.wording},
            },
            "pii_processing": {
                "privacy_notice": f"{base_url}/policy/{row.edition}",
                "language": row.language,
                "notice_text": row.text,
                "purposes": [{"purpose": row.purpose, "lawful_basis": "consent"}],
                "withdrawal_method": f"{base_url}/account/consents",
                "privacy_rights": f"{base_url}/policy/",
                "jurisdictions": ["KZ"],
            },
            "party_identification": [receipt.party(operator, base_url)],
            "event": {
                "event_time": row.at.isoformat(),
                "event_type": "explicit",
                "event_state": "consent withdrawn" if row.ends else "consent given",
                "source": f"{row.form}: {row.method}",
            },
        }
        return json.dumps(content, ensure_ascii=False, indent=2)


def consents(connection: Connection, whose: Whose) -> Iterator[Consent]:
    """Yield the consents of `whose` and their withdrawals, the oldest first."""
    rows = connection.execute(
        select(*FORMS.columns, ConsentText.text)
        .join(ConsentText, ConsentText.sha256 == FormConsent.wording)
        .where(finding.own(FORMS, whose))
        .order_by(FormConsent.id)
    )
    yield from (Consent(row) for row in rows)
