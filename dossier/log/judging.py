"""Judge anew what the gate ruled on each entry: a client of one's own could have ruled otherwise."""

from collections.abc import Iterator

from dossier.book import follows
from dossier.entry import Entry
from dossier.log.follow import Heads
from dossier.log.report import Finding
from dossier.model import Deed
from dossier.policy import Permit, decide
from dossier.register.register import Register


class Judge:
    """Collects what does not agree with the register at an entry's place. The statements judge themselves."""

    def __init__(self, heads: Heads) -> None:
        self._heads = heads
        self.findings: list[Finding] = []

    def __call__(self, entry: Entry, register: Register) -> None:
        """Judge an entry, before it counts."""
        self.findings += (Finding(entry.index, code, None) for code in self._flaws(entry, register))

    def _flaws(self, entry: Entry, register: Register) -> Iterator[str]:
        ruling, signed = entry.ruling, entry.signed
        epoch = register.epoch.number if register.epochs else 1
        policy = 0 if register.policy is None else register.policy.version
        if ruling.epoch != epoch:
            yield "ruling-other-epoch"
        if ruling.policy != policy:
            yield "ruling-other-policy"
        known = register.card_of(signed.actor, signed.statement)
        if known is not None and signed.org != known[0].org:
            yield "request-other-org"
        if ruling.permitted:
            yield from self._flaws_of_permission(entry, register)

    def _flaws_of_permission(self, entry: Entry, register: Register) -> Iterator[str]:
        ruling, signed = entry.ruling, entry.signed
        if signed.request.deed is Deed.STATE:
            if signed.place is not None and follows(entry, self._heads.head(signed.place.book)) is None:
                yield "statement-passed-over"
            return
        right = decide(signed.request, signed.actor, register, entry.at)
        if not isinstance(right, Permit):
            yield "permitted-without-right"
        elif (right.role, right.basis) != (signed.role, ruling.basis):
            yield "permitted-by-other-right"
