// Runs in the browser that prints the book: takes the pages of the site one by one and makes one document of them.
const FRAMES = 4; // states shown of an interactive figure
// Formulas stand on a page twice, once as MathML for screen readers: in a PDF that would be text under the text.
const NOT_ON_PAPER =
  ".run-lesson, .headerlink, .above-input, .katex-mathml, .explorer-controls, .sd-summary-state-marker, script, button";

const element = (name, properties, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

// An id on a page, as it is called in the book: no two pages share one.
const idInBook = (page, id) => (id ? `${page}:${id}` : page);

// A chapter's title is a heading below its part's, and so on down.
const lowerHeadings = (article) => {
  for (const heading of article.querySelectorAll("h1, h2, h3, h4, h5")) {
    const lower = document.createElement(`h${Number(heading.tagName[1]) + 1}`);
    for (const { name, value } of heading.attributes) lower.setAttribute(name, value);
    lower.append(...heading.childNodes);
    heading.replaceWith(lower);
  }
};

const renameIds = (article, page) => {
  for (const named of article.querySelectorAll("[id]")) named.id = idInBook(page, named.id);
  for (const { attributes } of article.querySelectorAll("svg *"))
    for (const attribute of attributes) {
      if (attribute.localName === "href") attribute.value = attribute.value.replace(/^#/, `#${page}:`);
      else attribute.value = attribute.value.replace(/url\((["']?)#/g, `url($1#${page}:`);
    }
};

// Links between pages become links within the book; those that lead to no page of it keep their address.
const renameLinks = (article, page, address, pages) => {
  for (const link of article.querySelectorAll("a[href]")) {
    const target = new URL(link.getAttribute("href"), address);
    const name = pages[target.href.split("#")[0]];
    if (name) link.setAttribute("href", `#${idInBook(name, decodeURIComponent(target.hash.slice(1)))}`);
  }
};

// Each control as its number of values and the place where it starts.
const controlsOf = (player) =>
  [...player.querySelectorAll(".explorer-control")].map((control) => {
    const slider = control.querySelector("input[type=range]");
    const radios = [...control.querySelectorAll("input[type=radio]")];
    return slider
      ? { size: Number(slider.max) + 1, start: Number(slider.getAttribute("value")) }
      : { size: radios.length, start: radios.findIndex((radio) => radio.hasAttribute("checked")) };
  });

const frameAt = (controls, places) => controls.reduce((frame, { size }, i) => frame * size + places[i], 0);

// One control: places evenly apart, the nearest of them moved to where it starts. Several: as they start, and then
// each in turn at its ends.
const keyFrames = (controls) => {
  const starts = controls.map(({ start }) => start);
  let places;
  if (controls.length === 1) {
    const [{ size, start }] = controls;
    const count = Math.min(FRAMES, size);
    const apart = [...Array(count).keys()].map((i) => Math.round((i * (size - 1)) / Math.max(1, count - 1)));
    const nearest = apart.reduce((best, place) => (Math.abs(place - start) < Math.abs(best - start) ? place : best));
    places = apart.map((place) => [place === nearest ? start : place]);
  } else {
    const ends = controls.flatMap(({ size }, i) => [0, size - 1].map((end) => starts.with(i, end)));
    places = [starts, ...ends];
  }
  return [...new Set(places.map((place) => frameAt(controls, place)))].sort((a, b) => a - b);
};

const shows = (ranges, frame) =>
  ranges.split(" ").some((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return first <= frame && frame <= last;
  });

const drawingOf = (svg, frame) => {
  const drawing = svg.cloneNode(true);
  for (const part of drawing.querySelectorAll("[data-in]")) {
    if (shows(part.dataset.in, frame)) part.removeAttribute("display");
    else part.remove();
  }
  return drawing;
};

const printExplorers = (article, page) => {
  for (const player of article.querySelectorAll(".explorer-player")) {
    const texts = JSON.parse(player.dataset.texts);
    const frames = keyFrames(controlsOf(player));
    const states = frames.map((frame) => {
      const state = element("figure", {}, drawingOf(player.querySelector("svg"), frame));
      renameIds(state, `frame${frame}`);
      state.append(element("figcaption", { textContent: texts[frame] }));
      return state;
    });
    const shown = frames.length < texts.length ? `${frames.length} of its ${texts.length} states` : "all its states";
    const note = `On the website this figure is interactive. Here: ${shown}.`;
    player.replaceWith(element("div", { className: "key-frames" }, element("p", { textContent: note }), ...states));
  }
};

const book = () => document.querySelector("article");

// A kind of pages for this part of the book, with its name at the top.
const addRunningHead = (part, kind, title) => {
  part.style.page = kind.replaceAll(/\W/g, "-");
  const rule = `@page ${part.style.page} { @top-right { content: ${JSON.stringify(title)}; } }`;
  document.head.append(element("style", { textContent: rule }));
};

// A link with room for the number of the page that it leads to.
const linkToPage = (id, ...text) => {
  const number = element("span", { className: "page-number", textContent: "000" });
  return element("a", { href: `#${id}` }, ...text, number);
};

// Nobody is to read the answer on the way to the next exercise: solutions come last, each named after its exercise.
const solutions = document.createDocumentFragment();

const moveSolutions = (chapter, title) => {
  const moved = element("section", { className: "chapter", id: `solutions:${chapter.id}` });
  moved.append(element("h2", { textContent: title }));
  let exercise;
  for (const box of chapter.querySelectorAll(".exercise.admonition, .solution.admonition")) {
    if (box.matches(".exercise")) {
      exercise = box;
      continue;
    }
    const { textContent } = exercise.querySelector(".admonition-title");
    box.replaceWith(element("p", { className: "see-solution" }, linkToPage(box.id, "Solution on page ")));
    box.querySelector(".admonition-title").replaceChildren(element("a", { href: `#${exercise.id}`, textContent }));
    moved.append(box);
  }
  if (moved.querySelector(".solution")) solutions.append(moved);
};

window.addPart = (title) => {
  const heading = element("h1", { textContent: title });
  book().append(element("section", { className: "part", id: `part:${title}` }, heading));
};

// Called for each page in turn: its text, its address, its name in the book, and all names by address.
window.addPage = ({ html, address, name, pages }) => {
  const article = new DOMParser().parseFromString(html, "text/html").querySelector("article");
  printExplorers(article);
  article.querySelectorAll(NOT_ON_PAPER).forEach((part) => part.remove());
  article.querySelectorAll("details").forEach((details) => (details.open = true));
  lowerHeadings(article);
  renameIds(article, name);
  renameLinks(article, name, address, pages);
  const chapter = element("section", { className: "chapter", id: name }, ...article.childNodes);
  const title = chapter.querySelector("h2").textContent.trim();
  moveSolutions(chapter, title);
  book().append(chapter);
  addRunningHead(chapter, name, title);
};

// Called after the last page.
window.addSolutions = () => {
  if (!solutions.childElementCount) return;
  window.addPart("Solutions");
  const all = element("div", { className: "solutions" }, solutions);
  book().append(all);
  addRunningHead(all, "solutions", "Solutions");
};

// Parts, chapters and their sections; returns what the outline says of them.
window.addContents = () => {
  const entries = [...book().querySelectorAll("section.part, section.chapter, section.chapter section:has(> h3)")];
  const headings = entries.map((entry) => entry.querySelector("h1, h2, h3"));
  const lines = headings.map((heading, i) => {
    const title = element("span", {}, ...heading.cloneNode(true).childNodes);
    return element("li", { className: `contents-${heading.tagName.toLowerCase()}` }, linkToPage(entries[i].id, title));
  });
  document.getElementById("contents").append(element("ul", {}, ...lines));
  return headings.map(({ tagName, textContent }, i) => ({
    id: entries[i].id,
    level: Number(tagName[1]),
    title: textContent.trim(),
  }));
};

const pageNumbers = () => [...document.querySelectorAll(".page-number")];

// The ids whose page the book tells, and then the numbers of those pages.
window.idsToNumber = () => pageNumbers().map((place) => place.parentElement.getAttribute("href").slice(1));
window.fillInNumbers = (numbers) => pageNumbers().forEach((place, i) => (place.textContent = numbers[i]));
