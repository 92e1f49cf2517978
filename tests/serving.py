"""Served: a team's store behind a gate of its own, in this process; each member at a desk of a client."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from team import Team
from wording import person

from dossier.actions import approvals, gates, rotation
from dossier.actions import store as stores
from dossier.desk import Desk
from dossier.memory_gate import GateMemory
from dossier.model import Handle
from dossier.serve.call import read_call
from dossier.serve.messages import write_body
from dossier.serve.office import Asked, Office
from dossier.serve.remote_gate import RemoteGate
from dossier.serve.remote_memory import RemoteMemory
from dossier.serve.remote_store import RemoteStore
from dossier.serve.wire import Reply, Wire
from keys.encoding import fingerprint

GATE = "poort"


class DirectLine:
    """A line to an office in this process: what goes over it is what goes over HTTP."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def about(self) -> bytes:
        return write_body(self.office.about())

    def call(self, verb: str, header: str, body: bytes | BinaryIO) -> Reply:
        if isinstance(body, bytes):
            asked = Asked(verb, header, body)
        else:
            asked = Asked(verb, header, digest=read_call(header).call.body)
            content = body.read()
        answer = self.office.answer([asked])[0]
        if answer.later is not None:
            answer = answer.later()
        if answer.put is not None:
            digest, _ = self.office.store.put(BytesIO(content))
            assert digest == answer.put
        stream = answer.stream() if answer.stream is not None and answer.error is None else None
        return Reply(answer.signature, answer.body, stream)

    def close(self) -> None:
        pass


def become_served(team: Team, gate: str = GATE, admin: str = "bob") -> None:
    """Admit and adopt a gate, and rotate: from here no member has the epoch's secret."""
    card = person(gate).card
    stated, _ = gates.admit(team["anna"], card.write(), card.fingerprint)
    approve(team, stated, admin)
    approve(team, gates.adopt(team["anna"], Handle(gate)), admin)
    rotation.rotate(team[admin])


def approve(team: Team, stated: approvals.Stated, by: str) -> None:
    if stated.waits:
        approvals.give(team[by], stated.entry.index)


def new_office(team: Team, folder: Path, gate: str = GATE) -> Office:
    """Let a gate read the log, and open its office."""
    identity = person(gate)
    leaf = team.register().gates[Handle(gate)].leaf
    desk, _ = stores.join(team.store, identity, folder, team.clock, fingerprint(leaf))
    memory = GateMemory(folder, identity, team.store.store_id)
    memory.root = desk.memory.root
    return Office(team.store, identity, memory, team.clock)


def remote_desk(team: Team, who: str, office: Office, folder: Path) -> Desk:
    """Give a member's desk at a served gate, in contact for the first time."""
    identity = team.identity(who)
    store = RemoteStore(Wire(DirectLine(office), team.clock))
    memory = RemoteMemory(folder / who, identity, team.store.store_id)
    memory.load()
    memory.root = team[who].memory.root
    gate = RemoteGate(store, identity, memory, team.clock)
    return Desk(store, gate, identity, memory, team.clock)
