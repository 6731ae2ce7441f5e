// Python of one page: a worker that runs one cell after another. It is started at the first press.

/** @typedef {{ error?: string | null, failed?: string, stopped?: boolean }} Outcome */

export class Session {
  /**
   * @param {string} folder address of the folder with the worker
   * @param {(kind: string, message: object) => void} onMessage what the worker tells meanwhile
   */
  constructor(folder, onMessage) {
    this.folder = folder;
    this.onMessage = onMessage;
    this.worker = null;
    this.finish = null;
  }

  get busy() {
    return this.finish !== null;
  }

  /** Run a cell. @returns {Promise<Outcome>} */
  run(cell) {
    return new Promise((resolve) => {
      this.finish = (outcome) => {
        this.finish = null;
        resolve(outcome);
      };
      try {
        this.worker ??= this.start();
        this.worker.postMessage(cell);
      } catch {
        this.fail("no workers");
      }
    });
  }

  /** End whatever runs, and forget all variables. */
  stop() {
    this.end({ stopped: true });
  }

  start() {
    const worker = new Worker(new URL("worker.js", this.folder), { type: "module" });
    worker.onmessage = ({ data }) => {
      if (data.kind === "done") this.finish?.({ error: data.error });
      else if (data.kind === "failed") this.fail(data.reason);
      else this.onMessage(data.kind, data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.fail(event.message ?? "missing"); // without a message it could not be fetched
    };
    return worker;
  }

  fail(reason) {
    this.end({ failed: reason });
  }

  end(outcome) {
    this.worker?.terminate();
    this.worker = null;
    this.finish?.(outcome);
  }
}
