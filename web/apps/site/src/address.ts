/** What is shown, in the fragment of the address: no host needs to know of it. "#/orders?period=last_7_days". */
import { type DashboardState, type StateText, stateFromText, stateToText } from "@canvasback/dashboards/state";

export interface Place {
  /** Null: the first dashboard. */
  name: string | null;
  state: DashboardState;
}

export function placeOf(hash: string): Place {
  const found = /^#\/?([^?]*)(?:\?(.*))?$/.exec(hash);
  const parameters = new URLSearchParams(found?.[2] ?? "");
  const text: StateText = {};
  for (const name of ["period", "compare", "filter", "tiles"] as const) {
    const value = parameters.get(name);
    if (value) text[name] = value;
  }
  let name = "";
  try {
    name = decodeURIComponent(found?.[1] ?? "");
  } catch {
    // Not an address of ours.
  }
  return { name: name === "" ? null : name, state: stateFromText(text) };
}

export function hashOf(name: string, state?: DashboardState): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(state ? stateToText(state) : {})) if (value) parameters.set(key, value);
  const text = parameters.toString();
  return `#/${encodeURIComponent(name)}${text ? `?${text}` : ""}`;
}
