"""Verbs: all that can be asked of a served gate, one function each; every one is called under its lock."""

from collections.abc import Callable, Mapping
from typing import Any

from dossier import contexts
from dossier.entry import Signed, read_signed
from dossier.errors import IntegrityError, NotFoundError, UsageError
from dossier.gate.base import Situation
from dossier.gate.served import Entered, Presented
from dossier.model import (
    STORE_BOOK,
    BookName,
    Digest,
    Handle,
    Reason,
    Role,
    is_digest,
)
from dossier.receipt import Receipt
from dossier.serve import past
from dossier.serve.asking import Done, Question
from dossier.serve.messages import LARGEST_INLINE, household, read_objects, write_objects
from dossier.serve.telling import Telling
from dossier.shapes import HANDLE, SIGNATURE
from keys.encoding import to_base64
from keys.errors import KeysError
from keys.identity import Card
from keys.locks import box_to

Verb = Callable[[Telling, Question], Done]
_MOST_HOUSEHOLDS = 4096  # in one answer
_MOST_DIGESTS = 1024


def sync(office: Telling, question: Question) -> Done:  # noqa: ARG001 (every verb's)
    """Tell what was added to the log and to some books: all of it is news."""
    return Done()


def enter(office: Telling, question: Question) -> Done:
    """Decide on a signed request; give its entry, and its receipt where it is permitted."""
    entered = office.gate.enter(_presented(question))
    done = Done(error=entered.error, entry=entered.entry)
    if entered.receipt is None or question.card is None:
        return done
    receipt = entered.receipt
    answer = {"part": to_base64(_boxed(receipt, question.card)), "objects": _objects_of(receipt)}
    written = receipt.written
    if written is None or written.size > LARGEST_INLINE:
        return done._replace(answer=answer)

    return done._replace(
        answer=answer, later=lambda: {"content": to_base64(office.short_content(written.content))}
    )


def _boxed(receipt: Receipt, card: Card) -> bytes:
    """Box the gate's part to whoever asked: nobody else on the way can use it."""
    place = (receipt.store, receipt.household, receipt.section, receipt.version)
    context = contexts.of("gate-part-box", *place, receipt.leaf, card.fingerprint)
    return box_to(card, receipt.gate_part, context)


def _objects_of(receipt: Receipt) -> list[str]:
    found = (receipt.lock.box, receipt.lock.seed_box, receipt.wrap)
    return [to_base64(data) for data in found if data is not None]


def enact(office: Telling, question: Question) -> Done:
    """Let a signed statement take effect, with its objects; give its entry."""
    objects = read_objects(question.body.get("objects"))
    entered: Entered = office.gate.enact(_presented(question), objects)
    return Done(error=entered.error, entry=entered.entry)


def _presented(question: Question) -> Presented:
    """Read what was signed, by whoever calls; or, to come back, by the recovery card."""
    try:
        raw = question.body["request"].encode("utf-8")
        signature = SIGNATURE.read(question.body["signature"])
        latest = question.body.get("latest", False) is True
    except (KeyError, AttributeError, TypeError, UnicodeEncodeError, KeysError) as e:
        raise UsageError("bad-call") from e
    signed, call = _signed(raw), question.called.call
    recovers = signed.statement is not None and signed.statement.kind == "coordination.recovered"
    if (signed.actor, signed.card) != (call.actor, call.card) and not recovers:
        raise UsageError("other-actor")
    return Presented(signed, raw, signature, latest)


def _signed(raw: bytes) -> Signed:
    """Read a request. What is none is the caller's fault, and no sign that the store is altered."""
    try:
        return read_signed(raw)
    except IntegrityError as e:
        raise UsageError(e.code if e.code == "unknown-statement" else "bad-call") from e


def objects(office: Telling, question: Question) -> Done:
    """Give the objects of a book that are named by digest; those that are not there are left out."""
    named = question.body.get("digests")
    texts = isinstance(named, list) and all(isinstance(digest, str) for digest in named)
    if not isinstance(named, list) or not texts or len(named) > _MOST_DIGESTS:
        raise UsageError("bad-call")
    situation = _seen(office, question, question.body.get("book"))
    held = situation.objects
    return Done({"objects": write_objects({digest: held[digest] for digest in named if digest in held})})


def _seen(office: Telling, question: Question, name: Any) -> Situation:
    """See a book for whoever asks. Raises NotFoundError where there is no right, as for none at all."""
    book = BookName(STORE_BOOK) if name == STORE_BOOK else BookName(household(name))
    office.check_active(question)
    situation = office.situation(book, question.handle)
    if situation is None:
        raise NotFoundError("no-access")
    return situation


def households(office: Telling, question: Question) -> Done:
    """Name the households in which one has a right, each with its regisseur; `all`, for whoever oversees all.

    From `after` on, in the order of their ids, so many at a time.
    """
    office.check_active(question)
    after, every = question.body.get("after", ""), question.body.get("all") is True
    if not isinstance(after, str):
        raise UsageError("bad-call")
    if every:
        office.check_active(question, Role.COORDINATOR, Role.TOEZICHTHOUDER)
        found = [one for one, _ in office.memory.households()]
    else:
        found = [
            one for one in office.memory.named(question.handle) if office.gate.looks(one, question.handle)
        ]
    page = sorted(one for one in found if one > after)[:_MOST_HOUSEHOLDS]
    known = [(one, office.memory.known(one)) for one in page]
    rows = [[one, None if row is None else row.regisseur] for one, row in known]
    return Done({"households": rows, "more": len(page) == _MOST_HOUSEHOLDS})


def epoch_box(office: Telling, question: Question) -> Done:
    """Give the epoch secret in force boxed to a beheerder or gate: for `gate.boxed`."""
    office.check_active(question, Role.COORDINATOR, Role.BEHEERDER)
    try:
        card = office.gate.register.epoch_cards()[Handle(HANDLE.read(question.body.get("handle")))]
    except (KeyError, KeysError) as e:
        raise UsageError(str(Reason.UNKNOWN_MEMBER)) from e
    epoch, box = office.gate.epoch_box(card)
    return Done({"epoch": epoch, "box": to_base64(box)})


def content(office: Telling, question: Question) -> Done:
    """Give the sealed bytes of a version, to whoever has some right in its household."""
    name, digest = household(question.body.get("household")), question.body.get("digest")
    if not isinstance(digest, str) or not is_digest(digest):
        raise UsageError("bad-call")
    found = _seen(office, question, name).register.households[name]
    if not any(v.content == digest for section in found.sections.values() for v in section.versions):
        raise NotFoundError("no-access")
    return Done(stream=lambda: office.store.get(Digest(digest)))


def put(office: Telling, question: Question) -> Done:
    """Let sealed bytes be put, under the digest that was signed."""
    office.check_active(question)
    return Done(put=Digest(question.called.call.body))


VERBS: Mapping[str, Verb] = {
    "sync": sync,
    "enter": enter,
    "enact": enact,
    "objects": objects,
    "households": households,
    "epoch-box": epoch_box,
    "content": content,
    "put": put,
    "entries": past.entries,
    "opened": past.opened,
    "page": past.page,
    "copies": past.copies,
    "books": past.books,
}
