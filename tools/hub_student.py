"""A student on a hub: logs in, opens the link of chapters/teaching.md, runs a lesson, has an answer checked, saves.

The hub is spoken to as a browser does, through its addresses alone. Every step raises where the browser would show an
error.
"""

import asyncio
import json
import re
import uuid
from urllib.parse import urlsplit

import httpx
import nbformat
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from backprop_book.saved_notebooks import WIDGET_VIEW

PATIENCE = 1800  # seconds to wait for one step: a net below the rehearsal, no measure of the machine
OUTPUTS = {"stream", "display_data", "execute_result", "error"}


class Student:
    """One account: what it does are the methods named in STEPS, in their order."""

    def __init__(self, name, hub, repository, lesson, exercise):
        self.name, self.hub, self.repository = name, hub, repository
        self.notebook = f"{repository.rpartition('/')[2]}/chapters/{lesson}.ipynb"
        self.exercise = exercise
        self.client = httpx.AsyncClient(base_url=hub, follow_redirects=True, timeout=PATIENCE)

    def token(self, path):
        """The value that the hub's forms, or this student's server, want to see again."""
        return next(one.value for one in self.client.cookies.jar if (one.name, one.path) == ("_xsrf", path))

    async def ask(self, method, path, content=None):
        """Ask for something; return the answer."""
        headers = {"X-XSRFToken": self.token(f"/user/{self.name}/")} if content else {}
        answer = await self.client.request(method, path, json=content, headers=headers)
        return answer.raise_for_status()

    async def log_in(self):
        """Fill in the hub's form."""
        await self.ask("GET", "/hub/login")
        form = {"username": self.name, "password": "any", "_xsrf": self.token("/hub/")}
        answer = await self.client.post("/hub/login?next=%2Fhub%2Fhome", data=form)
        if "logout" not in answer.raise_for_status().text:
            raise RuntimeError("the hub does not let the student in")

    async def start_a_server(self):
        """Ask for a server and wait until it is ready."""
        await self.ask("GET", f"/hub/spawn/{self.name}")
        while not (server := await self.server()).get("ready"):
            if not server.get("pending"):
                raise RuntimeError("the hub gave up starting the server")
            await asyncio.sleep(0.5)

    async def server(self):
        """What the hub says of this student's server."""
        answer = await self.ask("GET", f"/hub/api/users/{self.name}")
        return answer.json()["servers"].get("", {})

    async def pull_the_book(self):
        """Open the link, then do what the script of its page does."""
        wanted = {"repo": self.repository, "branch": "main"}
        link = httpx.QueryParams(wanted | {"urlpath": f"lab/tree/{self.notebook}"})
        page = await self.ask("GET", f"/hub/user-redirect/git-pull?{link}")
        target = httpx.QueryParams(wanted | {"targetpath": self.notebook.partition("/")[0]})
        answer = await self.ask("GET", f"{page.url.path}/api?{target}")
        phases = [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line]
        if phases[-1]["phase"] != "finished":
            raise RuntimeError(f"nbgitpuller: {phases[-1]}")

    async def start_a_kernel(self):
        """Start a kernel for the notebook, and wait until it computes."""
        wanted = {"path": self.notebook, "name": "", "type": "notebook", "kernel": {"name": "python3"}}
        session = (await self.ask("POST", f"/user/{self.name}/api/sessions", wanted)).json()
        address = f"ws://{urlsplit(self.hub).netloc}/user/{self.name}/api/kernels/{session['kernel']['id']}/channels"
        cookies = "; ".join(f"{one.name}={one.value}" for one in self.client.cookies.jar if one.path != "/hub/")
        self.socket = await websocket_connect(HTTPRequest(address, headers={"Cookie": cookies}))
        await self.execute("pass")

    async def execute(self, code):
        """Run code in the kernel; return its outputs."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": "execute_request",
            "session": self.name,
            "username": self.name,
        }
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}
        await self.socket.write_message(json.dumps(message))
        outputs = []
        while (text := await self.socket.read_message()) is not None:
            answer = json.loads(text)
            state = answer["content"].get("execution_state")
            if state in {"restarting", "dead"}:
                raise RuntimeError(f"the kernel is {state}")
            if answer["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            if answer["msg_type"] in OUTPUTS:
                outputs.append(nbformat.v4.output_from_msg(answer))
            if state == "idle":
                return outputs
        raise ConnectionError("the kernel hung up")

    async def run_the_lesson(self):
        """Run every cell of the notebook in the student's copy."""
        model = await self.ask("GET", f"/user/{self.name}/api/contents/{self.notebook}")
        self.content = nbformat.from_dict(model.json()["content"])
        for index, cell in enumerate(self.content.cells):
            if cell.cell_type == "code":
                cell.outputs = await self.execute(cell.source)
                for output in cell.outputs:
                    if output.output_type == "error":
                        raise RuntimeError(f"cell {index}: {output.ename}: {output.evalue}")

    async def check_an_exercise(self):
        """Write the lesson's own solution of an exercise, and have it judged."""
        text = "\n".join(cell.source for cell in self.content.cells)
        label = "exercise-" + self.exercise.replace(".", "-")
        solution = re.search(rf"{{solution}} {label}\n.*?```python\n(.*?)```", text, re.DOTALL)[1]
        question = re.search(rf'^check_exercise\("{re.escape(self.exercise)}", \w+\)$', text, re.MULTILINE)[0]
        said = "".join(output.get("text", str(output)) for output in await self.execute(solution + question))
        if said != f"✓ Exercise {self.exercise}: right\n":
            raise RuntimeError(f"the right answer to exercise {self.exercise}: {said}")

    async def save(self):
        """Save the notebook; what is saved shows its interactive figures without a kernel."""
        model = {"type": "notebook", "content": self.content}
        await self.ask("PUT", f"/user/{self.name}/api/contents/{self.notebook}", model)
        saved = (await self.ask("GET", f"/user/{self.name}/api/contents/{self.notebook}")).json()["content"]
        if not count_live(self.content) or count_live(saved):
            raise RuntimeError(f"of {count_live(self.content)} live figures, {count_live(saved)} were saved as such")


STEPS = [
    Student.log_in,
    Student.start_a_server,
    Student.pull_the_book,
    Student.start_a_kernel,
    Student.run_the_lesson,
    Student.check_an_exercise,
    Student.save,
]


def count_live(notebook):
    """Number of outputs that hold a live widget, and HTML beside it."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    return sum({WIDGET_VIEW, "text/html"} <= output.get("data", {}).keys() for output in outputs)
