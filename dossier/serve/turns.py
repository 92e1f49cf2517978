"""Turns: calls wait here while the gate has its turn; those that wait together are answered together."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

from dossier.errors import DossierError, UnreachableError
from dossier.serve.office import Answer, Asked, Office

_MOST = 64  # calls answered in one turn
SAVE_EVERY = 5.0  # seconds between two savings of the gate's memory, while there is work

Waiting = tuple[Asked, Future[Answer]]


class Turns:
    """One thread, the only one that the gate knows. Guards that every call that was taken gets an answer."""

    def __init__(self, office: Office, tell: Callable[[str, DossierError], None]) -> None:
        """`tell` is told what went wrong where no call was to blame."""
        self._office = office
        self._tell = tell
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="gate", daemon=True)
        self._stopping = False

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def submit(self, asked: Asked) -> Future[Answer]:
        """Let a call wait for its turn. Raises UnreachableError: "gate-stopping"."""
        if self._stopping:
            raise UnreachableError("gate-stopping")
        future: Future[Answer] = Future()
        self._queue.put((asked, future))
        return future

    def stop(self) -> None:
        """Answer what was taken, save the gate's memory, and end."""
        self._stopping = True
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        saved = time.monotonic()
        going = True
        while going:
            waiting, going = self._next()
            if waiting:
                self._answer(waiting)
            if not going or time.monotonic() - saved > SAVE_EVERY:
                self._save()
                saved = time.monotonic()
        while not self._queue.empty():  # of those who came while it stopped
            late = self._queue.get()
            if late is not None:
                late[1].set_exception(UnreachableError("gate-stopping"))

    def _next(self) -> tuple[list[Waiting], bool]:
        """Wait for a call, and take with it all that wait by then; tell whether to go on."""
        found: list[Waiting] = []
        item = self._queue.get()
        while item is not None:
            found.append(item)
            if len(found) == _MOST or self._queue.empty():
                return found, True
            item = self._queue.get()
        return found, False

    def _answer(self, waiting: list[Waiting]) -> None:
        try:
            answers = self._office.answer([asked for asked, _ in waiting])
        except BaseException as e:  # noqa: BLE001 (each call that was taken gets an answer)
            for _, future in waiting:
                future.set_exception(e)
            return
        for (_, future), answer in zip(waiting, answers, strict=True):
            future.set_result(answer)

    def _save(self) -> None:
        try:
            self._office.save()
        except DossierError as e:
            self._tell("memory", e)
