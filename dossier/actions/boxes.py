"""Give active members the boxes that they should have and do not: of the epoch, and of the team's seed."""

from dossier.desk import Desk
from dossier.model import Role
from dossier.statements import Statement
from dossier.team import digest_of, seed_box


def box_what_is_due(desk: Desk) -> int:
    """Box what is due, as far as one's role goes; give how many boxes.

    A box is due to whoever became active, or coordinator, while another epoch or card was in force.
    """
    register = desk.gate.survey().register
    me = register.member(desk.handle)
    made = 0
    if me.holds(Role.COORDINATOR) or me.holds(Role.BEHEERDER):
        for member in list(register.members.values()):
            if member.active and member.handle not in register.gate_boxes:
                epoch, box = desk.gate.epoch_box(member.card)
                statement = Statement("gate.boxed/1", epoch=epoch, handle=member.handle, box=digest_of(box))
                desk.gate.enact(statement, {digest_of(box): box})
                made += 1
    if me.holds(Role.COORDINATOR) and desk.handle in register.coordination_boxes:
        for member in register.holders(Role.COORDINATOR):
            if member.handle not in register.coordination_boxes:
                box = seed_box(desk, register, member.card)
                statement = Statement(
                    "coordination.boxed/1",
                    number=register.number,
                    handle=member.handle,
                    box=digest_of(box),
                )
                desk.gate.enact(statement, {digest_of(box): box})
                made += 1
    return made
