"""Wording of custody: cards that change, the keys of the whole team, and a store that is put right."""

from collections.abc import Iterable
from typing import Any

from wording import HOME, Wording, person, team_seed

from dossier.entry import Entry
from dossier.model import Handle, HouseholdId, Role
from dossier.shapes import Boxed
from dossier.statements import Statement
from keys.identity import Card
from keys.primitives import WRAP_SIZE, box_public


class Custody(Wording):
    """Words the statements by which a team keeps hold of its keys."""

    def cards_of(self, handle: str) -> int:
        """Count the cards that someone has had, up to the one in force."""
        member = self.register.members.get(Handle(handle))
        held = (n for n in range(1, 9) if member is not None and person(handle, n).card == member.card)
        return next(held, 1)

    def leaving(self, handle: str) -> Statement:
        """Let someone go for good."""
        return Statement("member.left/1", handle=Handle(handle), reason="verlof")

    def renewal(self, handle: str, card: Card | None = None) -> Statement:
        """Give someone their next card, or this one."""
        card = card or person(handle, self.cards_of(handle) + 1).card
        roles = self.register.member(handle).roles
        return self.with_card("member.renewed", card, roles)

    def slot_box(self, handle: str, household: HouseholdId = HOME) -> Statement:
        """Box someone the keys of a household that their rights ask for and that they lack."""
        home = self.household(household)
        boxes = tuple(
            Boxed(role, name, section.generation, self.digest())
            for name, section in home.sections.items()
            for role, holder in sorted(set(self.register.rights(home, name, self.at)))
            if holder == handle and (role, holder) not in section.boxes
        )
        return Statement("slot.boxed/1", household=household, handle=Handle(handle), boxes=boxes)

    def team_renewal(self) -> Statement:
        """Give the team its next coordination card."""
        number = self.register.number + 1
        return Statement(
            "coordination.renewed/1",
            number=number,
            coordination=box_public(team_seed(number)),
            before=bytes(WRAP_SIZE),
            boxes=self._to(member.handle for member in self.register.holders(Role.COORDINATOR)),
            recovery_box=self.digest() if self.register.recoverable() else None,
        )

    def split(self, threshold: int = 2, shares: int = 3) -> Statement:
        """Split the seed of the next recovery card."""
        return Statement(
            "recovery.split/1",
            card=person(f"recovery-{len(self.register.retired) + 1}").card,
            threshold=threshold,
            shares=shares,
            number=self.register.number,
            recovery_box=self.digest(),
        )

    def recovery(self, handle: str = "vera") -> Statement:
        """Admit a coordinator by the recovery card."""
        return self.with_card("coordination.recovered", person(handle).card, [Role.COORDINATOR])

    def _to(self, handles: Iterable[Handle]) -> tuple[Any, ...]:
        return tuple((handle, self.digest()) for handle in handles)

    def reopening(self, *confirmed: str, behind: Iterable[HouseholdId] = ()) -> Statement:
        """Reopen the store after a restore to what is there now, for these members or all."""
        active = [member.handle for member in self.register.members.values() if member.active]
        return Statement(
            "store.restored/1",
            size=self.seen.size,
            root=self.seen.root,
            known_size=self.seen.size + 9,
            known_root=bytes(32),
            behind=tuple(behind),
            confirmed=tuple(Handle(handle) for handle in confirmed or active),
        )

    def correction(self, entry: Entry) -> Statement:
        """Say from which entry on the clock was wrong."""
        return Statement("clock.corrected/1", index=entry.index, leaf=entry.leaf)
