"""What a request must say before it is decided: words that the policy has, and one version."""

from dossier.errors import ConflictError, LockedError, NotFoundError, UsageError
from dossier.gate.base import Situation
from dossier.model import Deed, Request
from dossier.register.register import Register


def check_words(request: Request, register: Register) -> None:
    """Let no section or purpose that the policy does not have get as far as the log.

    Raises:
        UsageError: naming the ones that there are; whatever household was named.
    """
    policy = register.policy
    if policy is None:
        raise UsageError("no-policy")
    if request.section is not None and request.section not in policy.sections:
        raise UsageError("unknown-section", section=request.section, sections=", ".join(policy.sections))
    if request.purpose is not None and request.purpose not in policy.purposes:
        raise UsageError("unknown-purpose", purpose=request.purpose, purposes=", ".join(policy.purposes))


def with_version(request: Request, situation: Situation) -> Request:
    """Say which version is meant: the last when reading, the next when writing.

    Raises:
        NotFoundError: nothing is written there yet, or not that version.
        LockedError: the policy got this section after the household was opened: it has no key yet.
        ConflictError: the next version is not the one that the writer expects.
    """
    if request.section is None or request.household is None:
        return request
    section = situation.register.households[request.household].sections.get(request.section)
    if section is None:
        raise LockedError("section-not-keyed", section=request.section)
    last = len(section.versions)
    if request.deed is Deed.WRITE:
        if request.version not in (None, last + 1):
            raise ConflictError("changed", last=last)
        return request._replace(version=last + 1)
    if last == 0:
        raise NotFoundError("nothing-written", section=request.section)
    version = last if request.version is None else request.version
    if not 1 <= version <= last:
        raise NotFoundError("no-such-version", last=last)
    return request._replace(version=version)
