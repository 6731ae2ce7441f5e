"""Do what hub/Dockerfile says without Docker, in a folder that stands for the image's root.

The image's Python is an environment in usr/local there. What an instruction wants of the system (a package, an account)
is left out: whoever rehearses has a machine with git and with accounts.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCKERFILE = ROOT / "hub/Dockerfile"
OF_THE_SYSTEM = ("apt-get", "useradd")


def instructions(text):
    """[(instruction, what follows it)] of a Dockerfile, in order."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


class Image:
    """A folder that stands for the root of an image, and what the Dockerfile sets."""

    def __init__(self, folder):
        self.folder, self.bin = Path(folder), Path(folder) / "usr/local/bin"
        self.variables, self.command = {}, None

    def build(self, text, python):
        """Follow the instructions, in an environment made by this Python."""
        shutil.rmtree(self.folder, ignore_errors=True)
        subprocess.run([python, ROOT / "tools/environment.py", self.bin.parent], check=True)
        for instruction, rest in instructions(text):
            self.follow(instruction, rest)

    def follow(self, instruction, rest):
        """Follow one instruction."""
        match instruction:
            case "ARG" | "ENV":
                name, value = rest.split("=", maxsplit=1)
                self.variables[name] = value
            case "COPY":
                self.copy(*rest.split())
            case "RUN" if not rest.startswith(OF_THE_SYSTEM):
                self.run(self.inside(rest))
            case "CMD":
                self.command = re.findall('"([^"]+)"', rest)
            case "FROM" | "RUN" | "USER" | "WORKDIR":
                pass
            case _:
                raise ValueError(f"expected an instruction that hub/Dockerfile had before, got {instruction} {rest}")

    def run(self, command):
        """Run a command of a shell; what it prints goes into a log."""
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            options = {"cwd": self.folder, "env": self.environment(), "stdout": log, "stderr": log}
            subprocess.run(command, shell=True, check=True, **options)

    def copy(self, *names):
        """Copy files and folders of the book; a folder's contents, as Docker does."""
        *sources, target = names
        for source in sources:
            destination = Path(self.inside(target))
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, destination, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                destination.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, destination)

    def inside(self, text):
        """Put the image's folders into the folder that stands for its root."""
        return re.sub(r"(?<!\S)/(?=tmp/|home/)", f"{self.folder}/", text)

    def environment(self):
        """Variables for a program that runs in the image."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER"))}
        return kept | self.variables | {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}"}
