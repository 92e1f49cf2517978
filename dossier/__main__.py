"""The program: python -m dossier, and what is installed as dossier."""

import gc


def main() -> None:
    """Load the command line and run it.

    Nothing that loading makes is garbage, and looking for it takes longer than most commands' work.
    """
    gc.disable()
    from dossier.cli import app  # noqa: PLC0415 (loaded while nobody looks)

    gc.freeze()
    gc.enable()
    app.main()


if __name__ == "__main__":
    main()
