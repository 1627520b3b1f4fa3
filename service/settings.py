"""Every knob of Rasad: its one default, its unit and its meaning. Read from the environment once."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any

from service.errors import SettingsError
from service.records import Backends, Fallback, Fusion, LogFormat, Open, Unsupported


@dataclass(frozen=True, slots=True)
class Settings:
    """Defaults of the whole program. ``RASAD_<NAME>`` in the environment overrides the field of that name."""

    # Where things are.
    indexes: Path = Path()  # folder of collections; empty: the checkout's indexes/, else the user data directory
    model: str = ""  # sentence-transformers model, name or path; empty: the bundled encoder
    model_dim: int = 0  # first numbers of its vectors that are kept (Matryoshka models); 0: all
    query_prompt: str = ""  # put before a question; empty: what the model says itself
    passage_prompt: str = ""  # put before a passage; empty: what the model says itself
    reranker: str = ""  # cross-encoder, name or path; empty: none
    model_fallback: Fallback = Fallback.REFUSE  # when a model is not here and the hub is out of reach
    model_batch: int = 32  # texts that a model takes at once
    device: str = ""  # cpu, cuda, cuda:1, mps; empty: a GPU where there is one
    cache: Path = Path()  # folder of vectors encoded before; empty: the user cache directory
    cache_mb: int = 2_000  # most it holds, in 10^6 bytes; 0: nothing is kept
    collection: str = "seeds"  # collection used when none is named

    # What keeps the collections.
    backend: Backends = Backends.EMBEDDED
    uri: str = ""  # of the milvus backend: http(s)://HOST:PORT, or a file that ends in .db (Milvus Lite, one process)
    milvus_token: str = ""  # "user:password", or a key
    milvus_database: str = ""  # empty: the server's default
    milvus_ca: str = ""  # PEM file of the authority that signed the server's certificate
    milvus_timeout_s: float = 20.0  # for one request, with what is tried again
    milvus_hedge_s: float = 1.0  # without an answer after which a read is sent once more
    milvus_index: str = ""  # of the dense vectors; empty: FLAT in a file, HNSW on a server
    milvus_shards: int = 1  # of collections that are made
    milvus_replicas: int = 1  # in memory, of collections that are made
    milvus_articles: int = 500  # whole articles that one search of words looks at
    milvus_sample: int = 2_000  # articles that the dictionary keeps of a term, at most
    milvus_canary_s: float = 2.0  # how often searches have the rows counted

    # Chunking, in words.
    chunk_words: int = 120  # target length of a chunk
    chunk_overlap_sentences: int = 1

    # BM25 (rank-bm25's BM25Okapi).
    bm25_k1: float = 0.9
    bm25_b: float = 0.75
    bm25_epsilon: float = 0.25  # floor of idf, as a share of the average idf

    # Ranking.
    depth: int = 1000  # chunks taken from each leg before fusion
    depth_dense: int = 300  # of the vectors' leg, whose weight is small; more changed nothing on the dev topics
    k: int = 10  # passages shown
    passages_per_article: int = 2  # passages of one article shown in one result
    max_passages_looked_at: int = 20  # fused chunks looked at for each passage shown
    fusion: Fusion = Fusion.CONVEX
    weight_bm25: float = 1.0
    weight_cross: float = 1.0
    weight_dense: float = 0.2
    weight_feedback: float = 1.0  # 0 switches pseudo-relevance feedback off
    weight_article: float = 1.5  # of the whole article's score beside its chunk's
    weight_balance: float = 1.0  # of how far either language's evidence is believed beside the other's; 0: all alike
    weight_frame: float = 0.3  # of words that say how a question is put (type, called, اسم), its date or "latest"
    weight_synonyms: float = 1.0  # of words that share translations with a question word, times how likely
    translate_without: str = ""  # parts of the translator that are off (records.Translation), by commas; for measuring
    weight_variants: float = 0.4  # of terms spelt like a question word, times their likeness; 0 switches them off
    variants: int = 8  # such terms for each question word, likest first
    weight_alignment: float = 8.0  # of a short article's part of what the best hold of the question's words; 0: none
    weight_reranker: float = 2.0  # of the reranker's score, 0 to 1, beside the fused one
    reranker_depth: int = 50  # best fused passages that it reads
    feedback_passages: int = 10
    feedback_terms: int = 30
    weight_place: float = 0.4  # 0: the question's places are not looked at
    weight_period: float = 0.1  # of articles and days in the period that a question names
    weight_recent: float = 0.4  # of the newest article, where newer ones are preferred
    recent_days: float = 7.0  # in which that preference halves
    near_km: float = 50.0  # how far near= reaches without within_km=
    gazetteer: str = ""  # TSV with places of the user's own, on top of the bundled ones
    min_cosine: float = 0.26  # of a passage's vector with the question's, where no word of the question is found at all
    rrf_k: int = 60  # constant of reciprocal rank fusion (Cormack et al. 2009)

    # Answering.
    answer_passages: int = 20  # passages whose sentences are looked at
    answer_looked_at: int = 12  # sentences, best by their words, that are judged in full
    answer_sentences: int = 3  # sentences cited in one answer
    answer_margin: float = 6.0  # how far below the best a cited sentence may score; see confidence.score
    answer_threshold: float = 0.552  # confidence below which the answer is that the reports do not say

    # A language model of the user's own, any OpenAI-compatible endpoint; none without a URL.
    llm_url: str = ""  # up to and without /chat/completions, e.g. the server's .../v1
    llm_model: str = ""  # name the endpoint knows it by
    llm_key: str = ""  # sent as a bearer token when not empty
    llm_timeout_s: float = 30.0  # for the whole reply, and to connect
    llm_passages: int = 6  # passages of independent reports that it is given
    llm_support: float = 0.5  # a sentence's least support by what it cites, 0 to 1; see grounding.py
    llm_unsupported: Unsupported = Unsupported.DROP

    # Writing.
    segment_chunks: int = 200_000  # chunks held in memory before a segment is written
    near_copy_bands: int = 8  # of a passage's MinHash signature, four hashes each; an article has twice as many
    near_copy_alike: float = 0.6  # share of the three-word sequences that near copies have in common, at least
    ingest_workers: int = 0  # processes that prepare articles for the index; 0: as many as there are processors
    ray: str = ""  # Ray cluster whose actors prepare articles: auto, HOST:PORT, ray://HOST:PORT or local; empty: none
    watch_interval_s: float = 300.0  # between two looks at a feed
    fetch_private: int = 0  # 1: addresses of this machine and of private networks may be fetched from, too
    fetch_timeout_s: float = 30.0  # for a whole document, redirects included
    fetch_max_bytes: int = 10_000_000  # of one, decompressed
    commit_records: int = 50_000  # a long ingest publishes what it has after so many records ...
    commit_s: float = 600.0  # ... or so many seconds, whichever comes first

    # Limits.
    max_query_chars: int = 1_000
    max_k: int = 100
    max_text_bytes: int = 10_000_000  # UTF-8 size of one article

    # Service.
    host: str = "127.0.0.1"
    port: int = 8077
    workers: int = 1
    search_threads: int = 1  # that retrieve, per worker; more fight for Python's lock, see scripts/results/load.md
    state: str = ""  # SQLite file of keys, saved searches and uploads; empty: state.sqlite3 among the indexes
    open: Open = Open.LOOPBACK  # who needs no key
    hosts: str = ""  # further names that the service answers to, with commas; localhost and the address always; * any
    public_url: str = ""  # address that people use, for links in feeds; empty: the one a feed was asked for at
    cors_origins: str = ""  # origins whose pages may use the API, with commas, e.g. https://example.org
    rate_per_minute: int = 120  # requests of one key or address; 0: no limit. Loopback without a key has none
    rate_burst: int = 60  # of them at once
    max_in_flight: int = 256  # requests under way in one worker; more are told to come back
    request_timeout_s: float = 30.0
    max_body_bytes: int = 100_000  # of a request that is no upload
    max_upload_bytes: int = 200_000_000
    max_upload_files: int = 100
    upload_timeout_s: float = 3_600.0  # for taking in one upload
    pinned_s: float = 300.0  # how long a superseded version is kept open for who still pages through it
    refresh_s: float = 1.0  # how often the service looks for new index versions
    log: LogFormat = LogFormat.TEXT
    log_questions: int = 0  # 1: the log has what was searched for
    tile_url: str = ""  # map tiles, as https://HOST/{z}/{x}/{y}.png; empty: the bundled outlines, nothing is loaded
    tile_attribution: str = ""  # what the tiles' owner asks to be shown on the map

    @property
    def one_process(self) -> bool:
        """Whether only one process may have the collections open: those in a file of Milvus Lite."""
        return self.backend is Backends.MILVUS and "://" not in self.uri

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Settings with every ``RASAD_*`` variable applied. Raises SettingsError for a value that cannot be used."""
        environ = os.environ if environ is None else environ
        default = cls()
        given = {
            spec.name: _read(f"RASAD_{spec.name.upper()}", raw, getattr(default, spec.name), _LEAST.get(spec.name, 1))
            for spec in fields(cls)
            if (raw := environ.get(f"RASAD_{spec.name.upper()}"))
        }
        return cls(**given)


_LEAST_0 = """
chunk_overlap_sentences port model_dim cache_mb ingest_workers fetch_private
rate_per_minute log_questions
"""
_LEAST = dict.fromkeys(_LEAST_0.split(), 0)  # of whole numbers; else 1


def _read(name: str, raw: str, default: object, least: int) -> Any:
    """The value of a variable, of its default's type."""
    wanted = "text"
    try:
        if isinstance(default, Path):
            return Path(raw).expanduser().absolute()
        if isinstance(default, Enum):
            wanted = "one of " + ", ".join(str(choice.value) for choice in type(default))
            return type(default)(raw)
        if isinstance(default, int):
            wanted = f"a whole number of at least {least}"
            value: float = int(raw)
        elif isinstance(default, float):
            wanted, least = "a number of at least 0", 0
            value = float(raw)
        else:
            return raw
        if least <= value < math.inf:
            return value
    except (ValueError, RuntimeError):  # RuntimeError: "~name" of no user
        pass
    raise SettingsError(f"{name} must be {wanted}, found {raw!r}: correct or unset it")
