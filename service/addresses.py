"""Web addresses that reports carry: what may be made a link."""

from __future__ import annotations

import re


def web_address(url: str) -> str:
    """``url`` if a reader may be sent there, "" for javascript:, data: and whatever else a report may carry."""
    return url if re.fullmatch(r"https?://[^\s\x00-\x20\x7f\"'<>\\^`{|}]{1,2000}", url, re.IGNORECASE) else ""
