"""Written by scripts/train_confidence; do not edit. 2018 questions, encoder rasad-bilingual-df9a23a1."""

RANKER = {
    "coverage": 1.3437,
    "window": 0.6282,
    "passage": 4.3719,
    "title": 1.2,
    "rare": 0.1036,
    "pairs": -0.0123,
    "words": -0.3177,
    "gap": 0.0,
    "mass": 0.0,
    "asked": 0.0,
    "cosine": 0.6049,
    "fit": 4.0,
    "date": -4.3097,
    "place": 0.0,
    "rank": 1.0452,
    "score": 2.7241,
    "lead": -0.4472,
    "length": -0.3864,
}
CONFIDENCE = {
    "gap": -3.6888,
    "mass": 1.2808,
    "asked": -0.1571,
    "cosine": 0.5153,
    "fit": 2.8221,
    "date": -2.348,
    "place": -1.3671,
    "length": -1.4061,
    "untyped": 0.812,
}
INTERCEPT = -0.1102
