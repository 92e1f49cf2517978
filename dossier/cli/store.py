"""dossier init, dossier join."""

from pathlib import Path

import click

from dossier.actions import store as actions
from dossier.cli import context, places, terminal
from dossier.cli.backends import check_able, check_free_at, create_at, first_contact
from dossier.cli.newtoken import new_passphrase, rewrite_token, write_token
from dossier.cli.params import FINGERPRINT, HANDLE, Command, option
from dossier.cli.render import answer, note, progress
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.desk import Desk
from dossier.errors import (
    CancelledError,
    DossierError,
    IntegrityError,
    LockedError,
    UsageError,
)
from dossier.memory import Memory
from dossier.policydoc import parse
from dossier.storage.base import Store
from keys.encoding import fingerprint
from keys.errors import BadEncodingError
from keys.identity import Identity, LocalIdentity, is_person_text
from keys.token import Contact, Unlocked


def identity_of(handle: str, person: str, org: str) -> LocalIdentity:
    """Make a new identity. Raises UsageError for a person or organisation that cannot be written."""
    try:
        return LocalIdentity.new(handle, person, org)
    except BadEncodingError as e:
        raise UsageError("bad-person") from e


@click.command(
    cls=Command, help=N_("Make a new store and the founder's token. The founder is its first coordinator.")
)
@option("--name", required=True, metavar="TEXT", help=N_("What the team calls its store."))
@option("--founder", required=True, type=HANDLE, metavar="HANDLE", help=N_("The founder's handle."))
@option("--person", required=True, metavar="NAME", help=N_("The founder's name."))
@option("--org", required=True, metavar="ORG", help=N_("The founder's organisation."))
@option(
    "--policy",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("The first policy; left out, the default policy."),
)
@pass_setting
def init(setting: Setting, name: str, founder: str, person: str, org: str, policy: Path | None) -> None:
    """Found a store."""
    place, token = places.place_of(setting), places.token_of(setting)
    text = _policy_text(policy)
    if token.exists():
        raise UsageError("token-exists")
    check_free_at(place)
    if not is_person_text(name):
        raise UsageError("bad-person")
    identity = identity_of(founder, person, org)
    secret = new_passphrase(setting, identity.card)
    write_token(token, identity, secret)  # first: where that cannot be, nothing is made
    store_id, nonce = actions.new_store(identity.card)
    try:
        store = create_at(place, store_id)
    except DossierError:
        token.unlink()  # it has met no store yet
        raise
    check_able(place)
    memory = Memory(places.state_folder(), identity, store_id)
    memory.root = identity.card.fingerprint
    desk = context.desk_of(setting, store, identity, memory)
    entry = actions.found(desk, name, nonce, text)
    unlocked = Unlocked(identity, Contact(store_id, memory.root, entry.leaf))
    rewrite_token(token, unlocked, secret)
    data = {
        "store": store_id,
        "root_fingerprint": memory.root,
        "token": str(token),
        "card_fingerprint": identity.card.fingerprint,
        "welcome": fingerprint(entry.leaf),
    }
    answer(setting, "init", data, lambda: _founded(data, place))
    places.make_default(place, token)  # last: nothing of the answer may be lost to it


def _policy_text(policy: Path | None) -> str:
    """Give the first policy, checked before anything is made."""
    if policy is None:
        from dossier.data import default_policy_text  # noqa: PLC0415 (only here)

        return default_policy_text()
    try:
        text = policy.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise UsageError("file-unreadable") from e
    first = parse(text).version
    if first != 1:
        raise UsageError("policy-version", version=first, expected=1)
    return text


def _founded(data: dict[str, str], place: str) -> list[str]:
    return [
        say("The store is made: {place}", place=place),
        say("Your token: {token}", token=data["token"]),
        say("Root card: {fingerprint}", fingerprint=data["root_fingerprint"]),
        say("Welcome code: {welcome}", welcome=data["welcome"]),
        _("Next: colleagues make a token (dossier token new) and hand you their card. Admit them:"),
        "  dossier member admit CARDFILE --role ROLE --fingerprint FP",
    ]


@click.command(
    cls=Command, help=N_("Make first contact with a store. You need the welcome code that you were handed.")
)
@option(
    "--welcome",
    required=True,
    type=FINGERPRINT,
    metavar="CODE",
    help=N_("The code that you were handed when you were admitted."),
)
@pass_setting
def join(setting: Setting, welcome: str) -> None:
    """Pin the root card of a store, and make it this user's default."""
    store = context.open_store(setting)
    path, unlocked, secret = context.open_token(setting)
    contact = unlocked.contact
    if contact is not None and contact.store != store.store_id:
        raise LockedError("token-of-other-store")
    _ask_again(setting, unlocked)
    desk, leaf = _contact(setting, store, unlocked.identity, welcome)
    if contact is not None and contact.root != desk.memory.root:
        raise IntegrityError("memory-altered")
    known = Contact(store.store_id, desk.memory.root, leaf)
    rewrite_token(path, Unlocked(unlocked.identity, known), secret)
    size = desk.memory.verified.size
    data = {"store": store.store_id, "root_fingerprint": known.root, "handle": desk.handle, "entries": size}
    answer(setting, "join", data, lambda: _joined(data))
    places.make_default(places.place_of(setting), path)


def _contact(setting: Setting, store: Store, identity: Identity, welcome: str) -> tuple[Desk, bytes]:
    """Read the whole log; of a store behind a gate, what it tells a member."""
    remote = first_contact(store)
    if remote is not None:
        return remote(store, identity, places.state_folder(), setting.clock, welcome)
    with progress(setting, _("Reading the log")) as tick:
        return actions.join(store, identity, places.state_folder(), setting.clock, welcome, tick)


def _ask_again(setting: Setting, unlocked: Unlocked) -> None:
    """Whoever was in contact before says that they mean to begin anew."""
    if unlocked.contact is None:
        return
    note(
        setting,
        _("This token has had contact with this store before. Its log is read from the beginning."),
    )
    if setting.asking() and not terminal.confirm(_("Go on?")):
        raise CancelledError


def _joined(data: dict[str, object]) -> list[str]:
    return [
        say("Welcome, {handle}. {entries} entries of the log are checked.", **data),
        say("Root card: {fingerprint}", fingerprint=data["root_fingerprint"]),
        _("Compare it with a colleague's: `dossier token show`."),
    ]
