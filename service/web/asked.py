"""What a search was asked for: the parameters that the search and its export share."""

# No "from __future__ import annotations": the limits in the annotations below are values of this run's settings.

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from litestar.exceptions import ClientException
from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from service.records import Filters
from service.settings import Settings
from service.web import limits
from service.web.paging import Sort

NAME = 200  # characters of a place, a date or a source
COLLECTION_PATTERN = f"^{limits.COLLECTION}$"
PARAMETERS = (
    *("q", "k", "collection", "explain", "near", "within_km", "place", "from", "to", "now", "places", "dates"),
    *("recent", "facets", "source", "language", "sort"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A search that can be made; ``text`` and ``collection`` are checked."""

    text: str
    k: int
    collection: str
    explain: bool
    filters: Filters
    sort: Sort

    def options(self) -> dict[str, str]:
        """What differs from a plain search, by the API's names: for provenance, links and saved searches."""
        f = self.filters
        given = {
            "near": f.near,
            "within_km": f"{f.within_km:g}" if f.within_km else "",
            "place": f.place,
            "from": f.since,
            "to": f.until,
            "now": f.now,
            "places": "" if f.places else "false",
            "dates": "" if f.dates else "false",
            "recent": "" if f.recent is None else str(f.recent).lower(),
            "source": f.source,
            "language": f.language,
            "sort": "" if self.sort is Sort.RELEVANCE else self.sort.value,
        }
        return {name: value for name, value in given.items() if value}


def asked_provider(settings: Settings, default_k: int, max_k: int) -> Callable[..., Asked]:
    """The dependency that reads a search from the query string."""

    def asked(
        q: Annotated[
            str,
            QueryParameter(
                min_length=1,
                max_length=settings.max_query_chars,
                description='A question or words; "phrase", -word, OR, title: and source: are understood.',
                examples=[
                    Example(id="english", summary="English", value="strikes near Hawija"),
                    Example(id="arabic", summary="Arabic", value="غارات قرب الحويجة"),
                ],
            ),
        ],
        k: Annotated[int, QueryParameter(ge=1, le=max_k, description="Passages wanted at most.")] = default_k,
        collection: Annotated[
            str, QueryParameter(pattern=COLLECTION_PATTERN, description="Collection to search.")
        ] = settings.collection,
        explain: Annotated[
            bool, QueryParameter(description="Add each passage's legs and matches: why it ranked.")
        ] = False,
        near: Annotated[
            str,
            QueryParameter(
                max_length=NAME,
                description="Passages that name places around this one.",
                examples=[Example(id="near", value="Hawija")],
            ),
        ] = "",
        within_km: Annotated[
            float, QueryParameter(ge=0, le=20_000, description=f"How far near reaches; 0 is {settings.near_km:g} km.")
        ] = 0.0,
        place: Annotated[
            str, QueryParameter(max_length=NAME, description="Passages that name this place, or one in it.")
        ] = "",
        since: Annotated[
            str,
            QueryParameter(
                name="from",
                max_length=NAME,
                description="Published, or of days, from then on: 2015-08-07, 2015-08.",
                examples=[Example(id="month", value="2015-08")],
            ),
        ] = "",
        until: Annotated[
            str, QueryParameter(name="to", max_length=NAME, description="... up to then, that day included.")
        ] = "",
        now: Annotated[
            str,
            QueryParameter(max_length=NAME, description="Reference date of words such as yesterday; today without it."),
        ] = "",
        places: Annotated[bool, QueryParameter(description="Whether places are read from the question.")] = True,
        dates: Annotated[bool, QueryParameter(description="Whether dates are read from the question.")] = True,
        recent: Annotated[
            bool | None,
            QueryParameter(description="Prefer newer articles; without it, where the question asks for the latest."),
        ] = None,
        facets: Annotated[
            bool, QueryParameter(description="Add counts by month, day, place, source and language.")
        ] = False,
        source: Annotated[
            str, QueryParameter(max_length=NAME, description="Articles of exactly this source, as facets name it.")
        ] = "",
        language: Annotated[
            str,
            QueryParameter(
                max_length=35,
                description="Articles in this language, ISO 639-1.",
                examples=[Example(id="arabic", value="ar")],
            ),
        ] = "",
        sort: Annotated[
            Sort,
            QueryParameter(
                description="By relevance, or by day of publication: then the best 200 passages, undated ones last."
            ),
        ] = Sort.RELEVANCE,
    ) -> Asked:
        text = limits.question(q, settings.max_query_chars)
        filters = Filters(near, within_km, place, since, until, now, places, dates, recent, facets, source, language)
        return Asked(text, k, limits.collection(collection), explain, filters, sort)

    return asked


def from_options(settings: Settings, question: str, collection: str, options: Mapping[str, str]) -> Asked:
    """A search from what ``Asked.options`` gives, as it is kept. Raises ClientException."""
    for name, value in options.items():
        if name not in _KEPT:
            raise ClientException(f"unknown option {limits.shown(name)}: a saved search takes {', '.join(_KEPT)}")
        if len(value) > NAME:
            raise ClientException(f"option {name} is {len(value)} characters long, at most {NAME} are taken")
    try:
        filters = Filters(
            options.get("near", ""),
            float(options.get("within_km", "0")),
            options.get("place", ""),
            options.get("from", ""),
            options.get("to", ""),
            options.get("now", ""),
            _SWITCH[options.get("places", "true")],
            _SWITCH[options.get("dates", "true")],
            _SWITCH[options["recent"]] if "recent" in options else None,
            False,
            options.get("source", ""),
            options.get("language", ""),
        )
        sort = Sort(options.get("sort", Sort.RELEVANCE.value))
    except (KeyError, ValueError) as error:
        raise ClientException(f"an option has a value that cannot be used: {error}") from error
    text = limits.question(question, settings.max_query_chars)
    return Asked(text, settings.k, limits.collection(collection), False, filters, sort)


_KEPT = ("near", "within_km", "place", "from", "to", "now", "places", "dates", "recent", "source", "language", "sort")
_SWITCH = {"true": True, "false": False}
