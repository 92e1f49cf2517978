"""Every text for people is there in Dutch and in English, and names only what the error really has."""

import ast
import gettext
import io
import json
import os
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from dossier import errors as dossier_errors
from dossier.cli import words
from dossier.cli.errors.findings import FINDINGS, words_of_finding
from dossier.cli.errors.lookup import FALLBACK, WORDS, words_of
from dossier.cli.exit_codes import CODES
from dossier.errors import DossierError
from dossier.model import Reason
from dossier.policydoc import FLAWS, PolicyError
from dossier.storage import durable
from keys import errors as keys_errors
from keys.errors import KeysError

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for package in ("dossier", "keys") for path in (ROOT / package).rglob("*.py"))
ERRORS = {
    name: error
    for module in (dossier_errors, keys_errors)
    for name, error in vars(module).items()
    if isinstance(error, type) and issubclass(error, (DossierError, KeysError))
}
# Codes that no `raise` spells out: of the last door, made from another error's, and of `storage.probe`.
ELSEWHERE = {
    "error",
    "interrupted",
    "card-bad-encoding",
    "card-weak-key",
    "no-locks",
    "no-replace",
    "no-sync",
}
ALWAYS = {"code", "where", "nearest"}  # what `words_of` adds to the data
WIDEST = 84  # characters of a line, when nothing is filled in
# What is the same in both languages: Dutch nouns, English codes, and marks.
SAME = re.compile(
    r"\{[a-z]+\}[ :]*|\{text\} \{.*\}|\[?[A-Z]{1,4}\]?|d|code|object|bytes|regisseur|read\|write|, UTC"
)
ENGLISH = re.compile(
    r"\b(the|this|that|with|and|from|for|your|show|exit|usage|options|commands|required)\b", re.IGNORECASE
)


def load_script() -> ModuleType:
    """Load scripts/words, which has no .py at its end."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        spec = spec_from_loader(
            "words_script", SourceFileLoader("words_script", str(ROOT / "scripts" / "words"))
        )
        assert spec is not None
        assert spec.loader is not None
        script = module_from_spec(spec)
        spec.loader.exec_module(script)
        return script
    finally:
        sys.path.remove(str(ROOT / "scripts"))


script = load_script()


@pytest.fixture(params=words.LANGUAGES)
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Speak a language for the length of a test."""
    domain = gettext.textdomain()
    monkeypatch.setenv("LANGUAGE", "")
    words.bind(request.param)
    yield request.param
    gettext.textdomain(domain)


def dossier(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program, in a locale that says nothing."""
    kept = {
        name: text for name, text in os.environ.items() if name not in ("LC_ALL", "LC_MESSAGES", "LANGUAGE")
    }
    return subprocess.run(
        [sys.executable, "-m", "dossier", *arguments],
        env={**kept, "LANG": "C.UTF-8", "COLUMNS": "80", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


# The catalogues.


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_catalogue_is_whole_and_as_the_source_is(language: str) -> None:
    assert script.flaws(language) == []


def test_dutch_says_something_else_than_english() -> None:
    messages = script.read_po(script.po_path("nl").read_text("utf-8")).values()
    same = [m.msgid for m in messages if m.msgid and m.msgid in m.msgstrs]
    assert [msgid for msgid in same if not SAME.search(msgid)] == []


def test_the_three_words_stand_beside_colour(language: str) -> None:
    expected = {"nl": ["GOED", "LET OP", "FOUT"], "en": ["GOOD", "CARE", "WRONG"]}[language]
    assert [words._(word) for word in ("GOOD", "CARE", "WRONG")] == expected


# The words of errors.


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            yield (node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")), node


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def constants() -> dict[str, str]:
    """Give each text that a module has a name for."""
    return {
        node.targets[0].id: node.value.value
        for path in SOURCES
        for node in parsed(path).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def texts(node: ast.expr | None) -> list[str]:
    if isinstance(node, ast.IfExp):
        return texts(node.body) + texts(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return texts(node.values[0])
    if isinstance(node, ast.Name) and node.id in constants():
        return [constants()[node.id]]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def raised() -> Iterator[tuple[str, set[str] | None]]:
    """Give each code that is spelled out, with the data given there; None where that is not spelled out."""
    for path in SOURCES:
        for name, call in calls(path):
            data = {keyword.arg for keyword in call.keywords}
            named = None if None in data else {str(key) for key in data}
            first = call.args[0] if call.args else None
            if issubclass(ERRORS.get(name, Exception), DossierError):
                yield from ((code, named) for code in texts(first))
            elif name in ("FlawError", "refuse") and path.name in (
                "strict_toml.py",
                "purposes.py",
                "policydoc.py",
            ):
                yield from (("policy-" + code, {*(named or ()), "line", "key"}) for code in texts(first))
            elif name in ("translated", "unreachable"):
                yield from ((code, None) for code in texts(call.args[-1] if call.args else None))
            yield from ((code, None) for k in call.keywords if k.arg == "code" for code in texts(k.value))


def known_codes() -> set[str]:
    classes = {error.code for error in (*ERRORS.values(), PolicyError)}
    spelled = {code for code, _ in raised()}
    return (
        classes | spelled | {str(r) for r in Reason} | set(FLAWS) | ELSEWHERE | set(durable._CODES.values())
    )


def fields(lines: tuple[str, ...]) -> set[str]:
    return {name for line in lines for _, name, _, _ in string.Formatter().parse(line) if name}


def test_every_code_has_words_of_its_own() -> None:
    assert sorted(known_codes() - WORDS.keys()) == []


def test_no_words_are_for_a_code_that_is_not_there() -> None:
    assert sorted({code.split(":")[0] for code in WORDS} - known_codes()) == []


def test_words_name_only_what_every_error_of_that_code_has() -> None:
    wrong = [
        (code, sorted(lacking))
        for code, data in raised()
        if data is not None and (lacking := fields(WORDS.get(code, ("",) * 3)) - data - ALWAYS)
    ]
    assert wrong == []
    assert [reason for reason in Reason if fields(WORDS[reason]) - ALWAYS] == []  # a refusal carries no data


@pytest.mark.parametrize("code", [*WORDS, "no-such-code"])
def test_an_error_has_three_short_lines(code: str, language: str) -> None:
    plain, _colon, which = code.partition(":")
    lines = words_of(plain, 1, {"why": which})
    assert len(lines) == 3
    assert all(lines), language
    assert max(len(line) for line in lines) <= WIDEST


def test_every_exit_code_has_words(language: str) -> None:
    assert {error.exit_code for error in ERRORS.values()} <= CODES.keys()
    assert CODES.keys() - {0} == FALLBACK.keys()
    for code, meaning in CODES.items():
        assert (words._(meaning) != meaning) == (language == "nl")
        if code:
            assert all(words_of("no-such-code", code, {}))


def test_an_unknown_household_and_a_forbidden_one_get_the_same_words(language: str) -> None:
    assert words_of("no-household", 5, {"household": "H-7KQ2M9XD"}) == words_of("no-access", 5, {})
    assert language in words.LANGUAGES


def test_an_integrity_error_says_what_and_where(language: str) -> None:
    place = {"household": "H-7KQ2M9XD", "section": "plan", "version": 3}
    what, _, now = words_of("content-altered", 8, place)
    assert {"nl": "onderdeel plan, versie 3", "en": "section plan, version 3"}[language] in what
    assert now.startswith({"nl": "Er is niets getoond.", "en": "Nothing was shown."}[language])
    assert "H-7KQ2M9XD" in words_of("book-behind", 8, {"book": "H-7KQ2M9XD", "index": 12})[0]
    assert "store" not in words_of("book-behind", 8, {"book": "store", "index": 12})[0].replace(
        "the store's", ""
    )


def test_every_integrity_error_says_that_nothing_was_shown_or_done(language: str) -> None:
    nothing = {"nl": r"niets|niemand|hierboven", "en": r"[Nn]othing|nobody|above"}[language]
    codes = {code for code, _ in raised()} & {
        code for code in WORDS if code.startswith(("log-", "book-", "entry-"))
    }
    for code in codes:
        assert re.search(nothing, " ".join(words_of(code, 8, {}))), code


def test_the_nearest_name_is_suggested(language: str) -> None:
    data = {"purpose": "nazrog", "purposes": "crisis, nazorg"}
    what, there, now = words_of("unknown-purpose", 2, data)
    assert "nazrog" in what
    assert "crisis, nazorg" in there
    assert now.startswith({"nl": "Bedoel je nazorg?", "en": "Did you mean nazorg?"}[language])
    assert "nazorg" not in words_of("unknown-purpose", 2, {**data, "purpose": "zzz"})[2]


def test_moments_are_written_for_people(language: str) -> None:
    moment = "2026-11-23T18:56:39.123Z"
    lines = words_of("clock-behind", 9, {"last": moment, "now": moment})
    assert not any(moment in line for line in lines), language
    assert "-11-2026" in lines[0]


def test_every_finding_has_words_and_says_where(language: str) -> None:
    judging = ast.walk(parsed(ROOT / "dossier" / "log" / "judging.py"))
    found = {text for node in judging if isinstance(node, ast.Yield) for text in texts(node.value)}
    for path in SOURCES:
        for name, call in calls(path) if path.name != "dues.py" else ():  # what is due there is no finding
            if name in ("Finding", "_find", "Due"):
                found |= {text.split(":")[0] for arg in call.args[:2] for text in texts(arg)}
    found.remove("idle-")  # before a Reason
    assert found >= FINDINGS.keys()
    assert found <= FINDINGS.keys() | WORDS.keys()
    for code in found:
        words_here = words_of_finding(code, "H-7KQ2M9XD", 12)
        assert "H-7KQ2M9XD" in words_here
        assert code not in words_here
    assert "(no-access)" in words_of_finding("idle-no-access", "store", 3)
    assert "0123456789ab)" in words_of_finding("object-missing:0123456789abcdef", "H-7KQ2M9XD")
    last = {"nl": "onderdeel plan).", "en": "section plan)."}[language]
    assert words_of_finding("rekey-due:plan", "H-7KQ2M9XD").endswith(last)


# The language chosen, and click's own words.


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {}, "en"),
        ([], {"LANG": "nl_NL.UTF-8"}, "nl"),
        ([], {"LANG": "nl_NL.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ([], {"LANG": "en_GB", "LC_MESSAGES": "de_DE", "LC_ALL": "nl_BE"}, "nl"),
        ([], {"LC_ALL": "", "LANG": "nl"}, "nl"),
        (["--lang", "en"], {"LC_ALL": "nl_NL"}, "en"),
        (["--lang=nl", "check"], {}, "nl"),
        (["--lang", "fr"], {"LANG": "nl_NL"}, "nl"),
        (["--lang"], {}, "en"),
    ],
)
def test_the_language_follows_the_option_and_then_the_locale(
    arguments: list[str], environment: dict[str, str], expected: str
) -> None:
    assert words.choose_language(arguments, environment) == expected


def test_the_program_speaks_the_language_of_the_locale() -> None:
    assert dossier("--help", LC_ALL="nl_NL.UTF-8").stdout.startswith("Gebruik: dossier [OPTIES] OPDRACHT")
    assert dossier("--help", LANG="de_DE.UTF-8").stdout.startswith("Usage: dossier [OPTIONS] COMMAND")
    assert dossier("--lang", "en", "--help", LC_ALL="nl_NL.UTF-8").stdout.startswith("Usage:")


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        (("read", "H-7KQ2M9XD", "plan"), "Er ontbreekt een optie: '--purpose'."),
        (("member", "admit"), "Er ontbreekt een gegeven: 'KAARTBESTAND'."),
        (("memebr",), "De opdracht 'memebr' is er niet. Bedoel je 'member'?"),
        (("member", "lst"), "De opdracht 'lst' is er niet. Bedoel je 'list'?"),
        (("check", "--zzz"), "De optie '--zzz' is er niet."),
        (("approval", "give", "x"), "Dat kan niet bij 'N': 'x' is geen getal zoals het hier hoort."),
        (("check", "extra"), "Dit gegeven is te veel: extra"),
        (("check", "--root"), "Bij de optie '--root' hoort een waarde."),
    ],
)
def test_click_speaks_dutch_in_dutch(arguments: tuple[str, ...], first: str) -> None:
    done = dossier("--lang", "nl", *arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == first
    assert done.stderr.splitlines()[1].startswith("Probeer: dossier")


# Gives the help of every command, in one process that speaks one language.
HELP = """
import json, sys
import click
from dossier.cli import words
words.bind(sys.argv[1])
from dossier.cli.app import root
found = {}
def walk(command, path, parent):
    context = click.Context(command, info_name=path.split()[-1], parent=parent, **command.context_settings)
    found[path] = command.get_help(context)
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        walk(command.get_command(context, name), path + " " + name, context)
walk(root, "dossier", None)
print(json.dumps(found))
"""


def helps(language: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", HELP, language],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_help_in_dutch_has_no_english_left() -> None:
    found = helps("nl")
    assert len(found) > 30
    for path, text in found.items():
        prose = re.sub(r"--[a-z-]+|`[^`]*`|^  [a-z-]+  |read\|write|" + path, "", text, flags=re.MULTILINE)
        assert not ENGLISH.findall(prose), path
        assert "Opties:" in text
        assert "--help" in text
        assert "Toon deze uitleg en stop." in " ".join(text.split())


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_help_fits_a_terminal_and_is_not_cut_off(language: str) -> None:
    for path, text in helps(language).items():
        for line in text.splitlines():
            assert len(line) <= 80, path
            assert not re.search(r"[a-z]\.\.\.", line), path


def test_without_arguments_the_program_shows_its_help() -> None:
    done = dossier("--lang=nl")
    assert done.returncode == 2
    assert "Er ontbreekt een opdracht." in done.stderr
    assert "Opdrachten:" in dossier(LC_ALL="nl_NL").stderr


# scripts/words itself.


def test_a_compiled_catalogue_is_what_gettext_reads() -> None:
    messages = [
        script.Message("one {n}", "many {n}", ["x"], ["een {n}", "veel {n}"]),
        script.Message('a "quoted"\n\ttext \\', None, ["x"], ["een “tekst”\n"]),
        script.Message("untranslated", None, ["x"], [""]),
    ]
    text = script.write_po("A comment", script.HEADER.format(language="nl"), messages)
    assert list(script.read_po(text).values())[1:] == messages
    read = gettext.GNUTranslations(io.BytesIO(script.mo_bytes(text)))
    assert read.ngettext("one {n}", "many {n}", 1) == "een {n}"
    assert read.ngettext("one {n}", "many {n}", 2) == "veel {n}"
    assert read.gettext('a "quoted"\n\ttext \\') == "een “tekst”\n"
    assert read.gettext("untranslated") == "untranslated"


@pytest.mark.parametrize(
    ("source", "translation", "place", "agree"),
    [
        ("{a} of {b!r}", "{b!r} van {a}", "x", True),
        ("{a}", "{b}", "x", False),
        ("{a}", "niets", "x", False),
        ("plain", "{a}", "x", False),
        ("%(prog)s {{x}}", "%(prog)s {{y}}", "x", True),
        ("%(prog)s", "%(other)s", "x", False),
        ("{value} is not a valid {number_type}", "{value} is geen getal", "click", True),
        ("{value}", "{other}", "click", False),
    ],
)
def test_placeholders_must_agree(source: str, translation: str, place: str, agree: bool) -> None:  # noqa: FBT001
    assert script.fields_agree(script.Message(source, None, [place], [translation])) is agree


def test_the_check_notices_each_flaw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = script.po_path("nl").read_text("utf-8")
    path = tmp_path / "dossier.po"
    monkeypatch.setattr(script, "po_path", lambda _language: path)

    def found(text: str, mo: bytes | None = None) -> str:
        path.write_text(text, "utf-8")
        path.with_suffix(".mo").write_bytes(script.mo_bytes(text) if mo is None else mo)
        return "\n".join(script.flaws("nl"))

    assert not found(good)
    assert "no words in nl for: Options" in found(good.replace('msgstr "Opties"', 'msgstr ""'))
    assert "other placeholders" in found(
        good.replace('msgstr "Je token: {token}"', 'msgstr "Je token: {tokn}"')
    )
    assert "no longer said: old" in found(good + '\n#: dossier/cli/app.py\nmsgid "old"\nmsgstr "oud"\n')
    assert "not compiled" in found(good, b"")
    assert "cannot be read" in found(good + "\nmsgid x\n", b"")


def test_an_f_string_cannot_be_looked_up(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text('_(f"no {way}")', "utf-8")
    with pytest.raises(SystemExit, match="f-string"):
        list(script._texts(path, ("_",), metavars=True))
