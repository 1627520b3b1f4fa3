"""Written by scripts/train_confidence; do not edit. 1830 questions, encoder rasad-bilingual-lab."""

RANKER = {
    "coverage": 2.3508,
    "window": 2.9621,
    "passage": 3.4195,
    "title": 1.2,
    "rare": 0.656,
    "pairs": 0.3408,
    "words": -0.6589,
    "soft": 0.0,
    "soft_window": 0.0,
    "gap": 0.0,
    "soft_gap": 0.0,
    "worst": 0.0,
    "mass": 0.0,
    "local": 0.0,
    "unit": 0.0,
    "cosine": 1.9183,
    "fit": 1.6182,
    "date": -3.3265,
    "rank": 1.2563,
    "score": 2.6408,
    "lead": -0.1924,
    "length": -0.5406,
}
CONFIDENCE = {
    "soft_gap": -2.5528,
    "mass": 4.6772,
    "cosine": 0.8948,
    "fit": 0.1878,
    "date": -2.9385,
    "pairs": 0.5698,
    "no_fit": -0.6005,
}
INTERCEPT = -2.7774
