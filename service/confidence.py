"""How likely it is that what is shown holds the answer: a logistic model over the best sentence's evidence.

The weights are in answer_weights.py, fitted by scripts/train_confidence on the team's own reports: questions that they
answer, and questions like them that nothing answers any more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from service.answer_weights import CONFIDENCE, INTERCEPT, RANKER
from service.evidence import FEATURES, Sentence
from service.question import UNTYPED, Question

NO_FIT = 0.45  # below this a sentence holds no answer of the kind asked for
INPUTS = ("gap", "mass", "asked", "cosine", "fit", "date", "place", "length", "untyped")


def inputs(sentence: Sentence, question: Question) -> tuple[float, ...]:
    """What the model sees, in the order of INPUTS; the last is 1.0 where any words may answer: fit then says little."""
    own = [sentence.feature(name) for name in INPUTS[:-1]]
    return *own, float(question.type in UNTYPED)


def score(sentence: Sentence) -> float:
    """What sentences are ranked by; comparable within one question."""
    return float(np.dot([RANKER[name] for name in FEATURES], sentence.features))


def ranked(found: Sequence[Sentence]) -> list[tuple[float, Sentence]]:
    """(score, sentence), best first; equal ones by passage and place."""
    scored = [(score(sentence), sentence) for sentence in found]
    return sorted(scored, key=lambda item: (-item[0], item[1].passage, item[1].start))


def probability(sentence: Sentence, question: Question) -> float:
    """0 to 1, calibrated where half of the questions have an answer."""
    values = zip(INPUTS, inputs(sentence, question), strict=True)
    logit = INTERCEPT + sum(CONFIDENCE[name] * value for name, value in values)
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))
