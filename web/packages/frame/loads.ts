/**
 * Loads that several callers may share: a load goes on while somebody wants it, and is aborted when the last one no
 * longer does. The abort waits for the end of the present task, so that a caller who moves on by a row takes the load
 * over instead of starting it again.
 */
export interface Load {
  keys: readonly number[];
  done: Promise<void>;
  wanted: number;
  controller: AbortController;
}

export class SharedLoads {
  private readonly byKey = new Map<number, Load>();

  get(key: number): Load | undefined {
    return this.byKey.get(key);
  }

  get size(): number {
    return new Set(this.byKey.values()).size;
  }

  /** Starts a load that will bring these keys. */
  start(keys: readonly number[], run: (signal: AbortSignal) => Promise<void>): Load {
    const controller = new AbortController();
    const load: Load = { keys, wanted: 0, controller, done: Promise.resolve() };
    for (const key of keys) this.byKey.set(key, load);
    load.done = run(controller.signal).finally(() => this.end(load));
    // Whoever joins sees the error; a load nobody waits for any more has none to report.
    load.done.catch(() => undefined);
    return load;
  }

  /** Waits for a load as one of those who want it, until the signal aborts. */
  async join(load: Load, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw signal.reason;
    load.wanted += 1;
    let leave = (): void => undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason as Error);
    });
    signal.addEventListener("abort", leave, { once: true });
    try {
      await Promise.race([load.done, left]);
    } finally {
      signal.removeEventListener("abort", leave);
      load.wanted -= 1;
      setTimeout(() => {
        if (load.wanted === 0 && this.byKey.get(load.keys[0] ?? -1) === load) {
          this.end(load);
          load.controller.abort();
        }
      });
    }
  }

  abortAll(): void {
    for (const load of new Set(this.byKey.values())) {
      this.end(load);
      load.controller.abort();
    }
  }

  private end(load: Load): void {
    for (const key of load.keys) if (this.byKey.get(key) === load) this.byKey.delete(key);
  }
}
