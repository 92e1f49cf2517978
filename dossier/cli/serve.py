"""dossier serve."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dossier.cli import context
from dossier.cli.params import Command, option
from dossier.cli.places import state_folder
from dossier.cli.render import answer, note
from dossier.cli.setting import Setting, pass_setting
from dossier.cli.words import N_, _, say
from dossier.errors import IntegrityError, LockedError, UnreachableError
from dossier.memory import Memory
from dossier.memory_gate import GateMemory
from dossier.model import Seen, StoreId
from dossier.storage.base import Store
from dossier.storage.locking import locked
from keys.token import Unlocked

PORT = 8443
_FILE = click.Path(path_type=Path)


@click.command(
    cls=Command,
    help=N_(
        "Be the gate of this store: answer its members' programs until told to stop. "
        "--token is the gate's own (dossier gate new), --store the database or folder."
    ),
)
@option(
    "--listen",
    default=f"127.0.0.1:{PORT}",
    metavar="ADDRESS",
    help=N_("Where to answer: HOST:PORT, or unix:/PATH."),
)
@option(
    "--certificate", type=_FILE, metavar="FILE", help=N_("The certificate for HTTPS, with those above it.")
)
@option("--key", type=_FILE, metavar="FILE", help=N_("The private key of the certificate."))
@option(
    "--state",
    type=_FILE,
    metavar="FOLDER",
    help=N_("Where the gate remembers how far the log came. Not in the database."),
)
@option("--rate", type=int, default=100, metavar="N", help=N_("Calls a second that one member may make."))
@pass_setting
def serve(
    setting: Setting, listen: str, certificate: Path | None, key: Path | None, state: Path | None, rate: int
) -> None:
    """Answer until told to stop."""
    from dossier.serve.office import Office  # noqa: PLC0415 (only a gate needs it)
    from dossier.serve.service import Listening, serve  # noqa: PLC0415 (likewise)

    listening = Listening(listen, certificate, key)
    listening.check()
    store = context.open_storage(setting)
    unlocked = context.open_token(setting)[1]
    memory = _memory(store, unlocked, state or state_folder())
    with _alone(memory):
        office = Office(store, unlocked.identity, memory, setting.clock, rate)
        note(setting, _("Reading what is new in the log."))
        office.look()
        office.check_adopted()

        def ready(place: str) -> None:
            data = {"listen": place, **office.about()}
            answer(setting, "serve", data, lambda: [say("Answering at {place}", place=place)])

        serve(office, listening, ready)


@contextmanager
def _alone(memory: GateMemory) -> Iterator[None]:
    """Be the only process with this memory. Raises UnreachableError: "gate-running"."""
    memory.lock_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with locked(memory.lock_path, 0.0):
            yield
    except UnreachableError as e:
        if e.code == "busy":
            raise UnreachableError("gate-running") from e
        raise


def _memory(store: Store, unlocked: Unlocked, folder: Path) -> GateMemory:
    """Give the gate's memory; the first time, what it joined with says how far the log must reach."""
    contact, identity = unlocked.contact, unlocked.identity
    if contact is None:
        raise LockedError("not-joined")
    if contact.store != store.store_id:
        raise LockedError("other-store")
    memory = GateMemory(folder, identity, StoreId(contact.store))
    if not memory.load():
        joined = Memory(state_folder(), identity, StoreId(contact.store))
        if not joined.load():
            raise IntegrityError("memory-gone")
        memory.root = contact.root
        seen = joined.must_pass or Seen(joined.verified.size, joined.verified.root)
        if memory.must_pass is None or memory.must_pass.size < seen.size:
            memory.must_pass = seen
    if memory.root != contact.root:
        raise IntegrityError("memory-altered")
    return memory
