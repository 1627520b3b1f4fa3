"""Written by scripts/train_confidence; do not edit. 2018 questions, encoder rasad-bilingual-9330a404."""

RANKER = {
    "coverage": 1.0178,
    "window": 0.4371,
    "passage": 5.5652,
    "title": 1.2,
    "rare": 0.2442,
    "pairs": 0.4097,
    "words": -0.3029,
    "gap": 0.0,
    "mass": 0.0,
    "asked": 0.0,
    "cosine": 1.0014,
    "fit": 4.0,
    "date": -4.4138,
    "place": 0.0,
    "rank": 0.8493,
    "score": 2.5679,
    "lead": -0.5083,
    "length": -0.2621,
}
CONFIDENCE = {
    "gap": -3.3914,
    "mass": 1.4018,
    "asked": -0.0297,
    "cosine": 0.2995,
    "fit": 2.9889,
    "date": -2.426,
    "place": -1.2394,
    "length": -1.8318,
    "untyped": 0.8454,
}
INTERCEPT = 0.0159
