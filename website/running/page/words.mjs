// What the page says when something does not go as it should: what happened, and what to do.
const AGAIN = "Press Run again.";

const FAILURES = {
  "no workers": "This browser has no workers for modules, which Python needs here. A newer one has; or download the notebook.",
  "no WebAssembly": "This browser has no WebAssembly, or it is switched off; Python needs it. Download the notebook instead.",
  forbidden:
    "This site's security policy forbids WebAssembly. Whoever runs the server must allow 'wasm-unsafe-eval' in script-src.",
  unreachable: `Python did not arrive: the connection broke off, or the server does not answer. ${AGAIN}`,
  damaged: `A part of Python arrived damaged: its checksum is not the book's. ${AGAIN} If it stays so, a server or proxy in between changes files.`,
  missing:
    "Python is not where this page looks for it. If the book was published anew since you opened the page, reload it; " +
    "a copy packed by make zip has Python only with PYTHON=1.",
  memory: "Python ran out of memory, and its variables are gone. Reload the page, or run fewer cells.",
  started: "Python could not be started.",
};

export const failure = (reason) => FAILURES[reason] ?? `${FAILURES.started} It says: ${reason}`;

export const NOT_KEPT = {
  full: "This browser's storage is full: what you write here lasts as long as the page. Export your notebook before you leave.",
  forbidden: "This browser keeps nothing for this page: what you write lasts as long as the page. Export your notebook before you leave.",
};

export const PYTHON_NOT_KEPT = "There is no room to keep Python in this browser; it will be loaded again the next time.";

export const STOPPED = "Stopped. The variables of this page are gone; the next Run begins with the first cell again.";

export const loading = (part, megabytes) => part >= 1 ? "Starting Python …" : `Loading ${megabytes} MB, once: ${Math.floor(100 * part)} %`;
