"""The API against its own description, with whatever schemathesis makes up: no request may bring the service down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from service.engine import Engine
from service.records import Open
from service.settings import Settings
from service.web.app import create_app

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Uploads of more than a byte are refused: this is about requests, not about ingest."""
    made = Settings(
        indexes=tmp_path_factory.mktemp("contract"),
        open=Open.EVERYONE,
        hosts="*",
        rate_per_minute=0,
        max_upload_bytes=1,
    )
    with closing(Engine(made)) as engine:
        engine.prepare_sample()
        yield schemathesis.openapi.from_asgi("/schema/openapi.json", create_app(engine, made))


def test_no_request_breaks_the_service_and_every_answer_is_as_described(schema: Any) -> None:
    checked = set()
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=8, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def hold(case: Any) -> None:
            case.validate_response(case.call(), checks=CHECKS)

        hold()
        checked.add(f"{operation.method.upper()} {operation.path}")

    assert {"GET /api/v1/search", "POST /api/v1/answer", "POST /api/v1/saved", "POST /api/v1/uploads"} <= checked
    assert len(checked) == len(list(schema.get_all_operations()))
