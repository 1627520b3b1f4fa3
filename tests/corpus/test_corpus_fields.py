"""Dates and languages as declared become ISO, or the record is refused."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.corpus import read
from service.records import Article, Rejection


def record(**fields: object) -> Article | Rejection:
    (found,) = read(["-"], stdin=io.BytesIO(json.dumps({"text": "text", **fields}).encode()))
    return found


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2015-07-21", "2015-07-21"),
        (" 2015-07-21 ", "2015-07-21"),
        ("٢٠١٥-٠٧-٢١", "2015-07-21"),
        ("2015/7/1", "2015-07-01"),
        ("20150721", "2015-07-21"),
        ("2015-W30-2", "2015-07-21"),
        ("2015-07-21T10:00:00Z", "2015-07-21T10:00:00+00:00"),
        ("2015-07-21 10:00", "2015-07-21T10:00:00"),
        ("2015-07-21 10:00:00 UTC", "2015-07-21T10:00:00+00:00"),
        ("2015-07-21 10:00:00 +0300", "2015-07-21T10:00:00+03:00"),
        ("2015-07-21T10:00:00.123456789+03:00", "2015-07-21T10:00:00.123456+03:00"),
        ("20150721T100000Z", "2015-07-21T10:00:00+00:00"),
        ("20150721100000", "2015-07-21T10:00:00"),
        ("Tue, 21 Jul 2015 10:00:00 +0300", "2015-07-21T10:00:00+03:00"),
        ("Tue, 21 Jul 2015 10:00:00 GMT", "2015-07-21T10:00:00+00:00"),
        ("21 July 2015", "2015-07-21"),
        ("July 21, 2015", "2015-07-21"),
        (1437473400, "2015-07-21T10:10:00+00:00"),
        (1437473400.5, "2015-07-21T10:10:00.500000+00:00"),
        ("1437473400000", "2015-07-21T10:10:00+00:00"),
        ("1900-01-01", "1900-01-01"),
        (None, ""),
        ("  ", ""),
    ],
)
def test_dates_become_iso(written: object, iso: str) -> None:
    found = record(date=written)
    assert isinstance(found, Article), found
    assert found.published == iso


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("yesterday", "cannot be read"),
        ("21/07/2015", "cannot be read"),  # or is it month first? for 21 it is clear, for 01/02 it is not
        ("2015-13", "cannot be read"),
        ("1815", "is before 1900"),
        ("2015-02-30", "cannot be read"),
        ("0000-00-00", "cannot be read"),
        ("2015-07-21x10:00", "cannot be read"),
        ("0001-01-01T00:00:00", "before 1900"),
        ("1899-12-31", "before 1900"),
        ("9999-12-31T23:59:59-12:00", "in the future"),
        (99_999_999_999, "cannot be read"),
    ],
)
def test_absurd_dates_are_rejected_with_their_value(written: object, reason: str) -> None:
    found = record(date=written)
    assert isinstance(found, Rejection)
    assert reason in found.reason and repr(str(written)) in found.reason


def test_tomorrow_is_taken_and_next_week_is_not() -> None:
    now = datetime.now(UTC)
    for taken in ((now + timedelta(days=1)).isoformat(), (now + timedelta(days=1)).date().isoformat()):
        assert isinstance(record(date=taken), Article)
    for refused in ((now + timedelta(days=3)).isoformat(), (now + timedelta(days=4)).date().isoformat()):
        found = record(date=refused)
        assert isinstance(found, Rejection) and "in the future" in found.reason


@given(st.one_of(st.text(max_size=30), st.integers(), st.from_regex(r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}[T ]?[\d:+]*")))
def test_any_date_is_iso_or_rejected(written: object) -> None:
    found = record(date=written)
    if isinstance(found, Article) and found.published:
        assert 1900 <= datetime.fromisoformat(found.published).year <= datetime.now(UTC).year + 1


@pytest.mark.parametrize(
    ("declared", "language"),
    [
        *((name, "ar") for name in ("ar", "AR", "ar-IQ", "ar_SY", "ara", "arb", "Arabic", "العربية")),
        *((name, "en") for name in ("en", "en-GB", "eng", " English ")),
        ("fr-FR", "fr"),
        ("ckb", "ku"),
        ("per", "fa"),
        ("und", "en"),
        ("multiple languages", "en"),
        ("", "en"),
    ],
)
def test_a_declared_language_is_normalised(declared: str, language: str) -> None:
    found = record(language=declared, text="the text is in English")
    assert isinstance(found, Article)
    assert found.language == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("قصف طيران التحالف موقعا", "ar"),
        ("ﻗﺼﻒ ﻃﻴﺮﺍﻥ", "ar"),
        ("Aircraft struck a position", "en"),
        ("قال البيان الصادر عن التحالف إن طائرات F-16 وMQ-9 Reaper قصفت الموقع", "ar"),
        ("The spokesman of داعش said", "en"),
        ("123 456", ""),
        ("国防部表示", ""),
    ],
)
def test_an_undeclared_language_is_told_by_the_script(text: str, language: str) -> None:
    found = record(text=text)
    assert isinstance(found, Article)
    assert found.language == language
