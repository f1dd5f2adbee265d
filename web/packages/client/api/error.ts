import type { Problem } from "./schema";

/** What the server answers when it refuses: a problem document (RFC 9457), with a code of a closed list. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly problem: Partial<Problem>;

  constructor(problem: Partial<Problem>, status = problem.status ?? 0) {
    super(problem.detail ?? problem.title ?? `The server responded with status ${status}`);
    this.name = "ApiError";
    this.problem = problem;
    this.code = problem.code ?? "Unknown";
    this.status = status;
  }

  /** Byte of the statement that the error is about. */
  get position(): number | undefined {
    return this.problem.position;
  }
}

/** The server could not be reached at all. */
export class OfflineError extends Error {
  constructor() {
    super("Cannot reach the server.");
    this.name = "OfflineError";
  }
}

/** An answer broke off: what was read of it is a part. `cause` says why, where that is known. */
export class IncompleteError extends Error {
  constructor(cause?: unknown) {
    super("The answer is incomplete: it broke off.", { cause });
    this.name = "IncompleteError";
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
