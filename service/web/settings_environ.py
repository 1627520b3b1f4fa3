"""Settings as environment variables: how processes that the service starts get them."""

from __future__ import annotations

from dataclasses import fields

from service.settings import Settings


def as_environ(settings: Settings) -> dict[str, str]:
    """The variables from which ``Settings.from_env`` makes ``settings`` again; those at their defaults are left out."""
    default = Settings()
    given = {spec.name: getattr(settings, spec.name) for spec in fields(settings)}
    return {f"RASAD_{name.upper()}": str(value) for name, value in given.items() if value != getattr(default, name)}
