// What a reader wrote and solved, kept in this browser and nowhere else. Where storage is forbidden, as long as the page.
const PREFIX = "backpropagation-you-can-run";
const memory = new Map();
let refused = "";

const read = (name, otherwise) => {
  const key = `${PREFIX}:${name}`;
  try {
    return JSON.parse(localStorage.getItem(key) ?? memory.get(key) ?? "null") ?? otherwise;
  } catch {
    return JSON.parse(memory.get(key) ?? "null") ?? otherwise; // damaged, or forbidden
  }
};

const write = (name, value) => {
  const key = `${PREFIX}:${name}`;
  const text = JSON.stringify(value);
  memory.set(key, text);
  try {
    localStorage.setItem(key, text);
    memory.delete(key);
    refused = "";
  } catch (error) {
    refused = error.name === "QuotaExceededError" ? "full" : "forbidden";
  }
};

/** Why the last thing could not be kept: "full", "forbidden" or "". */
export const whyNotKept = () => refused;

export const solved = () => new Set(read("solved", []));

export const addSolved = (numbers) => write("solved", [...new Set([...solved(), ...numbers])].sort());

export const forgetSolved = () => write("solved", []);

/** The texts of a lesson's changed cells, by their key. */
export const answers = (lesson) => read(`answers:${lesson}`, {});

/** Keep the text of one cell, or forget it where it is undefined. */
export const keepAnswer = (lesson, key, text) => write(`answers:${lesson}`, { ...answers(lesson), [key]: text });

export const forgetAnswers = (lesson) => write(`answers:${lesson}`, {});

/** Call `listener` when another tab has changed something. */
export const onChange = (listener) =>
  addEventListener("storage", ({ key }) => (key === null || key.startsWith(PREFIX)) && listener());

/** The key of a cell: a checksum of the book's own text, so that an answer never lands in another cell of a later edition. */
export const keyOf = (text) => {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text.trimEnd())) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(36);
};
