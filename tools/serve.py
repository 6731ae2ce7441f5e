"""Serve a folder of the built book on this machine only: `python serve.py [FOLDER]`."""

import functools
import http.server
import sys
from pathlib import Path

PORTS = range(8000, 8020)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, without a line for each on the terminal."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",  # where a system's own list says otherwise, no browser runs a module
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *arguments):
        """Say nothing."""


def server(folder):
    """Return a server of a folder at the first free port.

    Raises
    ------
    SystemExit
        If there is none.
    """
    for port in PORTS:
        try:
            return http.server.ThreadingHTTPServer(("127.0.0.1", port), functools.partial(Handler, directory=folder))
        except OSError:  # taken
            continue
    raise SystemExit(f"expected a free port from {PORTS[0]} to {PORTS[-1]}, got none")


if __name__ == "__main__":
    with server(Path(*sys.argv[1:] or [Path(__file__).parent])) as book:
        print(f"Open http://127.0.0.1:{book.server_port}/ (Ctrl+C ends it)", flush=True)
        try:
            book.serve_forever()
        except KeyboardInterrupt:
            print()
