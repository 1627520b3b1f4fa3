"""Which encoder and which reranker the settings ask for, and what stands in for a model that cannot be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service import encoder
from service.complaints import both
from service.encoder import Encoder, StaticEncoder
from service.errors import ModelOutOfReach
from service.records import Fallback
from service.settings import Settings

if TYPE_CHECKING:
    from service.reranker import Reranker


def load_encoder(settings: Settings) -> tuple[Encoder, tuple[str, ...]]:
    """The encoder and what a user must be told. Raises ModelError."""
    try:
        return encoder.load(settings.model or None, settings), ()
    except ModelOutOfReach:
        if settings.model_fallback is not Fallback.BUNDLED:
            raise
        return encoder.bundled(), (both("model_stands_in", name=settings.model),)


def chosen_encoder(settings: Settings) -> Encoder:
    """As ``load_encoder``, for a process that tells nobody anything."""
    return load_encoder(settings)[0]


def load_reranker(settings: Settings) -> tuple[Reranker | None, tuple[str, ...]]:
    """The reranker, None where none is named, and what a user must be told. Raises ModelError."""
    if not settings.reranker:
        return None, ()
    from service.reranker import Reranker

    try:
        return Reranker(settings.reranker, settings.device, settings.model_batch), ()
    except ModelOutOfReach:
        if settings.model_fallback is not Fallback.BUNDLED:
            raise
        return None, (both("reranker_missing", name=settings.reranker),)


def for_ingest(chosen: Encoder, settings: Settings) -> Encoder:
    """The encoder with the cache before it; for the bundled one, keeping it costs more than it saves (quality.md)."""
    if not settings.cache_mb or isinstance(chosen, StaticEncoder):
        return chosen
    from service.hub_encoder import HubEncoder
    from service.vector_cache import CachedEncoder, cache_folder

    if not isinstance(chosen, HubEncoder):
        return chosen
    return CachedEncoder(chosen, cache_folder(settings.cache), settings.cache_mb * 1_000_000)


def ingest_notices(used: Encoder, chosen: Encoder, settings: Settings) -> tuple[str, ...]:
    """What a user should know after an ingest with that encoder."""
    if isinstance(chosen, StaticEncoder):
        return ()
    from service.hub_encoder import HubEncoder
    from service.vector_cache import CachedEncoder

    notices = list(chosen.notices(settings.chunk_words)) if isinstance(chosen, HubEncoder) else []
    if isinstance(used, CachedEncoder):
        if used.hits:
            notices.append(f"{used.hits:,} of {used.hits + used.encoded:,} passages had been encoded before")
        if used.trouble:
            notices.append(used.trouble)
    return tuple(notices)
