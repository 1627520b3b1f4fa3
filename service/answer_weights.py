"""Written by scripts/train_confidence; do not edit. 2018 questions, encoder rasad-bilingual-9330a404."""

RANKER = {
    "coverage": 0.9849,
    "window": 0.4086,
    "passage": 6.784,
    "title": 1.2,
    "rare": 0.264,
    "pairs": 0.5431,
    "words": -0.5969,
    "soft": 0.0,
    "soft_window": 0.0,
    "gap": 0.0,
    "soft_gap": 0.0,
    "worst": 0.0,
    "mass": 0.0,
    "local": 0.0,
    "unit": 0.0,
    "cosine": 2.1172,
    "fit": 4.0,
    "date": -4.3842,
    "rank": 0.4306,
    "score": 2.1375,
    "lead": -0.4517,
    "length": -0.1023,
}
CONFIDENCE = {
    "soft_gap": -3.9423,
    "mass": 1.1038,
    "cosine": 0.5455,
    "fit": 2.3294,
    "date": -2.5229,
    "untyped": 0.7731,
}
INTERCEPT = -0.7379
