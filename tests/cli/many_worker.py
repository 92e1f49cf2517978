"""One of many: a process that runs a member's commands for a while, and notes what it was answered.

    python many_worker.py TEAM HANDLE NOTES SECONDS SEED

Every line of its notes is JSON, on disk before the next command begins: {"command", "code", "json", "text"}.
"""

import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cli_team import CONTENTS, Team

Action = tuple[list[str], str]  # a command, and what it writes


class Worker:
    """A member with habits."""

    def __init__(self, team: Team, who: str, seed: int) -> None:
        self.team = team
        self.who = who
        self.chance = random.Random(seed)  # noqa: S311 (so that it can be run again)
        self.number = 0

    def write(self) -> Action:
        """Write a text that nobody else writes."""
        self.number += 1
        section = "plan" if self.who == "sara" else self.chance.choice(["intake", "plan"])
        text = f"{self.who} {os.getpid()} {self.number} " + "x" * self.chance.randrange(4000)
        return ["write", self.team.house, section, "--purpose", CONTENTS[section][1]], text

    def read(self) -> Action:
        """Read what is there."""
        section = "plan" if self.who == "sara" else self.chance.choice(["intake", "plan", "aanmeld"])
        return ["read", self.team.house, section, "--purpose", CONTENTS[section][1]], ""

    def rekey(self) -> Action:
        """Give and revoke: new keys while others write."""
        scope = ["--role", "specialist", "--section", "plan", "--purpose", "crisis", "--until", "14d"]
        grants = self.team.run("anna", "--json", "grant", "list", self.team.house, "--member", "sara")
        mine = (
            []
            if grants.code
            else [
                row["grant"]
                for row in grants.json()["grants"]
                if row["purposes"] == ["crisis"] and row["state"] == "live"
            ]
        )
        if mine:
            return [
                "grant",
                "revoke",
                self.team.house,
                self.chance.choice(mine),
                "--reason",
                "doel-bereikt",
            ], ""
        return ["grant", "give", self.team.house, "sara", *scope], ""

    def look(self) -> Action:
        """Look around, without opening anything."""
        return self.chance.choice(
            [
                ["household", "show", self.team.house],
                ["member", "list"],
                ["household", "list"],
                ["history", self.team.house, "plan"],
                ["log", "verify"],
            ]
        ), ""

    def open(self) -> Action:
        """Open another household."""
        return ["household", "open"], ""

    def next(self) -> Action:
        """Choose what to do next."""
        habits: dict[str, list[Callable[[], Action]]] = {
            "jan": [self.write, self.write, self.read, self.look, self.open],
            "piet": [self.write, self.read, self.read],
            "sara": [self.write, self.read],
            "anna": [self.rekey, self.look],
            "tess": [self.look],
            "bob": [self.look, self.read],
        }
        return self.chance.choice(habits[self.who])()


def main() -> None:
    root, who, notes, seconds, seed = sys.argv[1:]
    worker = Worker(Team(Path(root)), who, int(seed))
    until = time.monotonic() + float(seconds)
    with Path(notes).open("a", encoding="utf-8") as file:
        while time.monotonic() < until:
            command, text = worker.next()
            answer = worker.team.run(who, "--json", *command, stdin=text.encode())
            said = json.loads(answer.out or answer.err or "null")
            file.write(
                json.dumps({"command": command, "code": answer.code, "json": said, "text": text}) + "\n"
            )
            file.flush()
            os.fsync(file.fileno())


if __name__ == "__main__":
    main()
