"""The kernels that run the lessons have no network: a lesson that asked for it would fail.

That every lesson passes in such a kernel is shown by the tests that run it.
"""

import os
import re
import subprocess
import sys

import nbformat

# What a cell tries, and the attempt that is seen: 192.0.2.1 belongs to nobody, and no name is ever looked up.
NETWORK = {
    "import socket; socket.socket().connect(('192.0.2.1', 80))": "socket.connect",
    "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 9))": "socket.sendto",
    "import socket; socket.gethostbyname('example.org')": "socket.gethostbyname",
    "import urllib.request; urllib.request.urlopen('http://example.org', timeout=0.01)": "socket.getaddrinfo",
}
PROGRAMS = {
    "import subprocess; subprocess.run(['true'], check=True)": "subprocess.Popen",
    "import os; os.system('true')": "os.system",
    "!true": "os.exec",
    "%pip --version": "os.exec",
}
EMPTY = "assert not [name for name in globals() if 'refuse' in name]"


def run(folder, cells, **environment):
    """Run cells as the tests run a lesson; return how each ended, and what is said of those that failed."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, folder / "attempts.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-p", "no:cacheprovider", "-rA", "attempts.ipynb"]
    settings = os.environ | environment
    said = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=120).stdout
    return re.findall(r"^(PASSED|FAILED) attempts.ipynb::Cell \d+", said, re.MULTILINE), re.split(
        "_ attempts.*_", said
    )[1:]


def test_a_lesson_that_reaches_out_fails(tmp_path):
    attempts = NETWORK | PROGRAMS
    endings, said = run(tmp_path, [EMPTY, *attempts])
    assert endings == ["PASSED", *["FAILED"] * len(attempts)]
    for section, event in zip(said, attempts.values(), strict=True):
        assert f"a lesson may not do this: {event} " in section


def test_elsewhere_programs_start(tmp_path):
    assert run(tmp_path, PROGRAMS, IPYTHONDIR=str(tmp_path / "settings"))[0] == ["PASSED"] * len(PROGRAMS)
