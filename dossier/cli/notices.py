"""What every member, or every coordinator, is told once at their next command: a restore, a recovery."""

from collections.abc import Iterator

from dossier.cli.render import day, mark, note
from dossier.cli.setting import Setting
from dossier.cli.words import say
from dossier.desk import Desk
from dossier.gate.base import Situation
from dossier.model import Role
from dossier.register.register import Register


def show(setting: Setting, desk: Desk) -> None:
    """Tell what this member was not told yet, and remember that they were. Programs are not told."""
    register, memory = desk.gate.register, desk.memory
    if setting.json or setting.quiet:
        return
    news = [(at, text) for at, text in _news(register, desk) if at > memory.told]
    for _position, text in news:
        note(setting, f"{mark('care')}: {text}")
    if desk.gate.looked is not None:
        _offer_rekey(setting, desk, desk.gate.looked)
    if news:
        memory.told = max(position for position, _ in news)
        memory.save()


def _offer_rekey(setting: Setting, desk: Desk, looked: Situation) -> None:
    """Offer a coordinator, at a command on a household, the rekey that is due there (STATEMENTS.md)."""
    member = looked.register.members.get(desk.handle)
    if member is None or not member.holds(Role.COORDINATOR):
        return
    from dossier.actions.dues import of_household  # noqa: PLC0415 (for a coordinator only)

    for household in looked.register.households.values():
        if any(due.what == "rekey" for due in of_household(looked.register, household, looked.at)):
            text = say(
                "new keys are due there: dossier keys rekey {household}", household=household.household
            )
            note(setting, f"{mark('care')}: {text}")


def _news(register: Register, desk: Desk) -> Iterator[tuple[int, str]]:
    """Give what there is to tell, each with the index of its entry."""
    restored, recovery = register.restored, register.recovery
    if restored is not None:
        yield (
            restored.position,
            say(
                "this store was restored on {day}, to entry {size}. Everything after that was lost.",
                day=day(restored.at),
                size=restored.size,
            ),
        )
    member = register.members.get(desk.handle)
    coordinator = member is not None and member.holds(Role.COORDINATOR)
    if coordinator and recovery is not None and recovery.used is not None:
        yield (
            recovery.used,
            say("the recovery card was used, and admitted a coordinator. What is due: dossier keys status"),
        )
