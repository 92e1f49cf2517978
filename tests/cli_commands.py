"""Each command that CLI.md names, as whom it is run here, and what CLI.md says of its JSON."""

READ = ("read", "{house}", "intake", "--purpose", "intakegesprek")
GRANT = ("--role", "specialist", "--section", "plan", "--purpose", "plan-opstellen", "--until", "14d")
WRITE = ("write", "{house}", "intake", "--purpose", "intakegesprek")

# As whom, the command, its schema, its keys; of each list, the keys of its rows. As CLI.md has them.
Row = tuple[str, tuple[str, ...], str, set[str], dict[str, set[str]]]
ANSWERS: tuple[Row, ...] = (
    (
        "jan",
        ("token", "show"),
        "token-show",
        {"handle", "card_fingerprint", "roles", "store", "root_fingerprint"},
        {},
    ),
    (
        "anna",
        ("member", "list"),
        "member-list",
        set(),
        {"members": {"handle", "person", "org", "roles", "state", "card_fingerprint", "admitted_by", "at"}},
    ),
    ("anna", ("member", "roles", "sara", "--add", "regisseur"), "member-roles", {"handle"}, {}),
    ("anna", ("member", "suspend", "sara", "--reason", "verlof"), "member-suspend", {"handle"}, {}),
    ("anna", ("approval", "list"), "approval-list", {"approvals"}, {}),
    ("jan", ("policy", "show"), "policy-show", {"version", "document"}, {}),
    ("jan", ("purpose", "list"), "purpose-list", set(), {"purposes": {"id", "title", "ground", "allows"}}),
    (
        "jan",
        ("purpose", "list", "--role", "specialist"),
        "purpose-list",
        set(),
        {"purposes": {"id", "allows"}},
    ),
    ("jan", ("household", "open"), "household-open", {"household"}, {}),
    ("anna", ("household", "open", "--regisseur", "jan"), "household-open", {"household"}, {}),
    (
        "sara",
        ("household", "list"),
        "household-list",
        set(),
        {"households": {"household", "regisseur", "role", "sections", "until"}},
    ),
    ("anna", ("household", "list", "--unassigned"), "household-list", set(), {"households": {"household"}}),
    (
        "jan",
        ("household", "list", "--names", "--purpose", "caseload"),
        "household-list",
        set(),
        {"households": {"household", "name"}},
    ),
    (
        "jan",
        ("household", "show", "{house}"),
        "household-show",
        {"household", "regisseur"},
        {"sections": {"section", "version", "generation", "recipients"}},
    ),
    ("anna", ("household", "assign", "{loose}", "jan"), "household-assign", {"regisseur", "assigned"}, {}),
    ("jan", READ, "read", {"content", "media_type", "version", "by", "at", "entry"}, {}),
    ("jan", WRITE, "write", {"version", "digest", "entry"}, {}),
    (
        "jan",
        ("history", "{house}", "intake"),
        "history",
        set(),
        {"versions": {"version", "by", "at", "size", "media_type", "digest"}},
    ),
    ("anna", ("grant", "give", "{house}", "sara", *GRANT), "grant-give", {"grant", "until"}, {}),
    (
        "anna",
        ("grant", "list"),
        "grant-list",
        set(),
        {"grants": {"grant", "household", "handle", "until", "state"}},
    ),
    ("jan", ("grant", "list", "{house}", "--member", "sara"), "grant-list", set(), {"grants": {"grant"}}),
    (
        "anna",
        ("grant", "revoke", "{house}", "{grant}", "--reason", "doel-bereikt"),
        "grant-revoke",
        {"rekeyed", "opened_before"},
        {},
    ),
    (
        "jan",
        ("who", "{house}"),
        "who",
        set(),
        {"readers": {"section", "handle", "right", "given_by", "until", "state"}},
    ),
    ("tess", ("log", "show"), "log-show", set(), {"entries": {"index", "at", "decision", "request"}}),
    ("jan", ("log", "verify"), "log-verify", {"entries", "size", "root", "ok"}, {}),
    ("jan", ("log", "checkpoint"), "log-checkpoint", {"note"}, {}),
    ("jan", ("log", "vkey"), "log-vkey", {"vkeys"}, {}),
    ("tess", ("log", "export"), "log-export", {"entries"}, {}),
    ("jan", ("check",), "check", {"ok"}, {}),
    ("jan", ("exit-codes",), "exit-codes", set(), {"exit_codes": {"code", "meaning"}}),
)
