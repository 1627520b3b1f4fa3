"""The bundled encoder: the same vectors by numpy alone and by sentence-transformers, and a folder that stays small."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from service import bundle
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
    english = [
        "Two oil wells burn south of Mosul",
        "The minister visited the university",
        "Floods destroyed the bridge",
    ]
    arabic = ["الوزير زار الجامعة", "الفيضانات دمرت الجسر", "بئران نفطيتان تحترقان جنوب الموصل"]
    cosines = bundled().encode_passages(english) @ bundled().encode_passages(arabic).T
    assert cosines.argmax(axis=1).tolist() == [2, 0, 1]


def test_whitening_moves_unrelated_sentences_apart_and_leaves_words_as_they_were(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(BUNDLED, tmp_path / "encoder"))
    things, places = ("the bridge", "a school", "two ships", "the market"), ("Mosul", "Aden", "Homs")
    texts = [f"They saw {thing} burn near {place}" for thing in things for place in places]
    words = ["school", "مدرسة", "bridge", "جسر", "ship"]
    bundle.whiten(folder, texts)
    white = StaticEncoder(folder)
    before, after = (encoder.encode_passages(texts) for encoder in (bundled(), white))
    assert (after @ after.T).mean() < 0.7 * (before @ before.T).mean()
    assert white.encoder_id != bundled().encoder_id  # an index made before refuses it
    as_trained, now = white.encode_words(words), bundled().encode_passages(words)
    assert np.abs(as_trained @ as_trained.T - now @ now.T).max() < 0.03  # rows are of 8 bits


def test_words_are_compared_as_they_were_trained() -> None:
    pairs = bundled().encode_words(["school", "bridge", "مدرسة", "جسر"])
    whitened = bundled().encode_passages(["school", "bridge", "مدرسة", "جسر"])
    assert np.abs(np.linalg.norm(pairs, axis=1) - 1).max() < 1e-5
    assert (pairs[:2] @ pairs[2:].T).trace() > (whitened[:2] @ whitened[2:].T).trace()


def test_nearest_words_are_of_the_other_language() -> None:
    assert "مدرس" in [term for term, _ in bundled().nearest("school")][:5]
    assert bundled().nearest("قصف")[0][0].isascii()
    assert bundled().nearest("nosuchword") == []


def test_the_bundle_stays_within_its_limits() -> None:
    sizes = {path: path.stat().st_size for folder in (BUNDLED, LEXICON) for path in folder.iterdir()}
    assert max(sizes.values()) <= 25_000_000
    assert sum(sizes.values()) <= 48_000_000
