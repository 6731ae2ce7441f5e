// The page that runs. Nothing is loaded before a reader presses a button or changes a cell.
import { Cell } from "./cell.mjs";
import { showMarks } from "./marks.mjs";
import { answersIn, withAnswers } from "./notebook.mjs";
import { element } from "./output.mjs";
import { Session } from "./session.mjs";
import * as storage from "./storage.mjs";
import * as words from "./words.mjs";

const VERDICT = /^[·✓≈✗] Exercise [\s\S]*/m;
const { dataset } = document.currentScript;
const root = new URL(dataset.root, location.href); // the site's

class Page {
  constructor(bar) {
    this.bar = bar;
    this.lesson = bar.dataset.lesson;
    this.folder = new URL(`_static/${dataset.python}/`, root);
    this.player = new URL("_static/explorer/player.js", root).href;
    this.session = new Session(this.folder, (kind, message) => this.hear(kind, message));
    this.shown = null; // the cell that gets what Python shows
    this.spoken = element("p", { className: "visually-hidden", role: "status" });
    this.status = element("p", { className: "run-status", hidden: true });
    document.body.append(this.spoken, this.status);
    const boxes = [...document.querySelectorAll("div.cell")].filter((box) => box.querySelector(".cell_input pre"));
    this.cells = boxes.map((box, place) => new Cell(box, place, this));
    this.addBar();
    storage.onChange(() => {
      for (const cell of this.cells) if (!cell.box.contains(document.activeElement)) cell.load();
      this.showMarks();
    });
  }

  addBar() {
    const button = (label, action) => element("button", { type: "button", className: "run-button", onclick: action }, label);
    this.all = button("Run all", () => this.pressAll());
    const file = element("input", { type: "file", accept: ".ipynb", hidden: true });
    file.onchange = () => this.take(file);
    const menu = element("details", { className: "run-menu" }, element("summary", {}, "My answers"));
    const choices = [
      button("Export as a notebook", () => this.give()),
      button("Import a notebook", () => file.click()),
      button("Remove answers and marks", () => this.forget()),
    ];
    menu.append(element("div", {}, ...choices, file));
    menu.addEventListener("click", ({ target }) => (menu.open = menu.open && target.tagName !== "BUTTON"));
    menu.addEventListener("keydown", ({ key }) => key === "Escape" && (menu.open = false));
    this.bar.prepend(this.all, menu);
    const launch = document.querySelector(`.article-header-buttons a[href="#${this.bar.id}"]`);
    launch?.addEventListener("click", () => this.session.busy || this.pressAll());
  }

  // The editor, once for all cells; without it, the plain field goes on.
  editor() {
    this.module ??= import(new URL("editor.js", this.folder)).then(
      (module) => module.createEditor,
      () => undefined,
    );
    return this.module;
  }

  hear(kind, message) {
    if (kind === "loading") {
      this.megabytes = message.megabytes ?? this.megabytes;
      this.say(words.loading(message.part, this.megabytes), message.megabytes && `Loading ${message.megabytes} MB, once.`);
    } else if (kind === "ready") {
      this.say("Running …", "Python is loaded.");
      this.keepOffline();
    } else if (kind === "full") this.say(words.PYTHON_NOT_KEPT);
    else if (message.how === "solved") {
      storage.addSolved([message.text]);
      this.showMarks();
    } else this.shown?.show(message.how, message.text);
  }

  /** Show a line at the edge of the window; what is spoken is less. */
  say(text, spoken = "") {
    this.status.textContent = text;
    this.status.hidden = !text;
    if (spoken) this.spoken.textContent = spoken;
  }

  tellWhetherKept() {
    const reason = storage.whyNotKept();
    if (reason && !this.session.busy) this.say(words.NOT_KEPT[reason], words.NOT_KEPT[reason]);
  }

  showMarks() {
    showMarks(exercises, Number.parseInt(this.lesson, 10));
  }

  press(cell) {
    if (!this.session.busy) return this.upTo(cell, [cell]);
    return cell === this.pressed ? this.session.stop() : this.sayBusy();
  }

  sayBusy() {
    this.say(this.pressed ? `Python is busy with ${this.pressed.name}: wait, or press Stop there.` : "A hint is on its way.");
  }

  pressAll() {
    if (this.session.busy) return this.session.stop();
    return this.upTo(this.cells.at(-1), this.cells);
  }

  /** Run what has not run since it was changed, up to a cell; the outputs of some are shown. */
  async upTo(last, shown) {
    this.pressed = last;
    this.busy(true);
    if (shown.length === 1) last.output.clear();
    let outcome = {};
    for (const cell of this.cells.slice(0, last.place + 1)) {
      const visible = shown.includes(cell) || cell.changed;
      if (cell.ran === cell.text && !shown.includes(cell)) continue;
      outcome = await this.one(cell, visible);
      if (outcome.error == null && !outcome.failed && !outcome.stopped) continue;
      this.explain(cell, shown.includes(cell) ? cell : last, outcome);
      if (shown.length > 1) cell.box.scrollIntoView({ block: "center" });
      break;
    }
    this.busy(false);
    this.pressed = null;
    this.say("");
    this.announce(last, outcome);
  }

  busy(running) {
    document.body.classList.toggle("run-busy", running);
    this.all.textContent = running ? "Stop" : "Run all";
    this.pressed.mark(running);
  }

  async one(cell, visible) {
    const { text } = cell;
    if (visible) cell.output.clear();
    this.shown = visible ? cell.output : null;
    this.say("Running …");
    const outcome = await this.session.run({ code: text, name: cell.name, shown: visible, solved: [...storage.solved()] });
    this.shown = null;
    if (outcome.error == null && !outcome.failed && !outcome.stopped) cell.ran = text;
    else cell.ran = null;
    if (outcome.failed || outcome.stopped) for (const other of this.cells) other.ran = null;
    return outcome;
  }

  /** Say at the cell that was wanted why it shows nothing, and at the one that failed what was wrong. */
  explain(cell, wanted, outcome) {
    if (outcome.stopped) return wanted.output.note(words.STOPPED);
    if (outcome.failed) return wanted.output.note(words.failure(outcome.failed));
    if (cell !== wanted) {
      cell.output.clear();
      const link = element("a", { href: `#${cell.box.id}` }, cell.name);
      wanted.output.clear();
      wanted.output.note("This cell was not run, because ", link, " above it failed.");
      for (let outer = cell.box.closest("details"); outer; outer = outer.parentElement.closest("details")) outer.open = true;
    }
    cell.output.show("error", outcome.error);
  }

  announce(cell, outcome) {
    const verdict = cell.output.text?.match(VERDICT)?.[0].trim();
    const ended = outcome.stopped ? words.STOPPED : outcome.failed ? words.failure(outcome.failed) : "";
    const error = outcome.error == null ? "" : errorIn(outcome.error);
    this.spoken.textContent = ended || error || verdict || `${cell.name}: done.`;
  }

  async hint(cell) {
    if (this.session.busy) return this.sayBusy();
    cell.hints ??= new HintBox(cell.bar.parentElement);
    this.shown = cell.hints;
    this.say("Running …");
    const code = `from backprop_book import hint\nhint("${cell.exercise}")`;
    const outcome = await this.session.run({ code, name: "hint", shown: true, solved: [...storage.solved()] });
    this.shown = null;
    this.say("");
    if (outcome.failed) cell.hints.show("stdout", words.failure(outcome.failed));
    this.spoken.textContent = cell.hints.last;
  }

  notebook() {
    return fetch(this.bar.querySelector("a[download]").href).then((answer) => answer.json());
  }

  async give() {
    try {
      const notebook = withAnswers(await this.notebook(), storage.answers(this.lesson));
      const href = URL.createObjectURL(new Blob([JSON.stringify(notebook, null, 1)], { type: "application/x-ipynb+json" }));
      element("a", { href, download: `${this.lesson}-my-answers.ipynb` }).click();
      setTimeout(() => URL.revokeObjectURL(href), 10_000);
    } catch {
      this.tell("The lesson's notebook did not arrive. Try again when the server answers.");
    }
  }

  async take(file) {
    try {
      const answers = answersIn(JSON.parse(await file.files[0].text()), await this.notebook());
      for (const cell of this.cells) if (answers[cell.key] !== undefined) cell.write(answers[cell.key]);
      this.showMarks();
      const number = Object.keys(answers).length;
      this.tell(`${number} ${number === 1 ? "cell" : "cells"} taken from ${file.files[0].name}.`);
    } catch {
      this.tell(`${file.files[0].name} is not a notebook of this lesson: nothing was taken from it.`);
    }
    file.value = "";
  }

  forget() {
    if (!confirm("Remove what you wrote on this page, and the marks of all lessons?")) return;
    storage.forgetAnswers(this.lesson);
    storage.forgetSolved();
    for (const cell of this.cells) cell.load();
    this.showMarks();
    this.tell("Removed.");
  }

  tell(text) {
    this.say(text, text);
    setTimeout(() => this.status.textContent === text && this.say(""), 8000);
  }

  // For a later visit without a network: this page, and what it was made of.
  async keepOffline() {
    if (this.kept || !navigator.serviceWorker) return;
    this.kept = true;
    try {
      await navigator.serviceWorker.register(new URL("sw.js", root));
      const version = dataset.python.split("/").pop();
      const cache = await caches.open(`backpropagation-you-can-run ${root.pathname} ${version}`);
      const used = performance.getEntriesByType("resource").map((entry) => entry.name);
      const own = used.filter((url) => url.startsWith(root.href) && !url.startsWith(this.folder.href));
      const notebook = this.bar.querySelector("a[download]").href;
      const needed = ["worker.js", "manifest.json", "pyodide.mjs", "pyodide.asm.js", "editor.js"].map((name) => new URL(name, this.folder).href);
      await cache.addAll([...new Set([location.href.split("#")[0], ...own, notebook, ...needed])]);
    } catch {
      this.kept = false; // private windows, http, full storage: the page works, but not offline
    }
  }
}

// The line that says what is wrong, which notes may follow.
const errorIn = (traceback) => {
  const lines = traceback.trim().split("\n");
  return lines.findLast((line) => /^[\w.]+(Error|Exit|Exception|Interrupt)\b/.test(line)) ?? lines.at(-1);
};

class HintBox {
  constructor(code) {
    this.box = element("div", { className: "run-hints" });
    code.after(this.box);
    this.last = "";
  }

  show(how, text) {
    const line = text.trim().replace(/\s*\n\s*/g, " ");
    if (!line || line === this.last) return;
    this.last = line;
    this.box.append(element("p", {}, line));
  }
}

const exercises = JSON.parse(dataset.exercises);
const bar = document.querySelector(".run-lesson");
if (location.protocol === "file:") {
  bar?.prepend(
    element("p", {}, "Opened from a folder, a page cannot run Python. Where its index.html is, type ", element("code", {}, "python -m http.server"), " and open http://localhost:8000: there every cell has a Run button."),
  );
} else {
  const page = bar && new Page(bar);
  page?.showMarks();
  if (!page) {
    showMarks(exercises, NaN);
    storage.onChange(() => showMarks(exercises, NaN));
  }
}
