"""What a served gate is held against: the same server, with an endpoint that only inserts a row and commits.

    bench_insert.py PLACE SIZE THREADS

It answers the path of a gate's call, whatever is sent. Each of so many threads has a connection of its own.
"""

import asyncio
import json
import os
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATH = "/v1/enter"
_TABLE = "CREATE TABLE rows (number bigserial PRIMARY KEY, record bytea NOT NULL)"
_INSERT = "INSERT INTO rows (record) VALUES (%b)"


class Inserting:
    """Inserts a row for each call."""

    def __init__(self, place: str, size: int, threads: int) -> None:
        self._place = place
        self._record = os.urandom(size)
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(threads)
        with psycopg.connect(place) as connection:
            connection.execute(_TABLE)

    async def answer(self, request: Request) -> Response:
        """Take the call in; answer when its row is committed."""
        await request.body()
        await asyncio.get_running_loop().run_in_executor(self._pool, self._insert)
        return Response(b"{}", media_type="application/json")

    def _insert(self) -> None:
        connection: psycopg.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = psycopg.connect(self._place, autocommit=True)
        connection.execute(_INSERT, [self._record])  # commits by itself: one way there and back


class _Server(uvicorn.Server):
    """Tells where it answers, once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = (sockets or [])[0].getsockname()
        print(json.dumps({"listen": f"{host}:{port}"}), flush=True)


def main() -> None:
    """Answer until told to stop; with the settings of HTTP that a gate has."""
    place, size, threads = sys.argv[1:]
    inserting = Inserting(place, int(size), int(threads))
    app = Starlette(routes=[Route(PATH, inserting.answer, methods=["POST"])])
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        backlog=512,
        limit_concurrency=512,
        timeout_keep_alive=60,
        server_header=False,
        date_header=False,
    )
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        _Server(config).run(sockets=[opened])


if __name__ == "__main__":
    main()
