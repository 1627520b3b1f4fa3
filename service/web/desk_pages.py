"""The desk at /desk: saved searches with their feeds, and uploads, for whoever asks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import ClientException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect, Template

from service.complaints import recognised
from service.records import Language, Role
from service.saved import SavedSearch
from service.settings import Settings
from service.web import limits, state
from service.web.access import SOME, authorised, caller, reach
from service.web.asked import NAME, SEVERAL, Options, from_options
from service.web.desk import Desk
from service.web.frame import frame
from service.web.saved import whose
from service.web.state import PageRequest, State
from service.web.threads import ThreadedEngine

_INGEST = {"role": Role.INGEST, "some": True}
_OPTIONS = ("near", "within_km", "from", "to", "sort")


class DeskPages:
    """Forms over ``Desk``: they work without scripts, which only keep the progress of uploads fresh."""

    def __init__(self, desk: Desk, engine: ThreadedEngine, settings: Settings) -> None:
        self._desk, self._engine, self._settings = desk, engine, settings

    def handlers(self) -> list[HTTPRouteHandler]:
        @get("/desk", opt=SOME, include_in_schema=False)
        async def show(request: PageRequest) -> Template:
            return await self._show(request)

        @post("/desk/saved", opt=SOME, status_code=200, include_in_schema=False)
        async def save(request: PageRequest) -> Template:
            form = await request.form()
            several = {name: [str(value) for value in form.getall(name, []) if value] for name in SEVERAL}
            given: Options = {**{name: str(form[name]) for name in _OPTIONS if form.get(name)}, **several}
            collection = str(form.get("collection") or self._settings.collection)
            asked = from_options(self._settings, str(form.get("q", "")), collection, given)
            reach(request, asked.collection)
            name = limits.one_line(str(form.get("name") or asked.text), NAME)
            found, token = await self._desk.save(authorised(request, Role.READ).key_id, name, asked)
            return await self._show(request, found, token)

        @post("/desk/saved/{search_id:int}/feed", opt=SOME, status_code=200, include_in_schema=False)
        async def renew(request: PageRequest, search_id: FromPath[int]) -> Template:
            found, token = await self._desk.renew(limits.row_id(search_id), whose(authorised(request, Role.READ)))
            return await self._show(request, found, token)

        @post("/desk/saved/{search_id:int}/delete", opt=SOME, include_in_schema=False)
        async def forget(request: PageRequest, search_id: FromPath[int]) -> Redirect:
            await self._desk.forget(limits.row_id(search_id), whose(authorised(request, Role.READ)))
            return self._back(request, "saved")

        @post(
            "/desk/uploads", opt=_INGEST, include_in_schema=False, request_max_body_size=self._settings.max_upload_bytes
        )
        async def upload(request: PageRequest) -> Redirect:
            form = await request.form()
            try:
                given = [part for part in form.getall("files", []) if isinstance(part, UploadFile) and part.filename]
                if not 1 <= len(given) <= self._settings.max_upload_files:
                    most = self._settings.max_upload_files
                    raise limits.refused(ClientException, "files_count", n=len(given), most=most)
                collection = limits.collection(str(form.get("into") or self._settings.collection))
                reach(request, collection)
                files = [(part.filename, _writer(part)) for part in given]
                key_id = authorised(request, Role.INGEST).key_id
                await self._desk.upload(key_id, collection, bool(form.get("replace")), files)
            finally:
                for part in form.values():
                    if isinstance(part, UploadFile):
                        await part.close()
            return self._back(request, "uploads")

        return [show, save, renew, forget, upload]

    async def _show(self, request: PageRequest, made: SavedSearch | None = None, token: str = "") -> Template:
        here = State(state.interface_language(request))
        other = Language.ENGLISH if here.interface is Language.ARABIC else Language.ARABIC
        who = authorised(request, Role.READ)
        may_ingest = who.may(Role.INGEST)
        saved = await self._desk.saved(whose(who))
        base = self._settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
        return Template(
            "desk.html",
            headers={"Content-Language": here.interface.value, "Vary": "Accept, Accept-Language"},
            context={
                **frame(request, here, self._settings),
                "switch_href": f"/desk?lang={other.value}",
                "saved": [(search, self._search_href(search, here), _pairs(search)) for search in saved],
                "made": made,
                "feed": f"{base}/feeds/{token}" if token else "",
                "may_ingest": may_ingest,
                "in_words": lambda text: recognised(text, here.interface),
                "uploads": await self._desk.uploaded(whose(who)) if may_ingest else [],
                "known": reachable(request, await self._engine.collections()),
            },
        )

    def _search_href(self, search: SavedSearch, here: State) -> str:
        query = [("q", search.question), *_pairs(search), ("lang", here.interface.value)]
        if search.collection != self._settings.collection:
            query.append(("collection", search.collection))
        return f"/?{urlencode(query)}"

    def _back(self, request: PageRequest, part: str) -> Redirect:
        return Redirect(f"/desk?lang={state.interface_language(request).value}#{part}", status_code=303)


def _pairs(search: SavedSearch) -> list[tuple[str, str]]:
    """Its options one by one."""
    return [(name, v) for name, given in search.options.items() for v in ([given] if isinstance(given, str) else given)]


def reachable(request: PageRequest, collections: list[str]) -> list[str]:
    """Those that the one who asks may read."""
    who = caller(request)
    return [name for name in collections if who is not None and who.reaches(name)]


def _writer(part: UploadFile) -> Callable[[Path], Any]:
    def write(path: Path) -> None:
        part.file.seek(0)
        with path.open("xb") as file:
            shutil.copyfileobj(part.file, file, 2**20)

    return write
