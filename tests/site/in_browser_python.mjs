// Runs cells in the Python that the site serves, under Node: node in_browser_python.mjs FOLDER < {"cells": [...]}.
// Prints one line of JSON for each cell: what it showed, and its error.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const { cells, before } = JSON.parse(readFileSync(0, "utf-8"));
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
const pyodide = await loadPyodide({ indexURL: folder, env: { HOME: "/home/pyodide", MPLBACKEND: "svg" } });
await pyodide.loadPackage(["backprop-lib", "matplotlib"], { messageCallback() {} });
for (const [path, text] of Object.entries(before ?? {})) {
  pyodide.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
  pyodide.FS.writeFile(path, text);
}

let outputs = [];
const kernel = pyodide.pyimport("backprop_book.page.kernel").Kernel((how, text) => outputs.push([how, text]));
for (const [place, code] of cells.entries()) {
  outputs = [];
  const began = performance.now();
  const error = kernel.run(code, `cell ${place + 1}`);
  const seconds = (performance.now() - began) / 1000;
  const heap = pyodide._module.HEAP8.length;
  process.stdout.write(`${JSON.stringify({ outputs, error: error ?? null, seconds, heap })}\n`);
}
