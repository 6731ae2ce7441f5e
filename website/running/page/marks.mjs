// Solved exercises, where a reader sees them: at the exercise, in the page's contents, beside each lesson in the sidebar.
import { element } from "./output.mjs";
import { solved } from "./storage.mjs";

const show = (place, name, text, label) => {
  let mark = place.querySelector(`.${name}`);
  if (!text) return mark?.remove();
  mark ??= place.appendChild(element("span", { className: name }));
  mark.textContent = text;
  mark.setAttribute("aria-label", label);
  mark.setAttribute("role", "img");
};

/** @param {Record<string, number>} exercises how many each lesson has, by its number */
export const showMarks = (exercises, lesson) => {
  const marks = solved();
  const count = (number) => [...marks].filter((one) => one.startsWith(`${number}.`)).length;
  for (const link of document.querySelectorAll(".bd-sidenav a")) {
    const path = new URL(link.href).pathname;
    const number = Number(path.match(/\/(\d\d)_[^/]*$/)?.[1] ?? NaN);
    const all = exercises[number];
    const done = count(number);
    if (all) show(link, "run-count", done && `${done}/${all}`, `${done} of ${all} exercises solved`);
  }
  const contents = document.querySelector('#pst-secondary-sidebar a[href="#exercises"]');
  const all = exercises[lesson];
  if (contents && all) show(contents, "run-count", count(lesson) && `${count(lesson)}/${all}`, `${count(lesson)} of ${all} solved`);
  for (const box of document.querySelectorAll(".exercise.admonition")) {
    const number = box.id.replace("exercise-", "").replace("-", ".");
    show(box.querySelector(".admonition-title"), "run-solved", marks.has(number) && "✓ solved", "solved");
  }
};
