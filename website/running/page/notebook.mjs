// A lesson's notebook with the reader's answers in it, and back.
import { addSolved, keyOf, solved } from "./storage.mjs";

const MARKS = "backpropagation_you_can_run"; // in a notebook's metadata
const source = (cell) => [cell.source].flat().join("");

/** The notebook with these texts in the place of the book's. */
export const withAnswers = (notebook, answers) => {
  for (const cell of notebook.cells) {
    const answer = cell.cell_type === "code" ? answers[keyOf(source(cell))] : undefined;
    if (answer !== undefined) Object.assign(cell, { source: answer, outputs: [], execution_count: null });
  }
  notebook.metadata[MARKS] = { solved: [...solved()] };
  return notebook;
};

/** Texts that differ from the book's, by key; marks are taken as well. */
export const answersIn = (theirs, original) => {
  if (!Array.isArray(theirs?.cells)) throw new TypeError("no notebook");
  const byId = new Map(theirs.cells.filter((cell) => cell.cell_type === "code").map((cell) => [cell.id, source(cell)]));
  const found = original.cells
    .filter((cell) => cell.cell_type === "code" && byId.has(cell.id))
    .map((cell) => [keyOf(source(cell)), source(cell), byId.get(cell.id)]);
  if (!found.length) throw new TypeError("another notebook");
  const marks = theirs.metadata?.[MARKS]?.solved ?? [];
  addSolved(marks.filter((number) => /^\d+\.\d+$/.test(number)));
  return Object.fromEntries(found.filter(([, before, now]) => before.trimEnd() !== now.trimEnd()).map(([key, , now]) => [key, now]));
};
