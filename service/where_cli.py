"""The options of where, when and whose of the commands that search, and what they are turned into."""

from __future__ import annotations

import argparse

from service.records import Filters

_DAYS = "places are names in English or Arabic; days are 2015-08-07, 2015-08, 2015 or words"


def add_options(query: argparse.ArgumentParser, facets: bool = True) -> None:
    given = query.add_argument_group("where and when", _DAYS)
    given.add_argument("--near", default="", metavar="PLACE", help="passages that name places around this one")
    given.add_argument("--within-km", type=float, default=0.0, metavar="N", help="how far --near reaches")
    given.add_argument(
        "--place", action="append", metavar="PLACE", help="passages that name this place, or one in it; may be repeated"
    )
    given.add_argument(
        "--from", dest="since", default="", metavar="DAY", help="published, or of events, from this day on"
    )
    given.add_argument("--to", dest="until", default="", metavar="DAY", help="... up to this day")
    given.add_argument("--now", default="", metavar="DAY", help="the day that yesterday counts from (default: today)")
    given.add_argument("--no-places", dest="places", action="store_false", help="places of the question are only words")
    given.add_argument("--no-dates", dest="dates", action="store_false", help="dates of the question are only words")
    given.add_argument(
        "--recent",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="prefer newer articles; without it, where the question asks for the latest",
    )
    given.add_argument(
        "--source", action="append", metavar="NAME", help="articles of this source, exactly as --facets has it; "
        "may be repeated",
    )  # fmt: skip
    given.add_argument(
        "--language", action="append", metavar="CODE", help="articles in this language: ar, en; may be repeated"
    )
    if facets:
        given.add_argument("--facets", action="store_true", help="counts by month, day, place, source and language")


def filters(options: argparse.Namespace) -> Filters:
    return Filters(
        near=options.near,
        within_km=options.within_km,
        place=tuple(options.place or ()),
        since=options.since,
        until=options.until,
        now=options.now,
        places=options.places,
        dates=options.dates,
        recent=options.recent,
        facets=getattr(options, "facets", False),
        source=tuple(options.source or ()),
        language=tuple(options.language or ()),
    )
