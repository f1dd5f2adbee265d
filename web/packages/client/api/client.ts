/**
 * Requests to the server, typed by its own OpenAPI document. Every call takes an AbortSignal; a server that hangs up on
 * us also cancels its work.
 */
import { ApiError, OfflineError, isAbort } from "./error";
import { OPERATIONS, type Operations } from "./schema";

type Part<O, Name extends string> = O extends { [K in Name]: infer P } ? P : undefined;
type Request<O> = (Part<O, "params"> extends undefined ? { params?: undefined } : { params: Part<O, "params"> }) & {
  query?: Partial<NonNullable<Part<O, "query">>>;
  body?: Part<O, "body">;
  headers?: Record<string, string>;
};

export function pathOf(template: string, params: Record<string, string | number> = {}): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name] ?? "")));
}

export function queryOf(query: Record<string, unknown> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === "") continue;
    search.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : "";
}

/** fetch, with the server's refusals as ApiError and no connection as OfflineError. */
export async function send(url: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new OfflineError();
  }
  if (response.ok) return response;
  const text = await response.text();
  let problem: object = { detail: text.slice(0, 500) || response.statusText };
  try {
    problem = JSON.parse(text) as object;
  } catch {
    // Not one of ours: a proxy in between, say. Its words are all there is.
  }
  throw new ApiError(problem, response.status);
}

/** How a request is sent: from the page's own server, or elsewhere. */
export type Sender = (path: string, init?: RequestInit) => Promise<Response>;

/** Calls an operation of the interface by its name there. */
export async function call<Name extends keyof Operations>(
  name: Name,
  request: Request<Operations[Name]>,
  signal?: AbortSignal,
  sender: Sender = send,
): Promise<Operations[Name]["answer"]> {
  const { method, path } = OPERATIONS[name];
  const headers: Record<string, string> = { accept: "application/json", ...request.headers };
  if (request.body !== undefined) headers["content-type"] = "application/json";
  const params = request.params as Record<string, string | number> | undefined;
  const response = await sender(pathOf(path, params) + queryOf(request.query as Record<string, unknown>), {
    method,
    headers,
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    ...(signal ? { signal } : {}),
  });
  if (response.status === 204) return null as Operations[Name]["answer"];
  return (await response.json()) as Operations[Name]["answer"];
}
