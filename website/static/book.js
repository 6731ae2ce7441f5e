// What the theme leaves to do, and what reading does not need: without JavaScript nothing here is missed.
// From a folder on the reader's disk, a browser lets no page fetch another: results without quotations.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

document.addEventListener("DOMContentLoaded", () => {
  // Boxes that scroll must be reachable by keyboard. The theme sees to code and outputs that show when the page is
  // loaded, this to formulas, tables, and code that unfolds.
  const boxes = ".math-box, .pst-scrollable-table-container, details pre";
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const box = target.closest(boxes);
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  });
  // A tall formula has its width only once it was near the window.
  document.querySelectorAll(`${boxes}, .math-box .tall`).forEach((part) => observer.observe(part));

  // A search result quotes the page: each formula once, as it looks, without its MathML and TeX.
  if (typeof Search !== "undefined") {
    const plainText = Search.htmlToText;
    const spoken = /<span class="katex-mathml">.*?<\/math><\/span>/gs;
    Search.htmlToText = (html, anchor) => plainText(html.replace(spoken, ""), anchor);
  }
});

// Formulas far from the window and folded ones are printed, too, and a browser prints without fonts that it has not got.
addEventListener("load", () =>
  setTimeout(() => {
    const signs = document.querySelectorAll(":is(.katex-html.tall, details .katex-html) span:not(:has(*))");
    const styles = [...signs].map((sign) => getComputedStyle(sign));
    new Set(styles.map(({ fontStyle, fontWeight, fontFamily }) => `${fontStyle} ${fontWeight} 1em ${fontFamily}`))
      .forEach((font) => document.fonts.load(font));
  })
);

// Paper is light, and nothing unfolds there: solutions are printed open.
const folded = "details:not([open], .above-input)";
let beforePaper = { theme: "light", opened: [] };

addEventListener("beforeprint", () => {
  beforePaper = { theme: document.documentElement.dataset.theme, opened: [...document.querySelectorAll(folded)] };
  document.documentElement.dataset.theme = "light";
  beforePaper.opened.forEach((details) => (details.open = true));
});

addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = beforePaper.theme;
  beforePaper.opened.forEach((details) => (details.open = false));
});
