"""A publication date as written -> ISO 8601. What is no date, or cannot be true, is Unfit."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

from service.corpus.entry import Unfit, shown

EARLIEST_YEAR = 1900
CLOCK_SLACK = timedelta(days=2)  # time zones and clocks that are wrong
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
DATE_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[Tt\s]\s*(\d.*))?")
PARTIAL = re.compile(r"(\d{4})(?:-(\d\d))?")  # a month or a year, which ISO 8601 allows and reports often have
STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")
EPOCH_S = re.compile(r"\d{9,10}(\.\d+)?")
EPOCH_MS = re.compile(r"\d{12,13}")


def to_iso(value: str, now: datetime) -> str:
    """ISO 8601 date, month, year or date-time with the offset that was given, "" for a blank; ``now`` is aware."""
    written = value.strip().translate(DIGITS)
    if not written:
        return ""
    try:
        partial = PARTIAL.fullmatch(written)
        found = date(int(partial[1]), int(partial[2] or 1), 1) if partial else _parse(written)
    except (ValueError, OverflowError, OSError, TypeError) as error:
        raise Unfit(f"the date {shown(value)} cannot be read: write it as YYYY-MM-DD, or leave it out") from error
    if found.year < EARLIEST_YEAR:
        raise Unfit(f"the date {shown(value)} is before {EARLIEST_YEAR}: correct it, or leave it out")
    if _is_after(found, now + CLOCK_SLACK):
        raise Unfit(f"the date {shown(value)} is in the future: correct it, or leave it out")
    return written if partial else found.isoformat()


def _is_after(found: date, limit: datetime) -> bool:
    if found.year > limit.year + 1:  # before arithmetic with offsets, which overflows in the year 9999
        return True
    if not isinstance(found, datetime):
        return found > limit.date()
    return (found if found.tzinfo else found.replace(tzinfo=UTC)) > limit


def _parse(written: str) -> date:
    """A datetime when a time of day was given, else a plain date."""
    if match := DATE_FIRST.fullmatch(written):
        year, _, month, day, time = match.groups()
        day_text = f"{year}-{month:0>2}-{day:0>2}"
        if time is None:
            return date.fromisoformat(day_text)
        return datetime.fromisoformat(f"{day_text}T{re.sub(r'[ ]*(?:UTC|GMT|[Zz])$', '+00:00', time)}")
    if EPOCH_S.fullmatch(written):
        return datetime.fromtimestamp(float(written), UTC)
    if EPOCH_MS.fullmatch(written):
        return datetime.fromtimestamp(int(written) / 1000, UTC)
    if match := STAMP.fullmatch(written):
        return datetime(*map(int, match.groups()))  # type: ignore[arg-type]
    if re.fullmatch(r"\d{8}|\d{4}-?W\d\d-?\d", written):
        return date.fromisoformat(written)
    if re.fullmatch(r"\d{8}T[\d:.+Zz-]+", written):
        return datetime.fromisoformat(written)
    if ":" in written:
        return parsedate_to_datetime(written)
    return parsedate_to_datetime(f"{written} 00:00:00").date()
