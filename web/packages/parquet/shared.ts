/** Loads that several ask for: one of each at a time, aborted when nobody waits, kept once they succeeded. */

interface Load<T> {
  promise: Promise<T>;
  abort: AbortController;
  waiting: number;
  isDone: boolean;
}

export class Shared<T> {
  private readonly loads = new Map<string, Load<T>>();

  async get(key: string, signal: AbortSignal, load: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    let found = this.loads.get(key);
    if (!found) {
      const abort = new AbortController();
      const made: Load<T> = { promise: load(abort.signal), abort, waiting: 0, isDone: false };
      made.promise.then(
        () => (made.isDone = true),
        // What failed is tried again.
        () => this.loads.get(key) === made && this.loads.delete(key),
      );
      this.loads.set(key, (found = made));
    }
    return this.join(key, found, signal);
  }

  has(key: string): boolean {
    return this.loads.get(key)?.isDone === true;
  }

  private join(key: string, load: Load<T>, signal: AbortSignal): Promise<T> {
    load.waiting += 1;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        load.waiting -= 1;
        if (load.waiting === 0 && !load.isDone) {
          if (this.loads.get(key) === load) this.loads.delete(key);
          load.abort.abort();
        }
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", leave, { once: true });
      load.promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
    });
  }
}
