"""Wording of gates: a store becomes served and ceases to be, and its epochs."""

from collections.abc import Iterable

from wording import person
from wording_custody import Custody

from dossier.model import Handle, Role
from dossier.statements import Statement
from keys.primitives import WRAP_SIZE


class Gates(Custody):
    """Words the statements about gates, and about the secret that they keep."""

    def gate_admission(self, handle: str = "poort") -> Statement:
        """Admit a gate."""
        return Statement("gate.admitted/1", card=person(handle).card)

    def gate_adoption(self, handle: str = "poort") -> Statement:
        """Let a gate serve the store."""
        return Statement("gate.adopted/1", gate=Handle(handle))

    def gate_leaving(self, handle: str = "poort") -> Statement:
        """Let a gate go for good."""
        return Statement("gate.left/1", gate=Handle(handle), reason="verlof")

    def boxed_to(self) -> list[Handle]:
        """Name those to whom an epoch's secret goes now."""
        members, gates = self.register.members.values(), self.register.gates.items()
        serving = [handle for handle, gate in gates if gate.adopted is not None and not gate.left]
        if serving:
            return [m.handle for m in members if m.active and Role.BEHEERDER in m.roles] + serving
        return [m.handle for m in members if m.active]

    def rotation(self, without: Iterable[str] = ()) -> Statement:
        """Begin the next epoch, boxed to all who should have it but these."""
        number, left_out = self.epoch + 1, set(without)
        return Statement(
            "gate.rotated/1",
            epoch=number,
            **self.epoch_keys(number),
            before=bytes(WRAP_SIZE),
            gate_boxes=self._to(handle for handle in self.boxed_to() if handle not in left_out),
        )
