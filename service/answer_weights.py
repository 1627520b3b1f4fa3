"""Written by scripts/train_confidence; do not edit. 2018 questions, encoder rasad-bilingual-9330a404."""

RANKER = {
    "coverage": 1.1104,
    "window": 0.1259,
    "passage": 7.1407,
    "title": 1.2,
    "rare": 0.2805,
    "pairs": 0.6705,
    "words": -0.7173,
    "soft": 0.0,
    "soft_window": 0.0,
    "gap": 0.0,
    "soft_gap": 0.0,
    "worst": 0.0,
    "mass": 0.0,
    "local": 0.0,
    "unit": 0.0,
    "cosine": 2.1088,
    "fit": 4.0,
    "date": -4.6235,
    "rank": 0.4861,
    "score": 2.1893,
    "lead": -0.4183,
    "length": -0.6069,
}
CONFIDENCE = {
    "soft_gap": -3.946,
    "mass": 1.2831,
    "cosine": 0.2793,
    "fit": 2.0778,
    "date": -2.2604,
    "untyped": 0.7162,
}
INTERCEPT = -0.6457
