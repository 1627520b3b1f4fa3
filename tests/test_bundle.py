"""The bundled encoder: the same vectors by numpy alone and by sentence-transformers, and a folder that stays small."""

from __future__ import annotations

import numpy as np
import pytest

from service.encoder import BUNDLED, StaticEncoder, bundled
from service.lexicon import BUNDLED as LEXICON

TEXTS = [
    "Strikes near Hawija killed 12 people on 14 May 2020",
    "غاراتٌ جوية قرب الحويجه أسفرت عن مقتل ١٢ شخصاً",
    "mixed: داعش في Mosul، F-16",
    "قناعوصشيالة qwertyzxcv",
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_sentence_transformers_gives_the_same_vectors() -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(BUNDLED), trust_remote_code=True, device="cpu")
    theirs = model.encode(TEXTS, normalize_embeddings=True)
    assert np.abs(theirs - bundled().encode_passages(TEXTS)).max() < 1e-5


def test_a_question_and_a_passage_with_the_same_words_have_the_same_vector() -> None:
    for text, row in zip(TEXTS, bundled().encode_passages(TEXTS), strict=True):
        assert np.abs(bundled().encode_query(text) - row).max() < 1e-5
        assert abs(np.linalg.norm(row) - 1) < 1e-5


def test_the_batch_a_text_is_in_does_not_change_its_vector() -> None:
    fresh = StaticEncoder()
    alone = np.concatenate([fresh.encode_passages([text]) for text in TEXTS])
    assert np.abs(alone - bundled().encode_passages(TEXTS[::-1])[::-1]).max() < 1e-6


def test_a_text_without_words_has_no_direction() -> None:
    assert not bundled().encode_query("... ؟").any()
    assert not bundled().encode_passages(["", "—"]).any()


def test_translations_are_nearer_than_other_sentences() -> None:
    english = ["Two oil wells burn south of Mosul", "The minister visited the university", "Floods destroyed the bridge"]
    arabic = ["الوزير زار الجامعة", "الفيضانات دمرت الجسر", "بئران نفطيتان تحترقان جنوب الموصل"]
    cosines = bundled().encode_passages(english) @ bundled().encode_passages(arabic).T
    assert cosines.argmax(axis=1).tolist() == [2, 0, 1]


def test_nearest_words_are_of_the_other_language() -> None:
    assert "مدرس" in [term for term, _ in bundled().nearest("school")][:5]
    assert bundled().nearest("قصف")[0][0].isascii()
    assert bundled().nearest("nosuchword") == []


def test_the_bundle_stays_within_its_limits() -> None:
    sizes = {path: path.stat().st_size for folder in (BUNDLED, LEXICON) for path in folder.iterdir()}
    assert max(sizes.values()) <= 25_000_000
    assert sum(sizes.values()) <= 48_000_000
