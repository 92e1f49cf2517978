"""Lies about the order of things: lines that belong to no book, or that no log can have."""

from datetime import timedelta

from scribe import Scribe
from wording import HOME, PLAN, but, person

from dossier.book import next_place
from dossier.model import STORE_BOOK, BookName, Place, Role, Seen, StoreId
from lies.corpus import PASSED_OVER, lie
from lies.households import team

BOOK = BookName(HOME)


@lie(PASSED_OVER)
def hole_in_chain(s: Scribe) -> None:
    """A statement whose number leaves one out, as if one before it had been taken away."""
    rekey = team(s).rekey(PLAN)
    place = next_place(BOOK, s.heads[BOOK])
    s.write("anna", rekey, place=place._replace(number=place.number + 1))


@lie(PASSED_OVER)
def follows_an_older_entry(s: Scribe) -> None:
    """A statement that follows an entry after which others came: a second end to the book."""
    place = next_place(BOOK, team(s).heads[BOOK])
    s.say("anna", s.rekey(PLAN))
    s.write("anna", s.rekey(PLAN), place=place)


@lie(PASSED_OVER)
def follows_entry_of_other_book(s: Scribe) -> None:
    """A statement that follows the last entry of another book."""
    rekey = team(s).rekey(PLAN)
    s.write("anna", rekey, place=next_place(STORE_BOOK, s.heads[STORE_BOOK])._replace(book=BOOK))


@lie(PASSED_OVER)
def begins_a_book_again(s: Scribe) -> None:
    """A statement that stands as the first of a book that has a first."""
    s.write("anna", team(s).rekey(PLAN), place=Place(BOOK, 1, None))


@lie(PASSED_OVER)
def refused_yet_stated(s: Scribe) -> None:
    """A statement that the gate refused, at the place where it would have counted."""
    refused = {"permitted": False, "reason": "not-your-role", "basis": None}
    s.write("jan", team(s).rekey(PLAN), ruling=refused)


@lie("entry-forged")
def signed_by_other(s: Scribe) -> None:
    """A statement in the coordinator's name, signed by a regisseur."""
    rekey = team(s).rekey(PLAN)
    s.write("anna", rekey, identity=person("jan"), signed={"card": person("anna").card.fingerprint})


@lie("entry-forged")
def altered_after_signing(s: Scribe) -> bytes:
    """A suspension of another than the one that was signed for."""
    team(s).write("anna", s.suspension("jan"))
    line = s.log.pop().line
    return line.replace(b'"member.suspended/1","jan"', b'"member.suspended/1","ian"')


@lie("entry-out-of-place")
def store_of_another(s: Scribe) -> None:
    """An entry that was signed for another store."""
    s.write("anna", s.admission("jan", Role.REGISSEUR), signed={"store": StoreId("0" * 32)})


@lie("entry-time")
def before_the_one_before(s: Scribe) -> None:
    """An entry earlier than the one before it, to have been in time."""
    s.write("anna", s.admission("jan", Role.REGISSEUR), signed={"at": s.at - timedelta(seconds=1)})


@lie("entry-time")
def dated_forward(s: Scribe) -> None:
    """An entry dated a month after it was asked for, to be rid of the second person."""
    s.write("anna", s.admission("jan", Role.REGISSEUR), ruling={"at": s.at + timedelta(days=31)})


@lie("entry-replayed")
def replayed(s: Scribe) -> None:
    """A request that stood before."""
    nonce = s.log[-1].signed.nonce
    s.write("anna", s.admission("jan", Role.REGISSEUR), signed={"nonce": nonce})


@lie("entry-seen")
def seen_of_another_log(s: Scribe) -> None:
    """An entry by one who had seen another log than this one."""
    s.write("anna", s.admission("jan", Role.REGISSEUR), signed={"seen": Seen(1, bytes(32))})


@lie("unknown-statement")
def statement_of_a_later_version(s: Scribe) -> bytes:
    """A statement whose tag this version does not know."""
    s.write("anna", s.admission("jan", Role.REGISSEUR))
    return s.log.pop().line.replace(b"member.admitted/1", b"member.admitted/3")


@lie("bad-entry")
def free_text_as_reason(s: Scribe) -> bytes:
    """A refusal whose reason is words about someone."""
    s.write("anna", s.admission("jan", Role.REGISSEUR))
    line = s.log.pop().line.replace(b'"decision":"permit"', b'"decision":"refuse"')
    line = line.replace(b'"basis":"statement"', b'"basis":null')
    return line.replace(b'"reason":null', b'"reason":"de familie X drinkt"')


@lie("bad-entry")
def spelled_otherwise(s: Scribe) -> bytes:
    """An entry with a blank in it: the same words, and another leaf."""
    s.write("anna", but(s.admission("jan", Role.REGISSEUR)))
    return s.log.pop().line.replace(b'":', b'": ', 1)
