"""How a question stands to a place: near, around, north of, in, between, within 30 km of, in both languages."""

from __future__ import annotations

import re

from service.folding import Folded
from service.places import context
from service.places.area import Relation
from service.places.query_names import Named

_COMPASS = {
    **dict(zip(("north", "south", "east", "west"), ("NORTH", "SOUTH", "EAST", "WEST"), strict=True)),
    **dict(zip(("شمال", "جنوب", "شرق", "غرب"), ("NORTH", "SOUTH", "EAST", "WEST"), strict=True)),
}
_UNIT = r"km|kms|kilometers?|kilometres?|miles?|mi|كم|كيلومترا?|كيلو متر|كلم|ك م|ميلا?"
_WITHIN = re.compile(
    rf"(\d+(?:\.\d+)?) ?({_UNIT})"
    r"(?: (?:radius|north|south|east|west))?(?: (?:of|from|around|near|من|عن|حول))? *$"
)
_NEAR_EN = (
    "near|nearby|close to|next to|around|outside|off|off the|near to|in the vicinity of|vicinity of|surroundings of|"
    "outskirts of|on the outskirts of"
)
_NEAR_AR = (
    "قرب|بالقرب من|علي مقربه من|مقربه من|بجوار|حول|محيط|بمحيط|ضواحي|بضواحي|مشارف|علي مشارف|قريب من|قريبا من|خارج|"
    "اطراف|جوار"
)
_KINDS_AR = "مدينه|منطقه|محافظه|بلده|قريه|قضاء|ناحيه"
_NEAR = re.compile(rf" (?:{_NEAR_EN}|{_NEAR_AR})(?: the| (?:{_KINDS_AR}))? *$")
_DIRECTION_EN = re.compile(r" (north|south|east|west) ?(east|west)?(?:ern)? of(?: the)? *$")
_DIRECTION_AR = re.compile(rf" (?:ال|ب)?(شمال|جنوب|شرق|غرب)ي?(?: (?:ال)?(شرق|غرب)ي?)?(?: (?:{_KINDS_AR}))? *$")
_IN = re.compile(r" (?:in|inside|at|into|of|from|within|في|داخل|وسط)(?: the)? *$")
_SURROUNDED = re.compile(
    r"^ *(?:ومحيطها|ومحيطه|وضواحيها|وما حولها|ونواحيها|and (?:its )?(?:surroundings|around|environs|vicinity))"
)
_BETWEEN = re.compile(r" (?:between|بين) *$")
_HOLDERS = frozenset({"لدي", "تنظيم", "جماعه", "حركه", "كتايب", "لواء", "قبل", "يد", "ايدي"})
_KM_PER_MILE = 1.609344


def relate(name: Named, folded: Folded) -> None:
    """Reads the words around a name into its relation, kinds and whether they make it a place."""
    text = folded.text
    before = text[: text.rfind(" ", 0, name.start) + 1]
    after = text[name.end :]
    words = before.split()
    if words and not name.latin and words[-2 if len(words) > 1 and context.kinds_before(words[-1]) else -1] in _HOLDERS:
        name.held = True
        return
    if name.latin:
        name.kinds = context.kinds_beside(next(iter(after.split()), ""))
    elif words:
        name.kinds = context.kinds_before(words[-1])
    if match := _WITHIN.search(re.sub(r"(\d) (\d)", r"\1.\2", before)):
        name.within_km = float(match[1]) * (_KM_PER_MILE if match[2].startswith(("mi", "ميل")) else 1.0)
        name.relation, name.explicit = Relation.WITHIN, True
    elif match := _DIRECTION_EN.search(before) or _DIRECTION_AR.search(before):
        name.relation, name.explicit = _direction(match[1], match[2]), True
    elif _NEAR.search(before) or _SURROUNDED.match(after):
        name.relation, name.explicit = Relation.NEAR, True
    elif _BETWEEN.search(before):
        name.relation, name.explicit = Relation.BETWEEN, True
    elif _IN.search(before):
        name.explicit = True


def _direction(first: str, second: str | None) -> Relation:
    """ "east of", "شمال غرب"; of a pair that there is not, such as east-west, the first."""
    name = _COMPASS[first] + (_COMPASS[second] if second else "")
    return Relation[name] if name in Relation.__members__ else Relation[_COMPASS[first]]
