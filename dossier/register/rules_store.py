"""Who may say what about the store itself: found it, its policy, a restore, a wrong clock (STATEMENTS.md)."""

from functools import lru_cache

from dossier.model import Reason, Role, StoreId
from dossier.policydoc import PolicyError, parse
from dossier.register.members import Member
from dossier.register.register import Act, Coordination, Epoch, Fault, Register, Restored
from dossier.register.signers import signer
from keys.encoding import context
from keys.primitives import sha256

_parsed = lru_cache(maxsize=8)(parse)  # the same document is judged, and then taken


def store_id(founder: bytes, nonce: bytes) -> StoreId:
    """Derive a store's id from its founder's card and 32 random bytes; 16 bytes in hexadecimal."""
    return StoreId(sha256(context("store-id", founder, nonce))[:16].hex())


def check_founded(register: Register, act: Act) -> None:
    """Once, as the first line of the log, by the founder whose card was pinned."""
    statement = act.statement
    card = statement["card"]
    if register.store is not None or act.position != 0:
        raise Fault(Reason.FOUNDED_TWICE)
    if not act.card == card.fingerprint == register.root or act.signer != card.handle:
        raise Fault(Reason.OTHER_CARD)
    if store_id(card.write(), statement["nonce"]) != act.store:
        raise Fault(Reason.OTHER_BOOK)
    if [handle for handle, _ in statement["gate_boxes"]] != [card.handle]:
        raise Fault(Reason.BOX_MISSING)


def found(register: Register, act: Act) -> None:
    """The founder becomes coordinator; coordination card 1 and gate epoch 1 are in force."""
    statement = act.statement
    register.store = act.store
    register.name = statement["name"]
    register.enter(Member(statement["card"], {Role.COORDINATOR}, act.signer, act.at, act.leaf))
    register.epochs.append(Epoch(1, act.position, act.at, statement["log_key"], statement["commitment"]))
    register.gate_boxes = dict(statement["gate_boxes"])
    register.coordinations.append(Coordination(1, statement["coordination"], b""))
    register.coordination_boxes = {act.signer: statement["coordination_box"]}


def check_policy(register: Register, act: Act) -> None:
    """By a coordinator: the next version, whole, and such as `policy check` lets through."""
    signer(register, act, Role.COORDINATOR)
    try:
        policy = _parsed(act.statement["document"])
    except PolicyError as e:
        raise Fault(Reason.POLICY_INVALID) from e
    last = 0 if register.policy is None else register.policy.version
    if not policy.version == act.statement["version"] == last + 1:
        raise Fault(Reason.NUMBER_WRONG)


def adopt(register: Register, act: Act) -> None:
    """It is in force from here."""
    register.policy = _parsed(act.statement["document"])


def check_reopened(register: Register, act: Act) -> None:
    """By a coordinator: what was restored to, as their client saw it, and who is still a member.

    The checkpoint named is the one that the signer's client had verified, so that anyone can check it.
    """
    statement = act.statement
    signer(register, act, Role.COORDINATOR)
    if act.seen is None or (statement["size"], statement["root"]) != (act.seen.size, act.seen.root):
        raise Fault(Reason.CHECKPOINT_WRONG)
    same = statement["known_size"] == statement["size"]
    if statement["known_size"] < statement["size"] or (same and statement["known_root"] != statement["root"]):
        raise Fault(Reason.CHECKPOINT_WRONG)
    if act.signer not in statement["confirmed"]:
        raise Fault(Reason.ABOUT_YOURSELF)
    confirmed = [register.member(handle) for handle in statement["confirmed"]]
    if any(not member.active for member in confirmed):
        raise Fault(Reason.STATE_AS_IT_IS)
    admins = register.holders(Role.BEHEERDER)
    if admins and not any(member in admins for member in confirmed):
        raise Fault(Reason.NOBODY_ROTATES)


def reopen(register: Register, act: Act) -> None:
    """All who are not confirmed are suspended; nothing opens before a rotation, some not before a rekey."""
    statement = act.statement
    register.restored = Restored(statement["size"], act.position, act.at, act.leaf, None)
    register.behind |= dict.fromkeys(statement["behind"], act.position)
    for member in register.members.values():
        if member.active and member.handle not in statement["confirmed"]:
            register.stop(member, act.at)


def check_corrected(register: Register, act: Act) -> None:
    """By a coordinator: an entry before this one, whose time is later than this one's."""
    signer(register, act, Role.COORDINATOR)
    if not act.founded:
        raise Fault(Reason.TIME_NOT_WRONG)


def correct_clock(register: Register, act: Act) -> None:
    """What was noted at a time that had not come yet counts as noted now."""
    for member in register.members.values():
        member.not_after(act.at)
    register.latest = act.at
    for position, proposal in register.proposals.items():
        register.proposals[position] = proposal._replace(at=min(proposal.at, act.at))
