// What a cell shows: text, drawings, interactive figures, errors, in the form that the book's own outputs have.
const TICK = /^(✓ )(eq-[\w-]+)( agrees to \S+)$/;
const CLASSES = {
  stdout: "output stream",
  stderr: "output stderr",
  text: "output text_plain",
  error: "output traceback",
  note: "output run-note",
};

export const element = (name, properties = {}, ...children) => {
  const { dataset, ...others } = properties;
  const made = Object.assign(document.createElement(name), others);
  Object.assign(made.dataset, dataset);
  made.append(...children);
  return made;
};

// "✓ eq-chain agrees to 1e-08" with the equation's number on this page, as a link.
const withNumber = (line) => {
  const [, sign, label, rest] = line.match(TICK) ?? [];
  const number = label && document.querySelector(`#equation-${label} .eqno`)?.firstChild?.textContent.trim();
  if (!number) return [line];
  return [`${sign}${label} `, element("a", { className: "reference internal", href: `#equation-${label}` }, number), rest];
};

export class Output {
  /** @param {HTMLElement} cell the element of the whole cell */
  constructor(cell, player) {
    this.player = player;
    this.printed = cell.querySelector(".cell_output");
    this.place = cell.classList.contains("tag_hide-cell") ? cell.querySelector("details") : cell;
    this.box = this.printed;
  }

  /** Begin anew: nothing old stays that could be taken for new. */
  clear() {
    const fresh = element("div", { className: "cell_output docutils container run-output" });
    if (this.box) this.box.replaceWith(fresh);
    else this.place.append(fresh);
    this.box = fresh;
    this.text = "";
  }

  /** Show what the book printed. */
  restore() {
    if (this.box === this.printed) return;
    if (this.printed) this.box.replaceWith(this.printed);
    else this.box.remove();
    this.box = this.printed;
  }

  show(how, text) {
    if (how === "svg" || how === "html") this.picture(how, text);
    else this.print(how, text);
  }

  // Text goes where text went last, as long as nothing else came between.
  print(how, text) {
    let last = this.box.lastElementChild;
    if (last?.dataset.how !== how) {
      last = element("div", { className: `${CLASSES[how]} highlight-none notranslate`, dataset: { how } });
      last.append(element("div", { className: "highlight" }, element("pre")));
      this.box.append(last);
    }
    const pre = last.querySelector("pre");
    if (how === "stdout") {
      this.text += text;
      for (const piece of text.split(/(?<=\n)/)) {
        const line = piece.replace(/\n$/, "");
        if (!TICK.test(line)) pre.append(piece);
        else pre.append(...withNumber(line), piece.slice(line.length));
      }
    } else if (how === "error") pre.append(...withMarkedLine(text));
    else if (text.includes("\r")) pre.textContent = `${pre.textContent}${text}`.replace(/[^\n]*\r(?!\n)/g, ""); // a bar
    else pre.append(text);
    if (pre.scrollWidth > pre.clientWidth) pre.tabIndex = 0;
  }

  /** Say something of the page's own, with a link perhaps. */
  note(...parts) {
    this.box.append(element("p", { className: CLASSES.note }, ...parts));
  }

  // Made by the book's own code in the worker; the policy lets no script in it run.
  picture(how, text) {
    const part = element("div", { className: how === "html" ? "output text_html" : "output run-picture" });
    part.innerHTML = text;
    this.box.append(part);
    if (how === "html") document.head.append(element("script", { src: this.player }));
  }
}

// What to look at in a traceback: the last line of a cell that it names, with its code, and at the end what is wrong.
const withMarkedLine = (text) => {
  const lines = text.trimEnd().split(/(?<=\n)/);
  const own = lines.findLastIndex((line) => /^ +File "<cell \d+>"/.test(line));
  const last = lines.findLastIndex((line) => /^\S/.test(line));
  const marked = (place) => place >= last || (own >= 0 && (place === own || place === own + 1));
  return lines.map((line, place) => (marked(place) ? element("strong", {}, line) : line));
};
