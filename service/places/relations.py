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
    r"(?: radius)?(?: (?:of|from|around|near|من|عن|حول))?(?: the)? *$"
)
_RADIUS_AFTER = re.compile(
    rf"^ +(?:within|(?:في |ضمن )?(?:دايره )?ب?(?P<half>نصف )?قطر(?:ها)?) (\d+(?:\.\d+)?) ?({_UNIT})(?= )"
)
_NUMBERS = {
    word: str(number)
    for number, words in (
        (5, "five خمسه"), (10, "ten عشره"), (15, "fifteen"), (20, "twenty عشرين"), (25, "twenty-five"),
        (30, "thirty ثلاثين"), (40, "forty اربعين"), (50, "fifty خمسين"), (60, "sixty ستين"),
        (100, "hundred مايه ميه"),
    )
    for word in words.split()
}  # fmt: skip
_NUMBER_WORD = re.compile(rf"(?<= )(?:a )?({'|'.join(_NUMBERS)})(?= )")
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
_PART_EN = re.compile(r" (north|south|east|west) ?(east|west)?(?:ern)?(?: part of| parts of)?(?: the)? *$")
_DIRECTION_AR = re.compile(rf" (?:ال|ب)?(شمال|جنوب|شرق|غرب)ي?(?: (?:ال)?(شرق|غرب)ي?)?(?: من)?(?: (?:{_KINDS_AR}))? *$")
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
    if text[name.start : name.end] == "قطر" and (before.endswith("نصف ") or re.match(r"(?:ها)? +\d", after)):
        name.held = True  # a diameter, not Qatar
    elif name.common and not name.latin and words and words[-1].endswith("العاصمه"):
        name.held = True  # "the new capital": no capital's name is an ordinary word
    elif match := _WITHIN.search(_in_figures(before)):
        name.within_km, name.relation, name.explicit = _km(match[1], match[2]), Relation.WITHIN, True
    elif match := _RADIUS_AFTER.match(_in_figures(after)):
        across = "قطر" in match[0] and not match["half"]
        name.within_km = _km(match[2], match[3]) / (2 if across else 1)
        name.relation, name.explicit = Relation.WITHIN, True
    elif match := _DIRECTION_EN.search(before) or _DIRECTION_AR.search(before):
        name.relation, name.explicit = _direction(match[1], match[2]), True
    elif name.latin and (match := _PART_EN.search(before)):
        name.relation, name.explicit, name.part = _direction(match[1], match[2]), True, True
    elif _NEAR.search(before) or _SURROUNDED.match(after):
        name.relation, name.explicit = Relation.NEAR, True
    elif _BETWEEN.search(before):
        name.relation, name.explicit = Relation.BETWEEN, True
    elif _IN.search(before):
        name.explicit = True


def _in_figures(text: str) -> str:
    """Numbers that are written as words, or with a decimal comma, in figures."""
    return _NUMBER_WORD.sub(lambda match: _NUMBERS[match[1]], re.sub(r"(\d) (\d)", r"\1.\2", text))


def _km(number: str, unit: str) -> float:
    return float(number) * (_KM_PER_MILE if unit.startswith(("mi", "ميل")) else 1.0)


def _direction(first: str, second: str | None) -> Relation:
    """ "east of", "شمال غرب"; of a pair that there is not, such as east-west, the first."""
    name = _COMPASS[first] + (_COMPASS[second] if second else "")
    return Relation[name] if name in Relation.__members__ else Relation[_COMPASS[first]]
