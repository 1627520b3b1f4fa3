from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from service.errors import SettingsError
from service.records import Fusion
from service.settings import Settings


def test_without_variables_the_defaults_hold() -> None:
    assert Settings.from_env({"PATH": "/bin", "RASAD_K": "", "RASAD_UNKNOWN": "1"}) == Settings()


def test_a_variable_overrides_the_field_of_its_name() -> None:
    found = Settings.from_env(
        {"RASAD_K": "25", "RASAD_BM25_B": "0.4", "RASAD_FUSION": "rrf", "RASAD_MODEL": "m", "RASAD_PORT": "0"}
    )
    assert (found.k, found.bm25_b, found.fusion, found.model, found.port) == (25, 0.4, Fusion.RRF, "m", 0)


def test_every_field_can_be_set_to_its_default() -> None:
    default = Settings(indexes=Path("/somewhere"), cache=Path("/elsewhere"))
    environ = {f"RASAD_{spec.name.upper()}": str(getattr(default, spec.name)) for spec in fields(Settings)}
    assert Settings.from_env(environ) == default


def test_a_folder_is_meant_as_seen_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    assert Settings.from_env({"RASAD_INDEXES": "."}).indexes == tmp_path
    assert Settings.from_env({"RASAD_INDEXES": "~/x"}).indexes == Path("/home/me/x")


@pytest.mark.parametrize(
    "name, value, wanted",
    [
        ("RASAD_K", "ten", "a whole number of at least 1"),
        ("RASAD_K", "0", "a whole number of at least 1"),
        ("RASAD_PORT", "-1", "a whole number of at least 0"),
        ("RASAD_CHUNK_WORDS", "1.5", "a whole number of at least 1"),
        ("RASAD_BM25_K1", "nan", "a number of at least 0"),
        ("RASAD_BM25_K1", "inf", "a number of at least 0"),
        ("RASAD_BM25_K1", "-0.1", "a number of at least 0"),
        ("RASAD_FUSION", "sum", "one of convex, rrf"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_was_wanted(name: str, value: str, wanted: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({name: value})
    assert str(raised.value) == f"{name} must be {wanted}, found {value!r}: correct or unset it"
