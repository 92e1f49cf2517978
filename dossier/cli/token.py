"""dossier token new, show, passphrase."""

from pathlib import Path

import click

from dossier.cli import context, places
from dossier.cli.newtoken import new_passphrase, profile, rewrite_token, write_token
from dossier.cli.params import HANDLE, Group, option
from dossier.cli.render import answer, note
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.store import identity_of
from dossier.cli.words import N_, _, say
from dossier.desk import Desk
from dossier.errors import LockedError, UnreachableError, UsageError
from keys.encoding import fingerprint
from keys.identity import Card
from keys.token import peek


@click.group(cls=Group, help=N_("Your token: the file with your keys."))
def token() -> None:
    """The token."""


@token.command(help=N_("Make a token, and a card to hand to a coordinator."))
@option(
    "--handle",
    required=True,
    type=HANDLE,
    metavar="HANDLE",
    help=N_("The short name by which colleagues know you."),
)
@option("--person", required=True, metavar="NAME", help=N_("Your name."))
@option("--org", required=True, metavar="ORG", help=N_("Your organisation."))
@option(
    "--card-out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("The file for the card, which must not exist yet."),
)
@pass_setting
def new(setting: Setting, handle: str, person: str, org: str, card_out: Path) -> None:
    """Draw keys; write the token and the card."""
    path, card = draw(setting, handle, person, org, card_out)
    print_ = card.fingerprint
    data = {"token": str(path), "card": str(card_out), "card_fingerprint": print_}
    answer(
        setting,
        "token-new",
        data,
        lambda: [
            say("Your token: {token}", token=path),
            say("Your card: {card}", card=card_out),
            say("Its fingerprint: {fingerprint}", fingerprint=print_),
            _("Hand the card to a coordinator. Tell them the fingerprint yourself, by voice or on paper."),
        ],
    )


def draw(setting: Setting, handle: str, person: str, org: str, card_out: Path) -> tuple[Path, Card]:
    """Draw keys; write the token, and then the card. Give the token's place, and the card.

    Raises:
        UsageError: where one of the files is there already.
        UnreachableError: where one cannot be written; then neither is kept.
    """
    path = places.token_of(setting)
    if path.exists():
        raise UsageError("token-exists")
    places.check_free(card_out)
    identity = identity_of(handle, person, org)
    secret = new_passphrase(setting, identity.card)
    write_token(path, identity, secret)
    try:
        card_out.write_bytes(identity.card.write())
    except OSError as e:
        path.unlink()  # nobody knows its card, and nothing else gives one
        raise UnreachableError("file-unwritable") from e
    return path, identity.card


@token.command(help=N_("Show what is in your token, but for its secrets."))
@pass_setting
def show(setting: Setting) -> None:
    """Show card, store, root card and roles."""
    path, unlocked = places.token_of(setting), context.open_keys(setting)
    if peek(path).too_open:
        note(setting, _("CARE: others on this computer can read your token file. Change its mode to 0600."))
    card, contact = unlocked.identity.card, unlocked.contact
    roles: list[str] = []
    if contact is not None:
        roles = _roles(context.desk_with(setting, context.open_store(setting), unlocked))
    data = {
        "handle": card.handle,
        "person": card.person,
        "org": card.org,
        "card_fingerprint": card.fingerprint,
        "roles": roles,
        "store": contact.store if contact else None,
        "root_fingerprint": contact.root if contact else None,
    }
    answer(
        setting,
        "token-show",
        data,
        lambda: [
            f"{card.handle}: {card.person}, {card.org}",
            say("Fingerprint of your card: {fingerprint}", fingerprint=card.fingerprint),
            say("Roles: {roles}", roles=", ".join(roles) or "-"),
            say("Store: {store}", store=data["store"] or _("none yet: dossier join")),
            say("Root card: {fingerprint}", fingerprint=data["root_fingerprint"] or "-"),
        ],
    )


def _roles(desk: Desk) -> list[str]:
    """Give the roles of whoever's token it is; a gate has none. Raises LockedError when not admitted."""
    try:
        return sorted(desk.gate.survey().register.member(desk.handle).roles)
    except LockedError:
        known = desk.gate.register.gates.get(desk.handle)
        if known is None or known.fingerprint != desk.identity.card.fingerprint:
            raise
        return []


@token.command(help=N_("Draw new keys for yourself. Your old token is replaced, and opens nothing any more."))
@pass_setting
def renew(setting: Setting) -> None:
    """Renew the keys, or go on with a renewal that was broken off."""
    from dossier.cli.renewing import renew_token  # noqa: PLC0415 (no other command here needs a store's keys)

    path, done = renew_token(setting)
    data = {
        "token": str(path),
        "card_fingerprint": done.desk.identity.card.fingerprint,
        "welcome": fingerprint(done.leaf),
        "boxed": done.boxed,
    }
    answer(
        setting,
        "token-renew",
        data,
        lambda: [
            say("Your token has new keys: {token}", token=path),
            say("Fingerprint of your card: {fingerprint}", fingerprint=data["card_fingerprint"]),
            say("Households boxed to it: {count}.", count=done.boxed),
            _("Copies of the old token open nothing that is written after the next rotation and rekey."),
        ],
    )


@token.command(help=N_("Change the passphrase of your token."))
@option(
    "--new-passphrase-file",
    metavar="FILE",
    help=N_("Read the new passphrase from a file that only you can read."),
)
@option(
    "--new-passphrase-fd",
    metavar="N",
    type=int,
    help=N_("Read the new passphrase from an open file descriptor."),
)
@pass_setting
def passphrase(setting: Setting, new_passphrase_file: str | None, new_passphrase_fd: int | None) -> None:
    """Seal the token anew."""
    path, unlocked, old = context.open_token(setting)
    if setting.no_input and new_passphrase_file is None and new_passphrase_fd is None:
        raise UsageError("missing-option", option="--new-passphrase-file")
    plain = Setting(no_input=setting.no_input)  # the old passphrase's file is not the new one's
    secret = new_passphrase(plain, unlocked.identity.card, new_passphrase_file, new_passphrase_fd)
    if secret == old:
        raise UsageError("passphrase-same")
    rewrite_token(path, unlocked, secret, profile())
    answer(setting, "token-passphrase", {"token": str(path)}, lambda: [_("The passphrase is changed.")])
