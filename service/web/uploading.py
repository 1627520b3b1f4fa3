"""Uploads over the API: files in, progress and rejections out."""

# No "from __future__ import annotations": the limits in the annotations below are values of this run's settings.

import shutil
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import ClientException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath, QueryParameter
from msgspec import Meta, Struct

from service.records import Role
from service.settings import Settings
from service.uploads import Upload
from service.web import limits
from service.web.access import authorised
from service.web.api import problem_responses
from service.web.desk import Desk
from service.web.saved import whose

AnyRequest = Request[Any, Any, Any]
INGEST = {"role": Role.INGEST}
SOME_INGEST = {"role": Role.INGEST, "some": True}
_PIECE_BYTES = 2**20


class RejectionOut(Struct, frozen=True):
    """A record that was not taken, and why."""

    file: str
    line: int
    reason: str


class UploadOut(Struct, frozen=True, kw_only=True):
    """One upload. ``read`` and ``rejected`` grow while it runs; the other counts are known when it is done."""

    id: str
    collection: str
    files: list[str]
    replaces: bool
    status: Annotated[str, Meta(description="waiting, running, done or failed")]
    message: Annotated[str, Meta(description="why it failed")]
    created: str
    started: str
    ended: str
    read: int
    added: int
    updated: int
    unchanged: int
    copies: int
    rejected: int
    rejections: Annotated[list[RejectionOut], Meta(description="the first of them")]
    version: Annotated[str, Meta(description="index version that has it")]


class UploadsOut(Struct, frozen=True):
    """Newest first."""

    uploads: list[UploadOut]


class UploadOperation(Operation):
    """Litestar cannot know that the handler reads a form by itself."""

    def __post_init__(self) -> None:
        files = Schema(
            type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.STRING, content_media_type="application/octet-stream")
        )
        form = Schema(type=OpenAPIType.OBJECT, properties={"files": files}, required=["files"])
        self.request_body = RequestBody({"multipart/form-data": OpenAPIMediaType(schema=form)}, required=True)


def upload_handlers(desk: Desk, settings: Settings) -> list[HTTPRouteHandler]:
    @post(
        "/api/v1/uploads",
        opt=INGEST,
        status_code=202,
        guards=[limits.parameters_guard("collection", "replace")],
        request_max_body_size=settings.max_upload_bytes,
        responses=problem_responses(400, 401, 403, 413, 503),
        operation_id="upload",
        summary="Add reports",
        description=(
            "Files of the kinds that `rasad ingest` reads, as multipart/form-data under the name `files`. They are "
            "taken in by a process of their own, one upload after the other; its id tells how far an upload is."
        ),
        tags=["uploads"],
        operation_class=UploadOperation,
    )
    async def upload(
        request: AnyRequest,
        collection: Annotated[
            str,
            QueryParameter(pattern=f"^{limits.COLLECTION}$", description="Collection to add to, made if new."),
        ] = settings.collection,
        replace: Annotated[
            bool, QueryParameter(description="Give articles whose id is known the new text, instead of rejecting them.")
        ] = False,
    ) -> UploadOut:
        who = authorised(request, Role.INGEST)
        name = limits.collection(collection)
        if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            raise ClientException(
                "files come as multipart/form-data, under the name files: curl -F files=@reports.jsonl"
            )
        form = await request.form()
        try:
            given = [part for part in form.getall("files", []) if isinstance(part, UploadFile) and part.filename]
            if not given:
                raise ClientException("no file came under the name files: curl -F files=@reports.jsonl")
            if len(given) > settings.max_upload_files:
                raise ClientException(f"{len(given)} files at once, at most {settings.max_upload_files} are taken")
            files = [(part.filename, _writer(part)) for part in given]
            return upload_out(await desk.upload(who.key_id, name, replace, files))
        finally:
            for part in form.values():
                if isinstance(part, UploadFile):
                    await part.close()

    @get(
        "/api/v1/uploads",
        opt=SOME_INGEST,
        guards=[limits.parameters_guard()],
        responses=problem_responses(400, 401, 403, 503),
        operation_id="uploads",
        summary="List your uploads",
        description="Those of the key that asks; of everybody for an admin.",
        tags=["uploads"],
    )
    async def uploads(request: AnyRequest) -> UploadsOut:
        return UploadsOut([upload_out(found) for found in await desk.uploaded(_whose(request))])

    @get(
        "/api/v1/uploads/{upload_id:str}",
        opt=SOME_INGEST,
        responses=problem_responses(400, 401, 403, 404, 503),
        operation_id="uploadProgress",
        summary="How far an upload is",
        tags=["uploads"],
    )
    async def progress(request: AnyRequest, upload_id: FromPath[str]) -> UploadOut:
        return upload_out(await desk.progress(upload_id, _whose(request)))

    return [upload, uploads, progress]


def upload_out(upload: Upload) -> UploadOut:
    values = {name: getattr(upload, name) for name in UploadOut.__struct_fields__ if name != "id"}
    return msgspec.convert({**values, "id": upload.upload_id}, UploadOut, strict=False)


def _writer(part: UploadFile) -> Any:
    def write(path: Path) -> None:
        part.file.seek(0)
        with path.open("xb") as file:
            shutil.copyfileobj(part.file, file, _PIECE_BYTES)

    return write


def _whose(request: AnyRequest) -> str | None:
    return whose(authorised(request, Role.INGEST))
