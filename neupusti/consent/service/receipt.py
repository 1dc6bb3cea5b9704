"""The consent receipt as JSON, with the fields of ISO/IEC TS 27560."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from neupusti.consent.models import ConsentEvent, ConsentRecord
from neupusti.consent.service import records, wordings
from neupusti.consent.service.declarations import short_hashes
from neupusti.core.feature import CONSENT_LIFETIME, Category
from neupusti.core.web.operator import Operator

SCHEMA = "ISO/IEC TS 27560:2023"
ALLOWED = frozenset({ConsentEvent.GIVEN, ConsentEvent.KEPT})


def build(record: ConsentRecord, *, operator: Operator, base_url: str) -> dict[str, Any]:
    """Return the receipt of `record`, which `operator` keeps."""
    events, wording = records.events(record), wordings.version(record.wording)
    return {
        "record_metadata": _metadata(record),
        "pii_processing": {
            "privacy_notice": f"{base_url}/policy/{record.edition}",
            "language": record.language,
            "notice_text": wording.text,
            "notice_version": wording.number,
            "notice_change": wording.kind.value,
            "purposes": _purposes(record, events),
            "withdrawal_method": f"{base_url}/cookies/",
            "privacy_rights": f"{base_url}/policy/",
            "jurisdictions": ["KZ"],
        },
        "party_identification": [party(operator, base_url)],
        "event": {
            "event_time": record.at.isoformat(),
            "validity_duration": _iso(CONSENT_LIFETIME),
            "entity_id": record.public_id,
            "event_type": "explicit",
            "event_state": _state(events),
            "source": record.source,
        },
    }


def _metadata(record: ConsentRecord) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA,
        "record_id": record.public_id,
        # No account is involved: only the browser that holds the record id is known.
        "pii_principal_id": f"browser that holds {record.public_id}",
        "replaces": record.replaces,
        "proof": {
            "algorithm": "SHA-256",
            "chain": record.chain,
            "head": records.HEAD.line(),
            "wording": record.wording,
            "declarations": record.declarations,
        },
    }


def party(operator: Operator, base_url: str) -> dict[str, str]:
    """Return the controller of the data."""
    return {
        "party_id": operator.bin or operator.name,
        "party_name": operator.name,
        "party_role": "PII controller",
        "party_address": operator.address,
        "party_email": operator.email,
        "party_phone": operator.phone,
        "party_contact": operator.responsible,
        "party_url": base_url,
    }


def _purposes(
    record: ConsentRecord, events: Mapping[str, ConsentEvent]
) -> list[dict[str, Any]]:
    canonical = records.declarations_text(record)
    short = short_hashes(canonical)
    return [
        {
            "purpose": entry["says"][0][record.language],
            "purpose_type": name,
            "purpose_description": entry["says"][1][record.language],
            "lawful_basis": "necessary" if name == Category.NECESSARY else "consent",
            "given": name == Category.NECESSARY or events.get(name) in ALLOWED,
            "event": events.get(name, name),
            "declarations_hash": short[Category(name)],
            "pii_information": [
                {
                    "pii_type": "cookie",
                    "pii_attribute_id": cookie["name"],
                    "pii_optional": name != Category.NECESSARY,
                    "description": cookie["purpose"][record.language],
                    "retention_period": cookie["lifetime"]
                    and _iso(timedelta(seconds=cookie["lifetime"])),
                    "recipient": cookie["set_by"][record.language],
                }
                for cookie in entry["cookies"]
            ],
        }
        for name, entry in json.loads(canonical).items()
    ]


def _state(events: Mapping[str, ConsentEvent]) -> str:
    """Return the state of the whole: withdrawn only where nothing is left of a yes."""
    found = set(events.values())
    if found & ALLOWED:
        return "consent given"
    withdrawn = ConsentEvent.WITHDRAWN in found
    return "consent withdrawn" if withdrawn else "consent refused"


def _iso(span: timedelta) -> str:
    return f"P{span.days}D" if span.days else f"PT{int(span.total_seconds())}S"
