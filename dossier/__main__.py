"""python -m dossier."""

from dossier.cli.app import main

if __name__ == "__main__":
    main()
