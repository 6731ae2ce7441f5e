// Python in a worker: it is loaded from this folder, each file checked, and runs one cell after another.
// It tells the page: loading, ready, what a cell shows, done; or failed, with a reason.
const here = new URL(".", import.meta.url);
const address = (name) => new URL(name, here).href;
const tell = (kind, more) => postMessage({ kind, ...more });

// What is on its way or was loaded, by address, until Pyodide has taken it.
const loaded = new Map();
const ordinary = self.fetch.bind(self);
const TYPES = { wasm: "application/wasm", json: "application/json", js: "text/javascript" };

class Failure extends Error {}

// Kept for a later visit where the browser allows it: not without https, nor when its storage is full or forbidden.
const store = async () => {
  try {
    const [version] = here.pathname.split("/").slice(-2);
    return await self.caches?.open(`backpropagation-you-can-run ${new URL("../../../", here).pathname} ${version}`);
  } catch {
    return undefined;
  }
};

const arrive = async (url, integrity, cache) => {
  const answer = await ordinary(url, { integrity, cache });
  if (!answer.ok) throw new Failure(answer.status === 404 ? "missing" : "unreachable");
  return answer;
};

// With the checksum; once more past every cache, and then it is told whether it did not come or came wrong.
const request = async (url, integrity) => {
  try {
    return await arrive(url, integrity, "default");
  } catch (error) {
    if (error instanceof Failure) throw error;
  }
  try {
    return await arrive(url, integrity, "reload");
  } catch (error) {
    if (error instanceof Failure) throw error;
  }
  const came = await ordinary(url, { cache: "reload" }).then((answer) => answer.ok, () => false);
  throw new Failure(came ? "damaged" : "unreachable");
};

const read = async (answer, onBytes) => {
  const parts = [];
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts).arrayBuffer();
    parts.push(value);
    onBytes(value.length);
  }
};

const download = async (files) => {
  const cache = await store();
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  let bytes = 0;
  const onBytes = (more) => {
    bytes += more;
    tell("loading", { part: bytes / total });
  };
  await Promise.all(
    files.map(async ({ name, integrity }) => {
      const url = address(name);
      const kept = await cache?.match(url);
      const answer = kept ?? (await request(url, integrity));
      const copy = kept ? null : answer.clone();
      let data;
      try {
        [data] = await Promise.all([read(answer, onBytes), copy && cache?.put(url, copy).catch(() => tell("full"))]);
      } catch {
        throw new Failure("unreachable");
      }
      loaded.set(url, new Response(data, { headers: { "content-type": TYPES[name.split(".").pop()] ?? "" } }));
    }),
  );
};

self.fetch = async (url, options) => {
  const href = new URL(url.url ?? url, here).href;
  const answer = loaded.get(href);
  loaded.delete(href);
  return answer ?? ordinary(url, options);
};

// Pyodide itself waits for ever where WebAssembly is refused, by a policy or for want of memory.
const refused = new Promise((_, reject) => {
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const original = self.WebAssembly?.[name];
    if (original) {
      WebAssembly[name] = (...what) => {
        const result = original.apply(WebAssembly, what);
        result.catch(reject);
        return result;
      };
    }
  }
});
refused.catch(() => {});

let manifest;
const load = async (solved) => {
  if (typeof WebAssembly !== "object") throw new Failure("no WebAssembly");
  const answer = await request(address("manifest.json"), "");
  manifest = await answer.json();
  tell("loading", { part: 0, megabytes: manifest.megabytes.first });
  await download(manifest.first);
  const { loadPyodide } = await import(address("pyodide.mjs"));
  const options = { indexURL: here.href, env: { HOME: "/home/pyodide", MPLBACKEND: "svg" } };
  const pyodide = await Promise.race([loadPyodide(options), refused]);
  await pyodide.loadPackage("backprop-lib", { messageCallback() {} });
  const module = pyodide.pyimport("backprop_book.page.kernel");
  const kernel = module.Kernel((kind, text) => tell("shown", { how: kind, text }), solved);
  tell("ready");
  return { pyodide, module, kernel };
};

const loadDrawing = async (pyodide) => {
  tell("loading", { part: 0, megabytes: manifest.megabytes.drawing });
  await download(manifest.drawing);
  await pyodide.loadPackage("matplotlib", { messageCallback() {} });
  tell("ready");
};

let session;
let drawing;
const run = async ({ code, name, shown, solved }) => {
  session ??= load(solved);
  const { pyodide, module, kernel } = await session;
  if (module.draws(code, shown)) await (drawing ??= loadDrawing(pyodide));
  return kernel.run(code, name, shown);
};

const reason = (error) => {
  if (error instanceof Failure) return error.message;
  const text = String(error?.message ?? error);
  if (/wasm code generation|unsafe-eval|content security policy/i.test(text)) return "forbidden";
  if (/out of memory|memory access|allocation failed|grow/i.test(text)) return "memory";
  return text;
};

addEventListener("message", async ({ data }) => {
  try {
    tell("done", { error: await run(data) });
  } catch (error) {
    tell("failed", { reason: reason(error) });
  }
});
