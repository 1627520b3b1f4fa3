"""The service's log: one event a line, with the request it belongs to; nothing that somebody searched for."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from service.records import LogFormat

_FIELDS = "fields"  # attribute of a record: what else is known, as plain values


class TextFormatter(logging.Formatter):
    """Time, level, logger, message, then name=value."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record).replace("\n", "\n  ")
        fields: dict[str, Any] = getattr(record, _FIELDS, {})
        return " ".join([line, *(f"{name}={_shown(value)}" for name, value in fields.items())])


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configuration(kind: LogFormat) -> dict[str, Any]:
    """For logging.config.dictConfig: everything to stderr."""
    formatter = JsonFormatter if kind is LogFormat.JSON else TextFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"{__name__}.{formatter.__name__}"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "loggers": {
            "service": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }


def with_fields(**fields: object) -> dict[str, Any]:
    """For a logging call's ``extra``."""
    return {_FIELDS: fields}


def _shown(value: object) -> str:
    text = str(value)
    plain = text and all(char.isprintable() and char not in ' "=' for char in text)
    return text if plain else json.dumps(text, ensure_ascii=False)
