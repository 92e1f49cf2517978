"""Wording: every statement as it should be, in fixed words: for `scribe`, which has them stand somewhere."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from dossier import contexts
from dossier.entry import Entry
from dossier.log.merkle import EMPTY_ROOT
from dossier.model import Deed, Digest, GrantId, Handle, HouseholdId, PurposeId, Role, SectionName, Seen
from dossier.register.households import Household
from dossier.register.register import Register
from dossier.register.rules_store import store_id
from dossier.shapes import Keying, Slot
from dossier.statements import Statement
from keys.identity import Card, LocalIdentity
from keys.locks import log_seed
from keys.primitives import box_public, commit, sign_public

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
HOME, OTHER_HOME = HouseholdId("H-7KQ2M9XD"), HouseholdId("H-7KQ2M9XE")
GRANT, OTHER_GRANT = GrantId("G-3F8V0001"), GrantId("G-3F8V0002")
COVER, AANMELD, INTAKE, PLAN = (SectionName(name) for name in ("voorblad", "aanmeld", "intake", "plan"))
NONCE = sha256(b"store").digest()

# A policy in which each rule has something to refuse; short, for it stands in every bad book.
POLICY = """\
version = 1
decision = 'besluit'
controller = 'college'
[limits]
longest_grant_days = 180
session_idle_minutes = 10
session_hours = 12
epoch_days = 365
generation_days = 730
quiet_days = 31
[reasons]
verlof = { nl = 'Verlof', en = 'Leave' }
[sections]
voorblad.recipients = ['regisseur', 'specialist']
aanmeld.recipients = ['regisseur']
intake.recipients = ['regisseur', 'specialist']
plan.recipients = ['regisseur', 'specialist']
[purposes.aanmelding]
title = { nl = 'Aanmelding', en = 'Referral' }
description.nl = 'Het team beoordeelt of er hulp nodig is en welke.'
description.en = 'The team judges whether help is needed here.'
ground = 'd'
needs_consent = false
allows = [
{ role = 'regisseur', sections = ['voorblad', 'aanmeld', 'intake'], deeds = ['read', 'write'] },
{ role = 'coordinator', sections = ['voorblad', 'aanmeld'], deeds = ['read', 'write'], team = true },
{ role = 'specialist', sections = ['voorblad', 'intake'], deeds = ['read'] },
]
[purposes.uitvoering]
title = { nl = 'Uitvoering', en = 'Execution' }
description.nl = 'De regisseur en anderen voeren het plan uit.'
description.en = 'The regisseur and others carry out the plan.'
ground = 'd'
needs_consent = false
allows = [
{ role = 'regisseur', sections = ['plan'], deeds = ['read', 'write'] },
{ role = 'specialist', sections = ['plan', 'intake'], deeds = ['read', 'write'] },
]
"""
AANMELDING, UITVOERING = PurposeId("aanmelding"), PurposeId("uitvoering")


@cache
def person(handle: str, card: int = 1) -> LocalIdentity:
    """Give someone with this handle, always the same; `card` counts the cards that they have had."""
    who = handle if card == 1 else f"{handle} {card}"
    box, sign = (sha256(f"{half} {who}".encode()).digest() for half in ("box", "sign"))
    return LocalIdentity.new_with(handle, handle.capitalize(), "Gemeente Voorbeeld", box, sign)


def epoch_secret(number: int) -> bytes:
    """Give the gate's secret of an epoch."""
    return sha256(b"epoch" if number == 1 else f"epoch {number}".encode()).digest()


def team_seed(number: int) -> bytes:
    """Give the seed of a coordination card."""
    return sha256(b"team" if number == 1 else f"team {number}".encode()).digest()


def but(statement: Statement, **changes: Any) -> Statement:
    """Give a statement with other fields."""
    return Statement(statement.tag, **{**statement.fields, **changes})


class Wording:
    """Words statements for a register at a moment; boxes are named that hold nothing."""

    def __init__(self, founder: LocalIdentity) -> None:
        self.at = START
        self.founder = founder
        self.store = store_id(founder.card.write(), NONCE)
        self.register = Register(founder.card.fingerprint)
        self.seen = Seen(0, EMPTY_ROOT)  # the log as whoever signs now has seen it
        self._digests = 0

    @property
    def epoch(self) -> int:
        """The number of the epoch in force."""
        return self.register.epoch.number if self.register.epochs else 1

    def epoch_keys(self, number: int) -> dict[str, bytes]:
        """Give what a statement says of an epoch's secret."""
        secret = epoch_secret(number)
        return {
            "log_key": sign_public(log_seed(secret, contexts.of("log-key", self.store, number))),
            "commitment": commit(secret, contexts.of("epoch-commitment", self.store, number)),
        }

    def household(self, household: HouseholdId = HOME) -> Household:
        """Give a household as it stands."""
        return self.register.households[household]

    def digest(self) -> Digest:
        """Name a box that nobody will open: each time another."""
        self._digests += 1
        return Digest(sha256(f"object {self._digests}".encode()).hexdigest())

    def founding(self) -> Statement:
        """Found this store."""
        return Statement(
            "store.founded/1",
            name="Team Noord",
            card=self.founder.card,
            nonce=NONCE,
            coordination=box_public(team_seed(1)),
            coordination_box=self.digest(),
            **self.epoch_keys(1),
            gate_boxes=((Handle("anna"), self.digest()),),
        )

    def boxes_for(self, roles: Iterable[Role]) -> dict[str, Any]:
        """Name the boxes that come with a card: of the epoch's secret, and for coordinators the team's.

        While the store is served none of the epoch's secret.
        """
        gate = {} if self.register.served else {"epoch": self.epoch, "gate_box": self.digest()}
        return {**gate, **self._team_box(roles)}

    def with_card(self, kind: str, card: Card, whose: Iterable[Role], **more: Any) -> Statement:
        """Word a statement that puts a card in force, of the version that brings the boxes it should now."""
        version = 2 if self.register.served else 1
        return Statement(f"{kind}/{version}", card=card, **more, **self.boxes_for(whose))

    def _team_box(self, roles: Iterable[Role]) -> dict[str, Any]:
        becomes = Role.COORDINATOR in roles
        number = self.register.number if becomes else None
        return {"number": number, "coordination_box": self.digest() if becomes else None}

    def admission(self, handle: str, *roles: Role) -> Statement:
        """Admit someone."""
        return self.with_card("member.admitted", person(handle).card, roles, roles=roles)

    def roles(self, handle: str, add: Iterable[Role] = (), remove: Iterable[Role] = ()) -> Statement:
        """Give and take roles."""
        added, removed = tuple(add), tuple(remove)
        box = self._team_box(added)
        return Statement("member.roles-changed/1", handle=Handle(handle), add=added, remove=removed, **box)

    def suspension(self, handle: str) -> Statement:
        """Suspend someone."""
        return Statement("member.suspended/1", handle=Handle(handle), reason="verlof")

    def restoration(self, handle: str) -> Statement:
        """Restore someone."""
        return Statement("member.restored/1", handle=Handle(handle), reason="verlof")

    def team_box(self, handle: str) -> Statement:
        """Box the team's seed to someone."""
        return Statement(
            "coordination.boxed/1",
            number=self.register.number,
            handle=Handle(handle),
            box=self.digest(),
        )

    def gate_box(self, handle: str) -> Statement:
        """Box the epoch secret to someone."""
        return Statement("gate.boxed/1", epoch=self.epoch, handle=Handle(handle), box=self.digest())

    def adoption(self, text: str | None = None) -> Statement:
        """Adopt the next version of the policy: the same, or this text."""
        version = 1 if self.register.policy is None else self.register.policy.version + 1
        text = (text or POLICY).replace("version = 1\n", f"version = {version}\n", 1)
        return Statement("policy.adopted/1", version=version, document=text)

    def proposal(self, inner: Statement) -> Statement:
        """Propose a statement."""
        return Statement("proposed/1", statement=inner)

    def approval(self, entry: Entry) -> Statement:
        """Approve what an entry proposes."""
        return Statement("approved/1", index=entry.index, leaf=entry.leaf)

    def refusal(self, entry: Entry) -> Statement:
        """Refuse what an entry proposes."""
        return Statement("refused/1", index=entry.index, leaf=entry.leaf)

    def keying(self, household: Household, name: SectionName, **about: Any) -> Keying:
        """Key a section anew: boxed to whoever has a live right."""
        section = household.sections.get(name)
        rights = sorted(set(self.register.rights(household, name, self.at + MINUTE, **about)))
        return Keying(
            section=name,
            generation=1 if section is None else section.generation + 1,
            commitment=bytes(32),
            slots=tuple(Slot(role, handle, self.digest()) for role, handle in rights),
            number=self.register.number,
            coordination=self.digest(),
            wraps=self.digest() if section is not None and section.versions else None,
        )

    def opening(self, regisseur: str | None = "jan", household: HouseholdId = HOME) -> Statement:
        """Open a household with these keys."""
        new = Household(household, Handle("anna"), self.at)
        new.regisseur = None if regisseur is None else Handle(regisseur)
        sections = () if self.register.policy is None else self.register.policy.sections
        keyings = tuple(self.keying(new, name) for name in sections)
        return Statement("household.opened/1", household=household, regisseur=new.regisseur, keyings=keyings)

    def assignment(self, handle: str, household: HouseholdId = HOME) -> Statement:
        """Give a household another regisseur."""
        old, new = self.household(household), Handle(handle)
        keyings = tuple(self.keying(old, name, regisseur=new) for name in old.sections)
        return Statement("regisseur.assigned/1", household=household, handle=new, keyings=keyings)

    def rekey(self, *sections: SectionName, household: HouseholdId = HOME) -> Statement:
        """Key sections anew."""
        keyings = tuple(self.keying(self.household(household), name) for name in sections)
        return Statement("section.keyed/1", household=household, keyings=keyings)

    def version_on(self, asked: Entry, generation: int = 1) -> Statement:
        """Write the version that an entry asked to write."""
        r = asked.signed.request
        return Statement(
            "section.written/1",
            household=r.household,
            section=r.section,
            version=r.version,
            generation=generation,
            epoch=self.epoch,
            index=asked.index,
            leaf=asked.leaf,
            commitment=bytes(32),
            wrap=self.digest(),
            content=self.digest(),
            size=9,
            media_type="text/plain",
        )

    def grant(self, handle: str = "sara", household: HouseholdId = HOME, **changes: Any) -> Statement:
        """Give a grant: to read and write the plan, for 90 days, where nothing else is said."""
        fields: dict[str, Any] = {
            "grant": GRANT,
            "role": Role.SPECIALIST,
            "sections": (PLAN,),
            "deeds": (Deed.READ, Deed.WRITE),
            "purposes": (UITVOERING,),
            "until": self.at + 90 * DAY,
            "reason": None,
        }
        fields.update(changes)
        known = self.household(household).sections
        if "boxes" not in fields:
            fields["boxes"] = tuple(
                (name, known[name].generation, self.digest()) for name in fields["sections"] if name in known
            )
        return Statement("grant.given/1", household=household, handle=Handle(handle), **fields)

    def revocation(self, grant: GrantId = GRANT, household: HouseholdId = HOME) -> Statement:
        """Revoke a grant."""
        home = self.household(household)
        keyings = tuple(self.keying(home, name, without=grant) for name in home.grants[grant].sections)
        return Statement(
            "grant.revoked/1", household=household, grant=grant, reason="verlof", keyings=keyings
        )
