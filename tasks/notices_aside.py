"""Keeps what partners told of shipments and could not be used where people look, until it has healed."""

from __future__ import annotations

from datetime import datetime

from domain.partner_notices import Notices
from domain.unresolved import REASONS
from store import quarantine
from tasks.context import Context

NOTICE = "partner_notice"


def set_notices_aside(context: Context, notices: Notices, at: datetime) -> None:
    """Set aside what could not be used, and close what has healed: a notice that is in no file any more has not."""
    rows = [
        {
            "shop_code": "",
            "entity_type": NOTICE,
            "entity_key": row["source_key"],
            "reason_code": row["reason_code"],
            "reason": f"{place_of(str(row['source_key']))}: {row['field']} {row['value']}: {REASONS[str(row['reason_code'])]}",
            "payload": None,
        }
        for row in notices.aside.to_dict("records")
    ]
    quarantine.set_aside(context.engine, rows, at_utc=at)
    known = quarantine.open_rows(context.engine, entity_type=NOTICE)["entity_key"].unique()
    judged = [key for key in known if notices.judges(str(key))]
    quarantine.resolve_healed(context.engine, entity_type=NOTICE, checked_since_utc=at, shop_codes=[""], entity_keys=judged)


def place_of(source_key: str) -> str:
    """Return in words where something stands that was set aside.

    >>> place_of("THREEPL/77/2")
    'shipment notices of partner THREEPL, notice 77, line 2'
    >>> place_of("THREEPL//5"), place_of("THREEPL")
    ('shipment notices of partner THREEPL, line 5', 'shipment notices of partner THREEPL')
    """
    partner, _, rest = source_key.partition("/")
    notice, _, line = rest.rpartition("/")
    told = f"shipment notices of partner {partner}"
    told += f", notice {notice}" if notice else ""
    return told + (f", line {line}" if line else "")
