"""The policy in force, and the next one."""

from dossier.actions.approvals import Stated, state
from dossier.desk import Desk
from dossier.errors import UsageError
from dossier.policydoc import Policy
from dossier.statements import Statement


def in_force(desk: Desk) -> Policy:
    """Give the policy in force. Raises UsageError("no-policy") before the first is adopted."""
    policy = desk.gate.survey().register.policy
    if policy is None:
        raise UsageError("no-policy")
    return policy


def adopt(desk: Desk, policy: Policy) -> Stated:
    """Adopt a policy document, whole; its version is one more than the last.

    Raises:
        UsageError: "policy-version" when it is not.
    """
    situation = desk.gate.survey()
    last = situation.register.policy
    expected = 1 if last is None else last.version + 1
    if policy.version != expected:
        raise UsageError("policy-version", version=policy.version, expected=expected)
    statement = Statement("policy.adopted/1", version=policy.version, document=policy.text)
    return state(desk, situation, statement, {})
