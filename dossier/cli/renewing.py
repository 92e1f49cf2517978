"""Renew the keys of one's own token: beside the old file first, so that nothing is lost on the way."""

from pathlib import Path

from dossier.actions.renewing import Renewed, go_on, renew_own
from dossier.cli import context
from dossier.cli.backends import contact_again
from dossier.cli.newtoken import rewrite_token, write_token
from dossier.cli.places import state_folder
from dossier.cli.setting import Setting
from dossier.cli.unlocked import place_of_session
from dossier.errors import IntegrityError, LockedError, UnreachableError
from keys.identity import LocalIdentity
from keys.private import take_place_of
from keys.token import Contact, Unlocked, unlock


def renew_token(setting: Setting) -> tuple[Path, Renewed]:
    """Draw the next keys, put their card in force, and put the new token in the place of the old.

    Steps, each of which can be the last before a crash: 1. the next token stands beside the old one, under
    the same passphrase. 2. The statement. 3. The client's memory and the boxes. 4. The next token takes the
    old one's place. Run again, it goes on from where it was.
    """
    path, unlocked, secret = context.open_token(setting)
    if unlocked.contact is None:
        raise LockedError("not-joined")
    beside = path.with_name(path.name + ".next")
    identity = _next(beside, unlocked.identity, secret)
    store = context.open_store(setting)
    try:
        done = renew_own(context.desk_with(setting, store, unlocked), identity)
    except LockedError as e:
        if e.code != "not-admitted":
            raise
        done = _go_on(setting, unlocked, identity)
    except IntegrityError as e:
        if e.code != "memory-altered":  # it is the next card's already
            raise
        done = _go_on(setting, unlocked, identity)
    contact = Contact(store.store_id, done.desk.memory.root, done.leaf)
    rewrite_token(beside, Unlocked(identity, contact), secret)
    _take_place_of(beside, path)
    _lock_session(unlocked.identity)
    return path, done


def _lock_session(before: LocalIdentity) -> None:
    """Lock the session that holds the old keys: they open nothing here any more."""
    place = place_of_session(before.card)
    if place.exists():
        from keys.agent import lock  # noqa: PLC0415 (only where a session is unlocked)

        lock(place)


def _next(beside: Path, before: LocalIdentity, secret: str) -> LocalIdentity:
    """Give the identity of the next token: drawn and written, or as it was when this was broken off."""
    if beside.exists():
        return unlock(beside, secret).identity
    card = before.card
    identity = LocalIdentity.new(card.handle, card.person, card.org)
    draft = beside.with_name(beside.name + ".draft")
    try:
        draft.unlink(missing_ok=True)  # left by a crash, before anything was stated with it
    except OSError as e:
        raise UnreachableError("file-unwritable") from e
    write_token(draft, identity, secret)
    _take_place_of(draft, beside)
    return identity


def _take_place_of(new: Path, old: Path) -> None:
    """Put a file in the place of another. Raises UnreachableError; run again, the renewal goes on here."""
    try:
        take_place_of(new, old)
    except OSError as e:
        raise UnreachableError("file-unwritable") from e


def _go_on(setting: Setting, unlocked: Unlocked, identity: LocalIdentity) -> Renewed:
    contact = unlocked.contact
    assert contact is not None  # noqa: S101 (looked at above)
    store = context.open_store(setting)
    place = (state_folder(), setting.clock, contact.root)
    return go_on(store, unlocked.identity, identity, *place, contact=contact_again(store))
