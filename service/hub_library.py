"""The door to sentence-transformers: models by name or folder, what is on the disk first, and why one cannot be had."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from service.errors import ModelError, ModelOutOfReach

_HUB_TIMEOUT_S = 5.0  # the library itself goes on trying for more than a minute
_LISTING = {"sentence-transformers": "modules.json", "cross-encoder": "config.json"}  # read first of each kind


def sentence_encoder(model: str, device: str = "", dim: int = 0) -> Any:
    """A SentenceTransformer, ``dim`` > 0 keeping the first numbers of its vectors (Matryoshka). Raises ModelError."""
    from sentence_transformers import SentenceTransformer

    found = _loaded(
        lambda local: SentenceTransformer(
            model, device=device or None, truncate_dim=dim or None, local_files_only=local
        ),
        model, "sentence-transformers", "RASAD_MODEL", "leave --model and RASAD_MODEL out to use the bundled encoder",
    )  # fmt: skip
    return found


def cross_encoder(model: str, device: str = "") -> Any:
    """A CrossEncoder. Raises ModelError."""
    from sentence_transformers import CrossEncoder

    return _loaded(
        lambda local: CrossEncoder(model, device=device or None, local_files_only=local),
        model, "cross-encoder", "RASAD_RERANKER", "unset RASAD_RERANKER to do without",
    )  # fmt: skip


def first_line(error: Exception) -> str:
    """What an error of a foreign library says, short enough for a message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _loaded(load: Callable[[bool], Any], model: str, kind: str, setting: str, otherwise: str) -> Any:
    local = Path(model).exists()
    cached = not local and _is_cached(model, kind)
    if not local and not cached and (reason := _out_of_reach()):
        raise ModelOutOfReach(
            f"model {model!r} is not on this machine and the model hub is out of reach ({reason}): download it where "
            f"there is a network and give its folder ({setting}), or {otherwise}; with RASAD_MODEL_FALLBACK=bundled "
            "this is done without asking, where the collection allows it"
        )
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]  # of reading weights; a download still shows its own
    try:
        return load(local or cached)
    except Exception as error:  # the library raises whatever its loaders raise: OSError, ValueError, hub errors
        where = "folder" if local else "download cache" if cached else "model hub"
        raise ModelError(
            f"model {model!r} cannot be loaded from the {where} ({first_line(error)}): check the name ({setting}), "
            f"download it where there is a network and give its folder, or {otherwise}"
        ) from error


def _is_cached(model: str, kind: str) -> bool:
    """Whether an earlier run downloaded it: then the hub is not asked, and what was used is used again."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    name = model if "/" in model else f"{kind}/{model}"
    try:
        found = try_to_load_from_cache(name, _LISTING[kind], cache_dir=os.environ.get("SENTENCE_TRANSFORMERS_HOME"))
    except HFValidationError:  # no name that a hub could know; loading it says so
        return False
    return isinstance(found, str)


def _out_of_reach() -> str:
    """Why the hub cannot be asked, "" when it can."""
    import urllib.error
    import urllib.request

    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    try:
        with urllib.request.urlopen(urllib.request.Request(constants.ENDPOINT, method="HEAD"), timeout=_HUB_TIMEOUT_S):
            return ""
    except urllib.error.HTTPError:  # it answers, if not to this
        return ""
    except (OSError, ValueError) as error:
        return first_line(error)
