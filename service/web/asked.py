"""What was asked for: the parameters that searches, answers and their exports share."""

# No "from __future__ import annotations": the limits in the annotations below are values of this run's settings.

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from litestar.di import NamedDependency, Provide
from litestar.exceptions import ClientException
from litestar.openapi.spec import Example
from litestar.params import QueryParameter
from msgspec import Meta

from service.records import Filters
from service.settings import Settings
from service.web import limits
from service.web.paging import Sort

NAME = 200  # characters of a place, a date or a source
COLLECTIONS_PATTERN = f"^{limits.COLLECTIONS}$"
SEVERAL = ("place", "source", "language")  # may be given more than once: any of the values will do
VALUES = 20  # of one of them
FILTERS = ("near", "within_km", "place", "from", "to", "now", "places", "dates", "recent", "source", "language")
PARAMETERS = ("q", "k", "collection", "explain", "facets", "sort", *FILTERS)
Options = Mapping[str, str | Sequence[str]]  # by the API's names; several values are a list


Value = Annotated[str, Meta(max_length=NAME)]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search that can be made; ``text`` and ``collection`` are checked."""

    text: str
    k: int
    collection: str
    explain: bool
    filters: Filters
    sort: Sort

    def options(self) -> Options:
        """What differs from a plain search: for provenance, links and saved searches."""
        sort = {} if self.sort is Sort.RELEVANCE else {"sort": self.sort.value}
        return {**options(self.filters), **sort}


def options(filters: Filters) -> Options:
    """What differs from no filters at all."""
    f = filters
    given: Options = {
        "near": f.near,
        "within_km": f"{f.within_km:g}" if f.within_km else "",
        "place": _one_or_several(f.place),
        "from": f.since,
        "to": f.until,
        "now": f.now,
        "places": "" if f.places else "false",
        "dates": "" if f.dates else "false",
        "recent": "" if f.recent is None else str(f.recent).lower(),
        "source": _one_or_several(f.source),
        "language": _one_or_several(f.language),
    }
    return {name: value for name, value in given.items() if value}


def asked_providers(settings: Settings, default_k: int, max_k: int) -> dict[str, Provide]:
    """The dependencies that read a search from the query string; ``asked`` is the whole of it."""
    read = asked_provider(settings, default_k, max_k)
    return {"asked": Provide(read, sync_to_thread=False), **filters_providers(settings)}


def asked_provider(settings: Settings, default_k: int, max_k: int) -> Callable[..., Asked]:
    def asked(
        filters: NamedDependency[Filters],
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
            str, QueryParameter(pattern=COLLECTIONS_PATTERN, description="Collection to search, or several: a,b.")
        ] = settings.collection,
        explain: Annotated[
            bool, QueryParameter(description="Add each passage's legs and matches: why it ranked.")
        ] = False,
        facets: Annotated[
            bool,
            QueryParameter(
                description=(
                    "Add counts by month, day, place, source and language. Those of a kind that is filtered by are "
                    "made without that filter, so that more of its values can be chosen."
                )
            ),
        ] = False,
        sort: Annotated[
            Sort,
            QueryParameter(
                description="By relevance, or by day of publication: then the best 200 passages, undated ones last."
            ),
        ] = Sort.RELEVANCE,
    ) -> Asked:
        text = limits.question(q, settings.max_query_chars)
        return Asked(text, k, limits.collections(collection), explain, replace(filters, facets=facets), sort)

    return asked


def filters_providers(settings: Settings) -> dict[str, Provide]:
    """The dependency that reads where, when and whose from the query string."""

    def read(
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
            tuple[Value, ...],
            QueryParameter(
                max_items=VALUES, description="Passages that name this place, or one in it; given again: or that one."
            ),
        ] = (),
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
        source: Annotated[
            tuple[Value, ...],
            QueryParameter(
                max_items=VALUES,
                description="Articles of exactly this source, as facets name it; given again: or of that one.",
            ),
        ] = (),
        language: Annotated[
            tuple[Value, ...],
            QueryParameter(
                max_items=VALUES,
                description="Articles in this language, ISO 639-1; given again: or in that one.",
                examples=[Example(id="arabic", value=["ar"])],
            ),
        ] = (),
    ) -> Filters:
        several = (tuple(filter(None, values)) for values in (place, source, language))
        in_places, by_sources, in_languages = several
        return Filters(
            near, within_km, in_places, since, until, now, places, dates, recent, False, by_sources, in_languages
        )

    return {"filters": Provide(read, sync_to_thread=False)}


def from_options(settings: Settings, question: str, collection: str, options: Options) -> Asked:
    """A search from what ``Asked.options`` gives, as it is kept. Raises ClientException."""
    filters = filters_of({name: value for name, value in options.items() if name != "sort"})
    sort = options.get("sort", Sort.RELEVANCE.value)
    if sort not in set(Sort):
        raise limits.refused(ClientException, "option_sort", known=", ".join(Sort), found=limits.shown(str(sort)))
    text = limits.question(question, settings.max_query_chars)
    return Asked(text, settings.k, limits.collections(collection), False, filters, Sort(str(sort)))


def filters_of(options: Options) -> Filters:
    """Filters from what ``options`` gives. Raises ClientException."""
    for name, value in options.items():
        if name not in FILTERS:
            known = ", ".join((*FILTERS, "sort"))
            raise limits.refused(ClientException, "option_unknown", name=limits.shown(name), known=known)
        if not isinstance(value, str) and (name not in SEVERAL or len(value) > VALUES):
            most = VALUES if name in SEVERAL else 1
            raise limits.refused(ClientException, "option_values", name=name, n=len(value), most=most)
        for text in _several(value):
            if len(text) > NAME:
                raise limits.refused(ClientException, "option_long", name=name, n=len(text), most=NAME)
    given = {name: value for name, value in options.items() if isinstance(value, str)}
    try:
        return Filters(
            given.get("near", ""),
            float(given.get("within_km", "0")),
            _several(options.get("place", "")),
            given.get("from", ""),
            given.get("to", ""),
            given.get("now", ""),
            _SWITCH[given.get("places", "true")],
            _SWITCH[given.get("dates", "true")],
            _SWITCH[given["recent"]] if "recent" in given else None,
            False,
            _several(options.get("source", "")),
            _several(options.get("language", "")),
        )
    except (KeyError, ValueError) as error:
        raise limits.refused(ClientException, "option_value", why=error) from error


def _several(value: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(filter(None, (value,) if isinstance(value, str) else value))


def _one_or_several(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


_SWITCH = {"true": True, "false": False}
