// Draws /openapi.json: routes by area, their parameters, schemas and examples, and a form that tries each.
"use strict";

const BODY_BYTES_SHOWN = 1 << 20;      // what a trial reads of an answer; then it hangs up, which ends the task
const TEXT_CHARACTERS_SHOWN = 60000;   // what is laid out of it
const state = { api: null, datasets: null };

// make("p", { class: "x" }, child, …): an element; texts become text nodes, never markup.
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

// `code` in a description becomes <code>.
function prose(text) {
  return text.split("`").map((part, i) => (i % 2 ? make("code", {}, part) : part));
}

function resolve(value) {
  let found = value;
  while (found && found.$ref) {
    found = found.$ref.slice(2).split("/").reduce((at, key) => at[key], state.api);
  }
  return found;
}

function nameOf(value) {
  return value.$ref ? value.$ref.split("/").pop() : "";
}

// --- Schemas ---------------------------------------------------------------------------------------------------------

function typeText(value) {
  const schema = resolve(value);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return nameOf(value) || [...new Set(schema.anyOf.map(typeText))].join(" | ");
  const types = [schema.type ?? "any"].flat();
  return types.map((type) => {
    if (type === "array") return `${nameOf(schema.items) || typeText(schema.items)}[]`;
    if (type === "object") return nameOf(value) || "object";
    return schema.format ? `${type} (${schema.format})` : type;
  }).join(" | ");
}

function grouped(number) {
  // The bounds of 64 bits are beyond what a number here holds exactly.
  if (number > Number.MAX_SAFE_INTEGER) return `2^${Math.round(Math.log2(number))}`;
  return String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

function boundsText(value) {
  const schema = resolve(value);
  const out = [];
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  if (minimum !== undefined && maximum !== undefined) out.push(`${grouped(minimum)} … ${grouped(maximum)}`);
  else if (minimum !== undefined) out.push(`≥ ${grouped(minimum)}`);
  else if (maximum !== undefined) out.push(`≤ ${grouped(maximum)}`);
  if (minLength || maxLength !== undefined) out.push(`${minLength ?? 0} … ${grouped(maxLength ?? "∞")} characters`);
  if (minItems || maxItems !== undefined) out.push(`${minItems ?? 0} … ${grouped(maxItems ?? "∞")} items`);
  const choices = [schema, ...(schema.anyOf ?? []).map(resolve)].flatMap((one) => one.enum ?? []);
  if (choices.length && choices.length < 12) out.push(choices.map(String).join(", "));
  if (schema.default !== undefined) out.push(`default ${schema.default}`);
  return out.join(" · ");
}

function field(name, value, required, description) {
  const note = description ?? value.description ?? resolve(value).description;
  return make("div", { class: "field" },
    make("span", { class: "name" }, name), make("span", { class: "type" }, typeText(value)),
    required ? make("span", { class: "must" }, "required") : null,
    make("span", { class: "bounds" }, boundsText(value)), note ? make("p", {}, ...prose(note)) : null);
}

function folded(inner) {
  return make("details", { class: "deeper" }, make("summary", {}, "its parts"), make("div", {}, inner));
}

// The parts of an object, list or union, each with its own parts folded in; nothing for a plain value.
function parts(value, above) {
  const schema = resolve(value);
  if (above.includes(schema)) return null;
  const within = [...above, schema];
  if (schema.anyOf) {
    const inner = schema.anyOf.filter((choice) => !above.includes(resolve(choice)));
    const lists = inner.map((choice) => parts(choice, within)).filter(Boolean);
    return lists.length ? make("div", {}, ...lists) : null;
  }
  if (schema.items) return parts(schema.items, within);
  const rows = Object.entries(schema.properties ?? {}).map(([name, member]) => {
    const row = field(name, member, (schema.required ?? []).includes(name));
    const inner = parts(member, within);
    if (inner) row.append(folded(inner));
    return row;
  });
  if (schema.additionalProperties) rows.push(field("any other name", schema.additionalProperties, false));
  return rows.length ? make("div", {}, ...rows) : null;
}

// --- Text with colours -----------------------------------------------------------------------------------------------

function coloured(text) {
  const pre = make("pre", { tabindex: "0" });
  const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/g;
  let at = 0;
  for (const found of text.matchAll(token)) {
    pre.append(text.slice(at, found.index));
    const kind = found[1] ? (found[2] ? "k" : "s") : found[3] ? "w" : "n";
    pre.append(make("span", { class: kind }, found[1] ?? found[0]), found[2] ?? "");
    at = found.index + found[0].length;
  }
  pre.append(text.slice(at));
  return pre;
}

// JSON with one line per row of an answer: `rows` stays readable.
function pretty(value) {
  if (!value || !Array.isArray(value.rows) || !Array.isArray(value.columns)) return JSON.stringify(value, null, 2);
  const lines = Object.entries(value).map(([key, member]) => {
    const list = key === "rows" || key === "columns";
    const text = list ? "[\n" + member.map((row) => "    " + JSON.stringify(row)).join(",\n") + "\n  ]"
      : JSON.stringify(member, null, 2).replaceAll("\n", "\n  ");
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return "{\n" + lines.join(",\n") + "\n}";
}

function shown(example, type) {
  return typeof example === "string" ? make("pre", { tabindex: "0" }, example)
    : type.endsWith("json") ? coloured(pretty(example)) : make("pre", {}, String(example));
}

// --- What is told of a route -----------------------------------------------------------------------------------------

function schemaOf(parameter) {
  return parameter.schema ?? Object.values(parameter.content)[0].schema;
}

function answer(status, response) {
  const value = resolve(response);
  const kinds = Object.entries(value.content ?? {});
  const inside = make("div", {});
  if (kinds.length > 1) {
    inside.append(make("div", { class: "kinds" }, ...kinds.map(([kind]) => make("code", {}, kind))));
  }
  const [kind, body] = kinds[0] ?? [];
  if (body) {
    const list = body.schema ? parts(body.schema, []) : null;
    if (list) inside.append(make("h3", {}, kind), list);
    if (body.example !== undefined) inside.append(make("h3", {}, "Example"), shown(body.example, kind));
  }
  if (value.headers) {
    inside.append(make("h3", {}, "Headers"));
    for (const [name, header] of Object.entries(value.headers)) {
      inside.append(field(name, schemaOf(header), header.required, header.description));
    }
  }
  const colour = status < "400" ? "status" : status < "500" ? "status wrong" : "status fault";
  return make("details", { class: "answer" }, make("summary", {}, make("span", { class: colour }, status),
    make("span", {}, ...prose(value.description))), inside);
}

function told(operation, parameters) {
  const out = make("div", { class: "told" });
  if (operation.description) out.append(make("p", {}, ...prose(operation.description)));
  if (parameters.length) {
    out.append(make("h3", {}, "Parameters"));
    for (const parameter of parameters) {
      const row = field(parameter.name, schemaOf(parameter), parameter.required, parameter.description);
      const inner = parts(schemaOf(parameter), []);
      if (inner) row.append(folded(inner));
      out.append(row);
    }
  }
  if (operation.requestBody) {
    out.append(make("h3", {}, "Body · application/json"),
      parts(operation.requestBody.content["application/json"].schema, []) ?? "");
  }
  out.append(make("h3", {}, "Answers"));
  for (const [status, response] of Object.entries(operation.responses)) out.append(answer(status, response));
  return out;
}

// --- Trying a route --------------------------------------------------------------------------------------------------

function exampleText(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function examplesOf(parameter) {
  const examples = parameter.examples ?? Object.values(parameter.content ?? {})[0]?.examples ?? {};
  return Object.values(examples).filter((example) => exampleText(example.value) !== "");
}

function chips(examples, use) {
  if (!examples.length) return null;
  return make("div", { class: "chips" }, ...examples.map((example) => {
    const text = exampleText(example.value);
    return make("button", { type: "button", class: "chip", title: text, onclick: () => use(example.value) },
      example.summary ?? text);
  }));
}

function control(parameter, form) {
  const schema = resolve(schemaOf(parameter));
  const examples = examplesOf(parameter);
  let input;
  if (schema.enum) {
    input = make("select", {}, parameter.required ? null : make("option", { value: "" }, "—"),
      ...schema.enum.map((choice) => make("option", {}, choice)));
  } else {
    const integer = schema.type === "integer";
    input = make("input", { type: "text", inputmode: integer ? "numeric" : "text", spellcheck: "false",
      autocomplete: "off", placeholder: examples.length ? exampleText(examples[0].value) : "" });
    const dataset = parameter.name === "dataset" || (parameter.name === "name" && parameter.in === "path");
    if (dataset) input.setAttribute("list", "datasets");
    if (parameter.required && examples.length) input.value = exampleText(examples[0].value);
    if (dataset && parameter.required) form.wantsDataset = input;
  }
  input.name = parameter.name;
  form.inputs.push([parameter, input]);
  const use = (value) => {
    input.value = exampleText(value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  return make("label", { class: "in" },
    make("span", {}, parameter.name, make("em", {}, parameter.required ? "required" : "")), input,
    schema.enum || parameter.required ? null : chips(examples, use));
}

function targetOf(path, form) {
  const query = [];
  let filled = path;
  for (const [parameter, input] of form.inputs) {
    if (parameter.in === "path") filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value !== "") query.push(`${parameter.name}=${encodeURIComponent(input.value)}`);
  }
  return filled + (query.length ? "?" + query.join("&") : "");
}

function shellQuoted(text) {
  return "'" + text.replaceAll("'", "'\\''") + "'";
}

function curlOf(method, target, body) {
  const words = ["curl"];
  if (method !== "get" && method !== "post") words.push("-X", method.toUpperCase());
  words.push(shellQuoted(location.origin + target));
  if (body) words.push("\\\n  -H 'Content-Type: application/json' \\\n  -d", shellQuoted(body));
  return words.join(" ");
}

async function readSome(response) {
  const chunks = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) return { chunks, bytes, whole: true };
    chunks.push(value);
    bytes += value.length;
    if (bytes >= BODY_BYTES_SHOWN) {
      await reader.cancel();
      return { chunks, bytes, whole: false };
    }
  }
  return { chunks, bytes, whole: true };
}

async function showAnswer(result, response, started) {
  const { chunks, bytes, whole } = await readSome(response);
  const took = performance.now() - started;
  const type = (response.headers.get("content-type") ?? "").split(";")[0];
  const colour = response.ok ? "status" : response.status < 500 ? "status wrong" : "status fault";
  result.replaceChildren(make("p", {}, make("span", { class: colour }, String(response.status)),
    make("span", {}, `${took.toFixed(1)} ms`),
    make("span", {}, `${grouped(bytes)} bytes${whole ? "" : ", then stopped"}`),
    make("span", { class: "mono" }, type)));
  const blob = new Blob(chunks, { type });
  if (/json|text|csv/.test(type)) {
    let text = await blob.text();
    if (type.endsWith("json") && whole) {
      try { text = pretty(JSON.parse(text)); } catch { /* shown as it came */ }
    }
    const cut = text.length > TEXT_CHARACTERS_SHOWN;
    if (cut) text = text.slice(0, TEXT_CHARACTERS_SHOWN) + "\n…";
    result.append(type.endsWith("json") ? coloured(text) : make("pre", { tabindex: "0" }, text));
  } else if (bytes > 0 && whole) {
    const link = make("a", { class: "plain", href: URL.createObjectURL(blob), download: "answer" }, "Save the bytes");
    result.append(make("div", { class: "act" }, link));
  }
  const headers = make("dl", { class: "headers" });
  for (const [name, value] of response.headers) headers.append(make("dt", {}, name), make("dd", {}, value));
  result.append(make("details", { class: "deeper" }, make("summary", {}, "headers"), headers));
}

function trial(path, method, operation, parameters) {
  const form = { inputs: [] };
  const needed = parameters.filter((parameter) => parameter.required);
  const rest = parameters.filter((parameter) => !parameter.required);
  const box = make("form", { autocomplete: "off" }, make("h3", {}, "Try it"));
  box.append(...needed.map((parameter) => control(parameter, form)));
  let body = null;
  if (operation.requestBody) {
    const examples = Object.values(operation.requestBody.content["application/json"].examples);
    body = make("textarea", { name: "body", spellcheck: "false", "aria-label": "Body" });
    const use = (value) => { body.value = JSON.stringify(value, null, 2); box.dispatchEvent(new Event("input")); };
    body.value = JSON.stringify(examples[0].value, null, 2);
    box.append(make("label", { class: "in" }, make("span", {}, "body"), body, chips(examples, use)));
  }
  const few = rest.length <= 4;
  const controls = rest.map((parameter) => control(parameter, form));
  if (few) box.append(...controls);
  else {
    const first = controls.filter((_, i) => ["columns", "filter", "sort", "limit", "format"].includes(rest[i].name));
    const others = controls.filter((one) => !first.includes(one));
    box.append(...first, make("details", { class: "more" },
      make("summary", {}, `${others.length} further parameters`), ...others));
    const limit = form.inputs.find(([parameter]) => parameter.name === "limit");
    if (limit) limit[1].value = exampleText(examplesOf(limit[0])[0].value);
  }
  const curl = make("pre", { class: "curl" });
  const result = make("div", { class: "result", "aria-live": "polite" });
  const send = make("button", { class: "send", type: "submit" }, "Send");
  const copy = make("button", { class: "plain", type: "button", onclick: async () => {
    await navigator.clipboard.writeText(curl.textContent);
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy curl"; }, 1500);
  } }, "Copy curl");
  const open = method === "get" ? make("a", { class: "plain", target: "_blank", rel: "noopener" }, "Open") : null;
  const refresh = () => {
    const target = targetOf(path, form);
    curl.textContent = curlOf(method, target, body?.value);
    if (open) open.href = target;
  };
  box.addEventListener("input", refresh);
  box.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    const started = performance.now();
    try {
      const headers = body ? { "Content-Type": "application/json" } : {};
      const init = { method: method.toUpperCase(), headers, body: body?.value, cache: "no-store" };
      await showAnswer(result, await fetch(targetOf(path, form), init), started);
    } catch (error) {
      result.replaceChildren(make("p", {}, make("span", { class: "status fault" }, "no answer"),
        make("span", {}, `The connection broke off: ${error.message}`)));
    }
    send.disabled = false;
  });
  box.append(make("div", { class: "act" }, send, copy, open), curl, result);
  const panel = make("div", { class: "trial" }, box);
  refresh();
  knownDatasets().then((names) => {
    if (form.wantsDataset && names.length && !names.includes(form.wantsDataset.value)) {
      form.wantsDataset.value = names[0];
      refresh();
    }
  });
  return panel;
}

// Names of what is served, for the forms; asked once.
function knownDatasets() {
  state.datasets ??= fetch("/api/v1/datasets").then((response) => response.json()).then((list) => {
    const names = list.datasets.map((dataset) => dataset.name);
    document.body.append(make("datalist", { id: "datasets" }, ...names.map((name) => make("option", { value: name }))));
    return names;
  }).catch(() => []);
  return state.datasets;
}

// --- The page --------------------------------------------------------------------------------------------------------

function pathText(path) {
  return path.split(/(\{[^}]+\})/).map((part) => (part.startsWith("{") ? make("i", {}, part) : part));
}

function routeCard(path, method, operation) {
  const parameters = (operation.parameters ?? []).map(resolve);
  const card = make("details", { class: "route", id: operation.operationId },
    make("summary", {}, make("span", { class: `verb badge ${method}` }, method),
      make("span", { class: "path" }, ...pathText(path)), make("span", { class: "what" }, operation.summary)));
  // What is inside is made when it is first opened.
  card.addEventListener("toggle", () => {
    if (card.open && card.children.length === 1) {
      card.append(make("div", { class: "inside" }, told(operation, parameters),
        trial(path, method, operation, parameters)));
    }
  });
  return card;
}

function errorTable() {
  const rows = state.api.components.schemas.ErrorCode["x-errors"].map((error) =>
    make("tr", { id: error.code }, make("td", {}, make("span",
      { class: error.status < 500 ? "status wrong" : "status fault" }, String(error.status))),
    make("td", { class: "mono" }, error.code), make("td", {}, ...prose(error.when))));
  return make("section", { class: "area", id: "errors" }, make("h2", {}, "Errors"),
    make("p", {}, ...prose("Every error is `application/problem+json` with one of these codes.")),
    make("div", { class: "sheet" }, make("table", {}, make("thead", {}, make("tr", {}, ...["Status", "Code", "When"]
      .map((name) => make("th", { scope: "col" }, name)))), make("tbody", {}, ...rows))));
}

function routesByTag() {
  const byTag = new Map(state.api.tags.map((tag) => [tag.name, []]));
  for (const [path, item] of Object.entries(state.api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      byTag.get(operation.tags[0]).push([path, method, operation]);
    }
  }
  return byTag;
}

function draw() {
  const { info, tags } = state.api;
  const main = document.getElementById("main");
  const nav = document.getElementById("nav");
  const sentences = info.description.split(/(?<=[.;]) (?=[A-Z])/);
  document.getElementById("version").textContent = `version ${info.version}`;
  const link = make("a", { href: "/openapi.json" }, "/openapi.json");
  main.replaceChildren(make("header", { class: "top" }, make("h1", {}, "The interface"),
    make("p", { class: "lead" }, info.summary), make("ul", {},
      ...sentences.map((text) => make("li", {}, ...prose(text))),
      make("li", {}, "As a document: ", link, `, OpenAPI ${state.api.openapi}.`))));
  for (const [tag, routes] of routesByTag()) {
    main.append(make("section", { class: "area" }, make("h2", {}, tag),
      make("p", {}, tags.find((one) => one.name === tag).description),
      ...routes.map(([path, method, operation]) => routeCard(path, method, operation))));
    nav.append(make("h2", {}, tag), ...routes.map(([path, method, operation]) =>
      make("a", { href: "#" + operation.operationId, "data-find": `${method} ${path} ${operation.summary} ${tag}` },
        make("span", { class: `verb ${method}` }, method), make("span", {}, operation.summary))));
  }
  main.append(errorTable());
  nav.append(make("h2", {}, "Errors"), make("a", { href: "#errors", "data-find": "errors codes problem status" },
    make("span", { class: "verb" }, "list"), make("span", {}, "Codes and statuses")));
}

// Opens what the address names, or what an answer's `type` points to.
function followAddress() {
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id ? document.getElementById(id) : location.pathname === "/docs/errors" ?
    document.getElementById("errors") : null;
  if (target?.tagName === "DETAILS") target.open = true;
  if (target?.tagName === "TR") target.classList.add("found");
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.hash === "#" + id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  target?.scrollIntoView({ block: "start" });
}

function find(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  let heading = null;
  let some = false;
  for (const node of document.getElementById("nav").children) {
    if (node.tagName === "H2") {
      if (heading) heading.hidden = !some;
      heading = node;
      some = false;
    } else {
      const text = node.dataset.find.toLowerCase();
      node.hidden = !wanted.every((word) => text.includes(word));
      some ||= !node.hidden;
    }
  }
  if (heading) heading.hidden = !some;
}

function keys(event) {
  const input = document.getElementById("find");
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    input.focus();
    input.select();
    return;
  }
  const links = [...document.querySelectorAll("#nav a:not([hidden])")];
  const at = links.indexOf(document.activeElement);
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (at >= 0 || document.activeElement === input)) {
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (next < 0 ? input : links[Math.min(next, links.length - 1)])?.focus();
  }
  if (event.key === "Enter" && document.activeElement === input && links.length) links[0].click();
  if (event.key === "Escape" && document.activeElement === input) {
    input.value = "";
    find("");
  }
}

function theme() {
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches);
  const kept = localStorage.getItem("theme");
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  document.getElementById("theme").addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
}

async function start() {
  theme();
  document.addEventListener("keydown", keys);
  document.getElementById("find").addEventListener("input", (event) => find(event.target.value));
  window.addEventListener("hashchange", followAddress);
  try {
    const response = await fetch("/openapi.json");
    if (!response.ok) throw new Error(`/openapi.json answered ${response.status}`);
    state.api = await response.json();
  } catch (error) {
    document.getElementById("state").textContent = `The description could not be read: ${error.message}`;
    return;
  }
  draw();
  followAddress();
}

start();
