"""Question and Done: a call as the office takes it up, and what came of it before it is an answer."""

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, NamedTuple

from dossier.entry import Entry
from dossier.errors import DossierError
from dossier.model import Digest, Handle
from dossier.serve.call import Called
from dossier.serve.messages import Have, read_body, read_have
from keys.identity import Card

_NOTHING: Mapping[str, Any] = {}


class Question(NamedTuple):
    """A call that can be read, with its body; `card` is set once it is admitted."""

    called: Called
    body: Mapping[str, Any]
    have: Have | None
    card: Card | None = None

    @classmethod
    def of(cls, called: Called, body: bytes) -> "Question":
        """Read the body that came with a call. Raises UsageError: "bad-call"."""
        fields = read_body(body) if body else {}
        have = fields.pop("have", None)
        return cls(called, fields, None if have is None else read_have(have))

    @property
    def handle(self) -> Handle:
        """Who asks."""
        return self.called.call.actor


class Done(NamedTuple):
    """What came of a question: fields of the answer, or an error; an entry; bytes to be fetched or put."""

    answer: Mapping[str, Any] = _NOTHING
    error: DossierError | None = None
    entry: Entry | None = None
    news: Mapping[str, Any] | None = None
    later: Callable[[], Mapping[str, Any]] | None = None  # what is read when the turn is over
    apart: bool = False  # whether that takes long, and is done while others have their turn
    stream: Callable[[], BinaryIO] | None = None
    put: Digest | None = None
    hidden: bool = False  # whether something asked for was passed over, as if it were not there
