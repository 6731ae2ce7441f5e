// Renders one formula per line: {"tex", "display"} as JSON in, {"html"} or {"error"} as JSON out.
const katex = require(process.argv[2]);

// KaTeX only warns about a character its fonts lack; the reader would see a hole.
console.warn = (message) => {
  throw new Error(message);
};

function answer({ tex, display }) {
  try {
    const options = { displayMode: display, output: "htmlAndMathml", strict: "error", throwOnError: true };
    return { html: katex.renderToString(tex, options) };
  } catch (error) {
    return { error: error.message };
  }
}

const lines = require("node:readline").createInterface({ input: process.stdin });
lines.on("line", (line) => process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n"));
