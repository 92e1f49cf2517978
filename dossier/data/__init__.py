"""What ships with the program as data: the default policy."""

from pathlib import Path


def default_policy_text() -> str:
    """Give the policy that a new store starts with, for the municipality to adapt and adopt."""
    return (Path(__file__).parent / "default-policy.toml").read_text(encoding="utf-8")
