"""App: the office over HTTP, with Starlette. Knows nothing of dossiers: verbs, headers, bytes, limits."""

import asyncio
import hashlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, BinaryIO

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from dossier.errors import DossierError, UnreachableError, UsageError
from dossier.serve.call import HEADER, read_call
from dossier.serve.messages import ABOUT, ANSWER, LARGEST_BODY, ROOT, write_body, write_error
from dossier.serve.office import Answer, Asked, Office
from dossier.serve.turns import Turns
from dossier.serve.verbs import VERBS

Tell = Callable[..., None]

_PIECE = 256 << 10  # bytes of a content at a time
_IN_MEMORY = 1 << 20  # bytes of a content that are held; what is more waits, sealed, in a file
_SLOT = 0.1  # seconds: an answer that passes over a household comes at the end of one
_PATIENCE = 30.0  # seconds for the body of a call, and for each piece of a content


class Door:
    """What HTTP needs of the office: calls in, answers out, and how it is doing."""

    def __init__(self, office: Office, tell: Tell, largest: int) -> None:
        """`tell` writes a line of the log of this service; `largest` is the most bytes of a content."""
        self._office = office
        self._tell = tell
        self._largest = largest
        self.turns = Turns(office, lambda what, error: tell("fault", what=what, code=error.code))

    def app(self) -> Starlette:
        """Give the application."""
        app = Starlette(
            routes=[
                Route(ROOT + "{verb}", self.call, methods=["POST"]),  # first: it is asked most
                Route(ABOUT, self.about, methods=["GET"]),
                Route("/health/live", self.live, methods=["GET"]),
                Route("/health/ready", self.ready, methods=["GET"]),
            ],
            lifespan=self._lifespan,
            exception_handlers={Exception: self._fault},
        )
        app.router.redirect_slashes = False
        return app

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self.turns.start()
        self._tell("start", gate=self._office.counter.gate, run=self._office.counter.run)
        yield
        await run_in_threadpool(self.turns.stop)
        self._tell("stop")

    async def _fault(self, _: Request, error: Exception) -> Response:
        """Answer what nobody foresaw: no word of it goes out, and only its kind into the log."""
        self._tell("fault", what=type(error).__name__)
        return _unsigned(UnreachableError("gate-fault"))

    async def about(self, _: Request) -> Response:
        """Say which gate this is."""
        return Response(write_body(self._office.about()), media_type="application/json")

    async def live(self, _: Request) -> Response:
        """Say that this process runs."""
        return JSONResponse({"status": "live"})

    async def ready(self, _: Request) -> Response:
        """Say whether calls can be answered: the store is there, and as this gate saw it."""
        try:
            answer = await asyncio.wrap_future(self.turns.submit(Asked("", "")))
        except DossierError as e:
            return JSONResponse({"status": "unready", "code": e.code}, 503)
        if answer.error is not None and answer.error.code != "bad-call":
            return JSONResponse({"status": "unready", "code": answer.error.code}, 503)
        return JSONResponse({"status": "ready"})

    async def call(self, request: Request) -> Response:
        """Take a call, let it wait for its turn, and give its answer."""
        start, verb = time.monotonic(), request.path_params["verb"]
        verb = verb if verb in VERBS else "?"
        try:
            answer = await self._answered(request, verb)
        except DossierError as e:
            self._tell("call", verb="?", code=e.code, ms=_ms(start))
            return _unsigned(e)
        code = None if answer.error is None else answer.error.code
        if answer.hidden:
            await asyncio.sleep(_SLOT - (time.monotonic() - start) % _SLOT)
        self._tell("call", verb=verb, status=answer.status, code=code, ms=_ms(start))
        if answer.stream is not None and answer.error is None:
            return await self._stream(answer.stream)
        headers = {ANSWER: answer.signature} if answer.signature else {}
        return Response(answer.body, answer.status, headers, "application/json")

    async def _answered(self, request: Request, verb: str) -> Answer:
        header = request.headers.get(HEADER, "")
        if verb == "put":
            return await self._put(request, header)
        body = await self._body(request)
        answer = await asyncio.wrap_future(self.turns.submit(Asked(verb, header, body)))
        if answer.later is not None:
            answer = await run_in_threadpool(answer.later)
        return answer

    async def _body(self, request: Request) -> bytes:
        """Read the body of a call, as long as it may be and as slowly as it may come."""
        found = bytearray()

        async def read() -> None:
            async for piece in request.stream():
                found.extend(piece)
                if len(found) > LARGEST_BODY:
                    raise UsageError("too-large")

        try:
            await asyncio.wait_for(read(), _PATIENCE)
        except (TimeoutError, ClientDisconnect) as e:
            raise UsageError("bad-call") from e
        return bytes(found)

    async def _put(self, request: Request, header: str) -> Answer:
        """Take sealed bytes that a member signed for: who it is, the bytes, and whether they are those."""
        digest = read_call(header).call.body
        answer = await asyncio.wrap_future(self.turns.submit(Asked("put", header, digest=digest)))
        if answer.put is None:
            return answer
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as held:
            if await self._held(request, held) != digest:
                raise UsageError("bad-call")
            held.seek(0)
            await run_in_threadpool(self._office.store.put, held)  # type: ignore[arg-type]
        return answer

    async def _held(self, request: Request, held: Any) -> str:
        """Take in what comes, and give its digest."""
        hashing, size = hashlib.sha256(), 0
        pieces = request.stream()
        try:
            while True:
                piece = await asyncio.wait_for(anext(pieces), _PATIENCE)
                size += len(piece)
                if size > self._largest:
                    raise UsageError("too-large")
                hashing.update(piece)
                held.write(piece)
        except StopAsyncIteration:
            return hashing.hexdigest()
        except (TimeoutError, ClientDisconnect) as e:
            raise UsageError("bad-call") from e

    async def _stream(self, opened: Callable[[], BinaryIO]) -> Response:
        """Give sealed bytes as they are read; they are seen to be whole by whoever opens them."""
        try:
            source = await run_in_threadpool(opened)
        except DossierError as e:
            return _unsigned(e)

        async def pieces() -> AsyncIterator[bytes]:
            try:
                while piece := await run_in_threadpool(source.read, _PIECE):
                    yield piece
            finally:
                source.close()

        return StreamingResponse(pieces(), media_type="application/octet-stream")


def _unsigned(error: DossierError) -> Response:
    status, fields = write_error(error)
    status = 413 if error.code == "too-large" else status
    return Response(write_body(fields), status, media_type="application/json")


def _ms(start: float) -> float:
    return round(1000 * (time.monotonic() - start), 1)
