"""Written by scripts/train_confidence; do not edit. 2018 questions, encoder rasad-bilingual-9330a404."""

RANKER = {
    "coverage": 0.9669,
    "window": 0.447,
    "passage": 5.6011,
    "title": 1.2,
    "rare": 0.2285,
    "pairs": 0.4761,
    "words": -0.3192,
    "gap": 0.0,
    "mass": 0.0,
    "asked": 0.0,
    "cosine": 1.0049,
    "fit": 4.0,
    "date": -4.4133,
    "place": 0.0,
    "rank": 0.8741,
    "score": 2.5469,
    "lead": -0.4856,
    "length": -0.322,
}
CONFIDENCE = {
    "gap": -3.3826,
    "mass": 1.4645,
    "asked": -0.0411,
    "cosine": 0.2583,
    "fit": 2.9789,
    "date": -2.4006,
    "place": -1.3065,
    "length": -1.6832,
    "untyped": 0.8811,
}
INTERCEPT = -0.2
