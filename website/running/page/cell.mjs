// A code cell of the page: its code as a field that can be edited, its buttons, its output.
import { element, Output } from "./output.mjs";
import { answers, keepAnswer, keyOf } from "./storage.mjs";

const CHECK = /\bcheck_exercise\(\s*["'](\d+\.\d+)["']/;

export class Cell {
  constructor(box, place, page) {
    Object.assign(this, { box, place, page });
    // Within the `pre`, whose place in the order of the Tab key the theme decides.
    this.code = element("span", { className: "run-code" });
    const pre = box.querySelector(".cell_input pre");
    this.code.append(...pre.childNodes);
    pre.append(this.code);
    this.original = this.code.innerHTML;
    this.source = this.code.textContent;
    this.exercise = this.source.match(CHECK)?.[1];
    this.key = keyOf(this.source);
    this.name = `cell ${place + 1}`;
    this.output = new Output(box, page.player);
    this.ran = null; // the text that was run last in this session
    this.editor = null;
    if (!box.id) box.id = `cell-${place + 1}`;
    this.addButtons();
    this.makeEditable();
    this.load();
  }

  get text() {
    return this.editor ? this.editor.state.doc.toString() : this.code.textContent;
  }

  get changed() {
    return this.text.trimEnd() !== this.source.trimEnd();
  }

  addButtons() {
    const button = (label, title, action) =>
      element("button", { type: "button", className: "run-button", title, onclick: action }, label);
    const what = this.exercise ? `exercise ${this.exercise}` : this.name;
    this.label = (text) => {
      this.run.textContent = text;
      this.run.setAttribute("aria-label", `${text} ${what}`);
    };
    this.run = button("", "Shift+Enter", () => this.page.press(this));
    this.label(this.exercise ? "Check" : "Run");
    this.reset = button("Reset", "Bring back the book's text", () => this.bringBack());
    this.reset.setAttribute("aria-label", `Reset ${what}`);
    this.reset.hidden = true;
    this.bar = element("div", { className: "run-bar" }, this.run);
    if (this.exercise) {
      const hint = button("Hint", "One more with each press", () => this.page.hint(this));
      hint.setAttribute("aria-label", `Hint for ${what}`);
      this.bar.append(hint);
    }
    this.bar.append(this.reset);
    this.box.querySelector(".cell_input").append(this.bar);
  }

  /** A field of plain text; at the first change the editor takes its place. */
  makeEditable() {
    const { code } = this;
    try {
      code.contentEditable = "plaintext-only";
    } catch {
      code.addEventListener("focus", () => this.openEditor(), { once: true }); // an older browser
    }
    code.tabIndex = 0;
    code.spellcheck = false;
    code.setAttribute("role", "textbox");
    code.setAttribute("aria-multiline", "true");
    code.setAttribute("aria-label", `Code of ${this.name}`);
    code.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.page.press(this);
      }
    });
    code.addEventListener("input", (event) => {
      this.edited();
      if (!event.isComposing) this.openEditor();
    });
  }

  async openEditor() {
    this.opening ??= this.page.editor();
    const createEditor = await this.opening;
    if (!createEditor || this.editor) return; // the plain field goes on
    const selection = getSelection();
    const focused = document.activeElement === this.code;
    const before = document.createRange();
    before.selectNodeContents(this.code);
    if (focused && selection.rangeCount) before.setEnd(selection.focusNode, selection.focusOffset);
    const place = before.toString().length;
    this.host = element("div", { className: "run-editor" });
    this.code.before(this.host);
    this.editor = createEditor(this.host.attachShadow({ mode: "open" }), {
      text: this.code.textContent.trimEnd(),
      label: `Code of ${this.name}. Escape, then Tab, leaves it.`,
      onChange: () => this.edited(),
      onRun: () => this.page.press(this),
    });
    this.code.hidden = true;
    if (!focused) return;
    const end = this.editor.state.doc.length;
    this.editor.dispatch({ selection: { anchor: Math.min(place, end) } });
    this.editor.focus();
  }

  edited() {
    if (this.editor) this.code.textContent = this.text; // what is copied
    this.reset.hidden = !this.changed;
    keepAnswer(this.page.lesson, this.key, this.changed ? this.text : undefined);
    this.page.tellWhetherKept();
  }

  /** Show another text. */
  write(text) {
    if (text.trimEnd() === this.text.trimEnd()) return;
    if (this.editor) this.editor.dispatch({ changes: { from: 0, to: this.editor.state.doc.length, insert: text } });
    else this.code.textContent = text;
    this.edited();
  }

  /** Take what is kept in this browser, or else the book's text. */
  load() {
    const kept = answers(this.page.lesson)[this.key];
    if (kept !== undefined) this.write(kept);
    else if (this.changed) this.bringBack();
  }

  bringBack() {
    const focused = this.bar.contains(document.activeElement);
    this.editor?.destroy();
    this.host?.remove();
    this.editor = this.host = this.opening = null;
    this.code.hidden = false;
    this.code.innerHTML = this.original;
    this.ran = null;
    this.output.restore();
    this.edited();
    if (focused) this.run.focus();
  }

  mark(running) {
    this.box.classList.toggle("run-running", running);
    this.run.classList.toggle("run-stop", running);
    this.label(running ? "Stop" : this.exercise ? "Check" : "Run");
  }
}
