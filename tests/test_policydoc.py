"""The policy document: what is refused and on which line, and what the default policy allows."""

import re
import zoneinfo
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.data import default_policy_text
from dossier.errors import UsageError
from dossier.model import CONTENT_DEEDS, Deed, PurposeId, Role, SectionName
from dossier.policydoc import FLAWS, MOST_BYTES, Policy, PolicyError, allows, parse, resolve_timezone
from dossier.toml_lines import line_of

VECTORS = sorted((Path(__file__).parent / "vectors" / "policies").glob("*.toml"))
DEFAULT = default_policy_text()
GOOD = next(path for path in VECTORS if path.stem == "good").read_text(encoding="utf-8")
EXPECT = re.compile(rb"# expect: (?:(ok)|(policy-[a-z0-9-]+) line (\d+))\n")

# Per purpose and role: the sections that it may read, or read and write (rw).
MATRIX = """
aanmelding-beoordelen  regisseur    voorblad:rw aanmeld:rw
aanmelding-beoordelen  specialist   aanmeld:r
aanmelding-beoordelen  coordinator  voorblad:rw aanmeld:rw
intakegesprek          regisseur    voorblad:r aanmeld:r intake:rw
intakegesprek          specialist   voorblad:r aanmeld:r intake:r
plan-opstellen         regisseur    voorblad:r aanmeld:r intake:r plan:rw
plan-opstellen         specialist   voorblad:r intake:r plan:rw
plan-uitvoeren         regisseur    voorblad:r intake:r plan:rw
plan-uitvoeren         specialist   voorblad:r plan:rw
overdracht             regisseur    voorblad:r intake:r plan:rw
overdracht             specialist   voorblad:r plan:r
nazorg                 regisseur    voorblad:r plan:rw
nazorg                 specialist   voorblad:r plan:r
crisis                 regisseur    voorblad:r aanmeld:r intake:r plan:rw
crisis                 specialist   voorblad:r aanmeld:r intake:r plan:r
inzageverzoek          regisseur    voorblad:r aanmeld:r intake:r plan:r
correctie              regisseur    voorblad:rw aanmeld:rw intake:rw plan:rw
caseload               regisseur    voorblad:r
caseload               specialist   voorblad:r
caseload               coordinator  voorblad:r
"""
# A line without which the default policy is still one: a comment, a blank, one reason, one right.
NOT_NEEDED = re.compile(r"(#.*|timezone = .*|special = .*|(?!title)[a-z-]+ = \{ nl.*|  \{ role.*)?")
Cell = tuple[PurposeId, Role, SectionName, Deed]


def refusal(text: str | bytes) -> PolicyError:
    """Give the error with which a document is refused."""
    with pytest.raises(PolicyError) as caught:
        parse(text)
    assert caught.value.code in FLAWS
    return caught.value


def cells(policy: Policy, *, team: bool) -> set[Cell]:
    """Ask `allows` about every purpose, role, section and deed."""
    return {
        (purpose, role, section, deed)
        for purpose in policy.purposes
        for role in Role
        for section in policy.sections
        for deed in Deed
        if allows(policy, purpose, role, section, deed, team=team)
    }


@pytest.fixture(scope="module")
def default() -> Policy:
    return parse(DEFAULT)


# Refusals


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_each_vector_is_refused_for_what_is_wrong_with_it_and_on_that_line(path: Path) -> None:
    raw = path.read_bytes()
    expect = EXPECT.match(raw)
    assert expect
    if expect[1]:
        assert parse(raw).text == raw.decode()
    else:
        error = refusal(raw)
        assert (error.code.encode(), error.data["line"]) == (expect[2], int(expect[3]))


def test_every_flaw_that_a_file_can_have_has_a_vector() -> None:
    expected = [EXPECT.match(path.read_bytes()) for path in VECTORS]
    shown = {expect[2].decode() for expect in expected if expect and expect[2]}
    assert set(FLAWS) - shown == {"policy-too-large", "policy-no-timezone-data"}
    assert len(set(FLAWS)) == len(FLAWS)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("unknown_limit", "limits.loud_days"),
        ("missing_recipients", "sections.aanmeld.recipients"),
        ("missing_version", "version"),
        ("unknown_role", "purposes.plan-uitvoeren.allows.role"),
        ("vague_in_dutch", "purposes.plan-uitvoeren.description.nl"),
        ("syntax", ""),
    ],
)
def test_a_refusal_names_the_key(name: str, key: str) -> None:
    path = next(path for path in VECTORS if path.stem == name)
    assert refusal(path.read_bytes()).data["key"] == key


def test_a_refusal_tells_the_bounds_and_is_wrong_use() -> None:
    error = refusal(GOOD.replace("session_hours = 12", "session_hours = 25"))
    assert (error.data["low"], error.data["high"]) == (1, 24)
    assert isinstance(error, UsageError)
    assert error.exit_code == 2


def test_a_key_that_a_terminal_would_obey_is_not_shown_as_it_is() -> None:
    key = refusal('"a\\u001b[2J" = 1\n' + GOOD).data["key"]
    assert key == "'a\\x1b[2J'"


def test_a_key_beyond_all_reason_is_cut() -> None:
    assert refusal(f"{'a' * 900} = 1\n{GOOD}").data["key"] == "a" * 200


@pytest.mark.parametrize("fill", ["x", "é"], ids=["in characters", "in bytes"])
def test_a_document_over_32_kib_is_refused(fill: str) -> None:
    line = "# " + fill * 97 + "\n"
    room = MOST_BYTES - len(GOOD.encode())
    full = GOOD + line * (room // len(line.encode()))
    full += " " * (MOST_BYTES - len(full.encode()))
    assert parse(full).version == 3
    for data in (full + " ", (full + " ").encode()):
        assert (refusal(data).code, refusal(data).data["line"]) == ("policy-too-large", 1)


def test_nesting_beyond_all_reason_is_refused() -> None:
    assert refusal("version = " + "[\n" * 9000).code == "policy-syntax"


def test_a_long_dotted_key_costs_no_time() -> None:
    assert refusal("a." * 8000 + "a = 1").code == "policy-line-too-long"


def test_a_lone_surrogate_is_refused_on_its_line() -> None:
    error = refusal("version = 1\ndecision = '\ud800'\n")
    assert (error.code, error.data["line"]) == ("policy-not-utf8", 2)


def test_line_ends_and_tabs_of_another_editor_are_taken() -> None:
    other = GOOD.replace("\n", "\r\n").replace(" = ", "\t=\t")
    assert parse(other)._replace(text=GOOD) == parse(GOOD)
    broken = other.replace("'besluit", "'besluit\t")
    assert (refusal(broken).code, refusal(broken).data["line"]) == ("policy-bad-text", 3)


def test_a_stray_line_is_named_wherever_it_stands() -> None:
    lines = DEFAULT.split("\n")
    for number in range(len(lines)):
        stray = [*lines[:number], "stray = 1", *lines[number:]]
        assert refusal("\n".join(stray)).data["line"] == number + 1


def test_a_missing_line_is_no_policy_or_only_says_less() -> None:
    lines = DEFAULT.split("\n")
    for number, gone in enumerate(lines):
        text = "\n".join(lines[:number] + lines[number + 1 :])
        if NOT_NEEDED.fullmatch(gone):
            assert parse(text).text == text
        else:
            assert 1 <= refusal(text).data["line"] < len(lines)


# Lines of other ways to write the same

WRITTEN = '''\
a = [ # of arrays
  [1.5, 2],
  ["]", '}', {b = "x\\"=", c.d = [[], 3]}],

  2026-11-23 12:00:00, # 5
]
"q.r" . s = """
u = 1
""\\""""
t = \'\'\'
[v]\'\'\'\'
[x.y]
z = true
[[x.w]]
e = 1
[[x.w]]
e = {}
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 1),
        (("a", 0, 1), 2),
        (("a", 1), 3),
        (("a", 1, 2, "c", "d", 0), 3),
        (("a", 2), 5),
        (("a", 3), 1),
        (("q.r", "s"), 7),
        (("u",), 1),
        (("t",), 10),
        (("v",), 1),
        (("x",), 12),
        (("x", "y", "z"), 13),
        (("x", "w"), 14),
        (("x", "w", 0), 14),
        (("x", "w", 0, "e"), 15),
        (("x", "w", 1), 16),
        (("x", "w", 1, "e"), 17),
        (("x", "w", 1, "e", "none"), 17),
    ],
)
def test_a_line_is_found_however_the_document_is_written(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(WRITTEN, path) == line


def test_a_value_that_ends_the_document_is_found() -> None:
    assert line_of("a = 1\nb = 2", ("b",)) == 2


# Garbage

PIECES = (*"'\"[]{}=.,\n#0é\x00", "true", "-1", "1e9", "[[a]]", "'''", "\\u0000")


@given(st.text() | st.binary())
def test_garbage_is_refused(data: str | bytes) -> None:
    refusal(data)


@given(st.data())
def test_a_garbled_policy_raises_nothing_but_policy_error(data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 40))
        piece = data.draw(st.sampled_from(PIECES) | st.text(max_size=8))
        text = text[:start] + piece + text[start + length :]
    error = None
    try:
        policy = parse(text)
    except PolicyError as e:
        error = e
    if error is None:
        assert policy.text == text
    else:
        assert error.code in FLAWS
        assert 1 <= error.data["line"] <= text.count("\n") + 1


@pytest.mark.parametrize("value", ["1.5", "07:30:00", "{}", "{ x = 1 }", "[[[]]]", "['read', 1]"])
def test_a_value_of_another_kind_is_refused_on_its_line(value: str) -> None:
    lines = GOOD.split("\n")
    keyed = [number for number, line in enumerate(lines) if re.match(r"[a-z_.-]+ = [^\[]", line)]
    assert len(keyed) > 15
    for number in keyed:
        other = lines.copy()
        other[number] = lines[number].partition(" = ")[0] + " = " + value
        assert refusal("\n".join(other)).data["line"] == number + 1


# What a policy says


def test_what_is_read_is_what_was_written() -> None:
    policy = parse(GOOD.encode())
    assert policy == parse(GOOD)
    assert (policy.version, policy.decision) == (3, "besluit 2026-117")
    assert list(policy.sections) == ["voorblad", "aanmeld", "plan"]
    assert policy.sections[SectionName("aanmeld")] == (Role.REGISSEUR,)
    assert policy.reasons["uit-dienst"].nl == "Uit dienst"
    purpose = policy.purposes[PurposeId("plan-uitvoeren")]
    assert purpose.title.en == "Carrying out the plan"
    assert (purpose.ground, purpose.special) == ("e", ("h", "30(3)(a)"))
    assert [(allow.role, allow.team) for allow in purpose.allows] == [
        (Role.REGISSEUR, False),
        (Role.SPECIALIST, False),
        (Role.COORDINATOR, True),
    ]


def test_what_is_optional_has_its_default() -> None:
    policy = parse(next(p for p in VECTORS if p.stem == "good_without_what_is_optional").read_bytes())
    purpose = policy.purposes[PurposeId("plan-uitvoeren")]
    assert (policy.timezone, purpose.statute, purpose.special) == ("Europe/Amsterdam", None, None)


def test_an_unknown_purpose_allows_nothing() -> None:
    policy = parse(GOOD)
    cell = (Role.REGISSEUR, SectionName("plan"), Deed.READ)
    assert allows(policy, PurposeId("plan-uitvoeren"), *cell, team=False)
    assert not allows(policy, PurposeId("nieuwsgierigheid"), *cell, team=False)


def test_days_end_where_the_policy_says() -> None:
    zone = resolve_timezone(parse(GOOD))
    assert datetime(2026, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=2)


def test_a_computer_without_time_zones_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", missing)
    with pytest.raises(PolicyError, match="policy-no-timezone-data") as caught:
        resolve_timezone(parse(GOOD))
    assert caught.value.data["line"] == 5


# The default policy


def test_the_default_policy_allows_this_and_nothing_else(default: Policy) -> None:
    expected: dict[bool, set[Cell]] = {True: set(), False: set()}
    for line in MATRIX.strip().splitlines():
        purpose, role, *sections = line.split()
        for name, _, deeds in (section.partition(":") for section in sections):
            for deed in CONTENT_DEEDS[: len(deeds)]:
                cell = (PurposeId(purpose), Role(role), SectionName(name), deed)
                expected[role == Role.COORDINATOR].add(cell)
    assert cells(default, team=False) == expected[False]
    assert cells(default, team=True) == expected[True]


def test_the_default_policy_gives_admins_and_overseers_no_content(default: Policy) -> None:
    both = cells(default, team=False) | cells(default, team=True)
    assert not {role for _, role, _, _ in both} & {Role.BEHEERDER, Role.TOEZICHTHOUDER}
    assert default.purposes[PurposeId("toezicht")].allows == ()


def test_the_default_policy_gives_a_specialist_nothing_that_the_regisseur_has_not(default: Policy) -> None:
    given_to = {role: {(p, s, d) for p, r, s, d in cells(default, team=False) if r == role} for role in Role}
    assert given_to[Role.SPECIALIST] < given_to[Role.REGISSEUR]


def test_the_default_policy_leaves_no_section_that_nobody_may_read_or_write(default: Policy) -> None:
    used = {(section, role, deed) for _, role, section, deed in cells(default, team=False)}
    for section, recipients in default.sections.items():
        assert (section, Role.REGISSEUR, Deed.WRITE) in used
        assert all((section, role, Deed.READ) in used for role in recipients)


def test_whoever_may_write_in_the_default_policy_may_read(default: Policy) -> None:
    both = cells(default, team=False) | cells(default, team=True)
    assert all((p, r, s, Deed.READ) in both for p, r, s, d in both if d == Deed.WRITE)


def test_the_default_policy_knows_the_sections_purposes_and_reasons_of_a_social_team(default: Policy) -> None:
    assert list(default.sections) == ["voorblad", "aanmeld", "intake", "plan"]
    assert set(default.purposes) == {
        *("aanmelding-beoordelen", "intakegesprek", "plan-opstellen", "plan-uitvoeren", "overdracht"),
        *("nazorg", "crisis", "inzageverzoek", "correctie", "toezicht", "caseload"),
    }
    assert set(default.reasons) >= {
        *("uit-dienst", "andere-functie", "token-verloren", "misbruik-vermoed", "verlof", "terug"),
        *("samenwerking-beeindigd", "doel-bereikt", "op-verzoek-client", "vergissing", "waarneming"),
        "deskundigheid-nodig",
    }
    assert default.limits == (180, 10, 12, 365, 730, 31)
    assert default.version == 1


def test_the_default_policy_names_the_law_in_force(default: Policy) -> None:
    for purpose in default.purposes.values():
        assert purpose.ground in "ce"
        assert purpose.statute
        assert "Wams" not in purpose.statute.nl
        beyond_cover = any(set(allow.sections) - {"voorblad"} for allow in purpose.allows)
        assert (purpose.special == ("h", "30(3)(a)")) is beyond_cover


def test_handing_over_to_others_needs_consent_and_help_does_not(default: Policy) -> None:
    assert [purpose.id for purpose in default.purposes.values() if purpose.needs_consent] == ["overdracht"]


def test_the_default_policy_is_plainly_not_yet_decided_upon(default: Policy) -> None:
    assert default.decision == "nog vast te stellen door het college"
    assert default.controller == "college van burgemeester en wethouders"
