"""Find the line on which each key and value of a TOML document stands, which tomllib does not tell."""

import re
from collections import Counter, deque
from typing import NamedTuple

from dossier.strict_toml import Path

_TOKEN = re.compile(
    r"""
      (?P<skip> [ \t\r]+ | \#[^\n]* )
    | (?P<word> \"{3} (?: \\. | [^\\] )*? \"{3,5} (?!\") | '{3} .*? '{3,5} (?!')
              | " (?: \\. | [^"\\] )* " | '[^']*'
              | [^][{}=,."'\s\#]+ )
    | (?P<mark> [][{}=,.\n] )
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A mark or a word (a bare or quoted key, or part of a value), and its line."""

    mark: str  # "" for a word
    word: str
    line: int


Tokens = deque[Token]
Lines = dict[Path, int]


def line_of(text: str, path: Path) -> int:
    """Give the line of a path, or of the nearest table around it, in a document that tomllib has read."""
    lines = _lines(text)
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _lines(text: str) -> Lines:
    """Give the line on which each path first stands."""
    tokens, lines = _tokens(text), Lines()
    arrays = Counter[Path]()
    table: Path = ()
    while tokens:
        if tokens[0].mark == "\n":
            tokens.popleft()
        elif tokens[0].mark == "[":
            table = _header(tokens, lines, arrays)
        else:
            _pair(tokens, table, lines)
    return lines


def _tokens(text: str) -> Tokens:
    """Cut a document into marks and words, each with its line."""
    tokens, line = Tokens(), 1
    for match in _TOKEN.finditer(text):
        found = match[0]
        if match.lastgroup == "mark":
            tokens.append(Token(found, "", line))
        elif match.lastgroup == "word":
            tokens.append(Token("", found[1:-1] if found[0] in "\"'" else found, line))
        line += found.count("\n")
    return tokens


def _header(tokens: Tokens, lines: Lines, arrays: Counter[Path]) -> Path:
    """Take a table's header, and give the path of what follows it: in an array of tables, the next one."""
    line = tokens.popleft().line
    array = tokens[0].mark == "["
    if array:
        tokens.popleft()
    path = _key(tokens, (), lines, "]")
    if not array:
        return path
    tokens.popleft()
    member = (*path, arrays[path])
    arrays[path] += 1
    lines[member] = line
    return member


def _pair(tokens: Tokens, table: Path, lines: Lines) -> None:
    """Take a key with its value."""
    _value(tokens, _key(tokens, table, lines, "="), lines)


def _key(tokens: Tokens, path: Path, lines: Lines, end: str) -> Path:
    """Take a dotted key and the mark that ends it, and give its path."""
    while (token := tokens.popleft()).mark != end:
        if not token.mark:
            path = (*path, token.word)
            lines.setdefault(path, token.line)
    return path


def _value(tokens: Tokens, path: Path, lines: Lines) -> None:
    """Take a value, with all that is in it."""
    match tokens[0].mark:
        case "[":
            tokens.popleft()
            number = 0
            while _goes_on(tokens, "]"):
                lines[*path, number] = tokens[0].line
                _value(tokens, (*path, number), lines)
                number += 1
        case "{":
            tokens.popleft()
            while _goes_on(tokens, "}"):
                _pair(tokens, path, lines)
        case _:
            while tokens and tokens[0].mark in ("", "."):
                tokens.popleft()


def _goes_on(tokens: Tokens, end: str) -> bool:
    """Tell whether an array or table has another member; take what stands before it, or the end."""
    while tokens[0].mark in ("\n", ","):
        tokens.popleft()
    if tokens[0].mark != end:
        return True
    tokens.popleft()
    return False
