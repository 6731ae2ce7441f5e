// Boxes that scroll must be reachable by keyboard; the theme sees to code and outputs, this to formulas and tables.
(() => {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  const boxes = ".math-box, .pst-scrollable-table-container";
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(boxes).forEach((box) => observer.observe(box)));
})();
