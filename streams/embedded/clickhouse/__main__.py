"""Entry of the process; see the package."""

import argparse
import logging
import os
import sys
from pathlib import Path

from streams.embedded.clickhouse.server import run
from streams.embedded.clickhouse.users import Users
from streams.errors import KoubeiError


def main() -> int:
    """Run the server; the exit code is that of the error tree (sysexits.h)."""
    parser = argparse.ArgumentParser(prog="python -m streams.embedded.clickhouse", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="data directory, made when absent")
    parser.add_argument(
        "--native-port", type=int, default=9000, help="port of the native protocol, 0 = a free one"
    )
    parser.add_argument(
        "--http-port", type=int, default=8123, help="port of the HTTP interface, 0 = a free one"
    )
    parser.add_argument("--users", type=Path, required=True, help="JSON file of the users")
    parser.add_argument("--parent", type=int, help="process whose end ends this one")
    given = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        run(given.data, given.native_port, given.http_port, Users.load(given.users), given.parent)
    except KoubeiError as error:
        print(error, file=sys.stderr, flush=True)
        return error.exit_code
    except OSError as error:
        print(error, file=sys.stderr, flush=True)
        return 71
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The engine's own threads must not hold the process up, nor complain, after all is closed.
    os._exit(code)
