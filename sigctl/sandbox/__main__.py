"""`python -m sigctl.sandbox serve`: the process behind `sigctl sandbox up`; not meant to be typed."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from sigctl.errors import SigctlError
from sigctl.sandbox.server import Options, serve_here

log = logging.getLogger("sigctl.sandbox")


def main(arguments: list[str]) -> int:
    """Serve until told to stop; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sigctl.sandbox")
    serve = parser.add_subparsers(required=True).add_parser("serve")
    serve.add_argument("--dir", type=Path, required=True)
    serve.add_argument("--forge", action="append", required=True, metavar="NAME:PORT")
    serve.add_argument("--latency", type=int, default=0, metavar="MS")
    serve.add_argument("--faults", type=Path)
    serve.add_argument("--idle-seconds", type=int)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    ports = {name: int(port or 0) for name, _, port in (forge.partition(":") for forge in given.forge)}
    options = Options(
        forges=tuple(ports),
        ports=ports,
        latency_ms=given.latency,
        faults=given.faults,
        idle_seconds=given.idle_seconds,
    )
    try:
        serve_here(given.dir, options)
    except SigctlError as error:
        log.error("%s", error.text)  # noqa: TRY400  # a person can cause it: no traceback
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
