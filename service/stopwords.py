"""Words too common to be index terms, in plain spelling (see analyzer.normalize)."""

_ARABIC = """
في من علي الي عن مع ان او ثم بين حتي منذ خلال ما لا لم لن قد هو هي هم هن هذا هذه ذلك تلك هؤلا اولئك التي الذي الذين
اللتي اللذين اللواتي كان كانت يكون تكون كانوا وكان وكانت ليس ليست كل بعض غير عند عندما لدي كما لكن بل اذا اي ايضا انه
انها انهم بان بانه بانها وان وانه وانها فان فانه الا اما حيث حين كيف متي اين ماذا لماذا هل كم منه منها منهم فيه فيها
فيهم عليه عليها عليهم اليه اليها اليهم عنه عنها له لها لهم به بها بهم معه معها ومن وفي وعلي والي وعن ومع ولا ولم ولن
وقد وهو وهي وهم وهذا وهذه وذلك والتي والذي والذين وما كذلك مما فيما لان لانه بعد قبل وبعد وقبل هناك هنا نحن انا انت تم
يتم وتم سوف قرب بالقرب قربها جوار بما وبما دون بدون فقط جدا ضد اثناء اثر ولكن لكنه لكنها وكل وكما عام يوم
"""

_ENGLISH = """
a an the of in on at by for to from with without and or nor but if then than as is are was were be been being am do
does did have has had having this that these those it its he she they them their his her him we us our you your i me
my who whom whose which what when where why how not no there here into onto over under between among during about
against so such also can could may might must shall should will would up down out off again s t al el near after
before many much long nd rd th
"""

STOP_WORDS = frozenset((_ARABIC + _ENGLISH).split())
_AFTER_AND = frozenset(word for word in _ARABIC.split() if len(word) > 1)
_WORDS_OF_THEIR_OWN = frozenset("فهم فعلي فقد فاو وهن ولدي".split())


def is_stop_word(plain: str) -> bool:
    """Whether a word in plain spelling carries no index term, by itself or after و or ف (ومنها, فهو)."""
    if plain in STOP_WORDS:
        return True
    return plain[:1] in ("و", "ف") and plain[1:] in _AFTER_AND and plain not in _WORDS_OF_THEIR_OWN
