// Writes packages/client/api/schema.ts, the types of the interface, from the server's OpenAPI document.
//   node scripts/openapi.mjs          writes the file
//   node scripts/openapi.mjs --check  fails where the file is not what would be written
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const source = new URL("../../protocol/openapi.json", import.meta.url);
const target = new URL("../packages/client/api/schema.ts", import.meta.url);

const document = JSON.parse(readFileSync(source, "utf8"));
const METHODS = ["get", "post", "put", "delete", "patch"];

const pascal = (name) => name[0].toUpperCase() + name.slice(1);
const member = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

function resolve(node) {
  if (!node?.$ref) return node;
  return node.$ref
    .slice(2)
    .split("/")
    .reduce((at, part) => at[part], document);
}

/** The TypeScript type of a JSON schema. */
function type(schema) {
  if (schema === true || schema === undefined) return "unknown";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf ?? schema.oneOf) return (schema.anyOf ?? schema.oneOf).map(type).join(" | ");
  if (schema.allOf) return schema.allOf.map((part) => `(${type(part)})`).join(" & ");
  const kinds = Array.isArray(schema.type) ? schema.type : [schema.type];
  return kinds.map((kind) => typeOfKind(kind, schema)).join(" | ");
}

function typeOfKind(kind, schema) {
  switch (kind) {
    case "string":
    case "boolean":
    case "null":
      return kind;
    case "integer":
    case "number":
      return "number";
    case "array":
      return `(${type(schema.items)})[]`;
    case "object":
      return objectType(schema);
    default:
      return "unknown";
  }
}

function objectType(schema) {
  const required = new Set(schema.required ?? []);
  const members = Object.entries(schema.properties ?? {}).map(
    ([name, value]) => `${comment(value)}${member(name)}${required.has(name) ? "" : "?"}: ${type(value)};`,
  );
  const extra = schema.additionalProperties;
  if (extra && members.length === 0) return `{ [key: string]: ${type(extra)} }`;
  // Where named members and others meet, the index must admit both.
  if (extra) members.push(`[key: string]: ${type(extra)} | unknown;`);
  return members.length ? `{\n${indent(members.join("\n"))}\n}` : "Record<string, never>";
}

const indent = (text) => text.replace(/^(?=.)/gm, "  ");

function comment(schema) {
  const text = schema?.description;
  return text ? `/** ${text.replace(/\s+/g, " ").replaceAll("*/", "*\\/")} */\n` : "";
}

/** Parameters of an operation by place, each place an object type. */
function parameters(operation, place) {
  const found = (operation.parameters ?? []).map(resolve).filter((each) => each.in === place);
  if (found.length === 0) return null;
  const members = found.map((each) => {
    const schema = each.schema ?? Object.values(each.content ?? {})[0]?.schema;
    const value = each.schema ? type(schema) : "string";
    return `${comment(each)}${member(each.name)}${each.required ? "" : "?"}: ${value};`;
  });
  return `{\n${indent(members.join("\n"))}\n}`;
}

function jsonOf(content) {
  return content?.["application/json"]?.schema;
}

function operationType(method, path, operation) {
  const parts = [`method: ${JSON.stringify(method.toUpperCase())};`, `path: ${JSON.stringify(path)};`];
  for (const place of ["path", "query"]) {
    const found = parameters(operation, place);
    if (found) parts.push(`${place === "path" ? "params" : "query"}: ${found};`);
  }
  const body = jsonOf(resolve(operation.requestBody)?.content);
  if (body) parts.push(`body: ${type(body)};`);
  const answers = Object.entries(operation.responses)
    .filter(([status]) => status.startsWith("2"))
    .map(([, response]) => jsonOf(resolve(response).content))
    .filter(Boolean)
    .map(type);
  parts.push(`answer: ${[...new Set(answers)].join(" | ") || "null"};`);
  return `${comment({ description: operation.summary })}${operation.operationId}: {\n${indent(parts.join("\n"))}\n};`;
}

/** Pages are opened, not called. */
const isPage = ({ tags }) => tags.includes("Web app");

function render() {
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `${comment(schema)}export type ${pascal(name)} = ${type(schema)};`,
  );
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] && !isPage(item[method])).map((method) => [path, method, item[method]]),
  );
  const types = operations.map(([path, method, operation]) => operationType(method, path, operation));
  const table = operations.map(
    ([path, method, operation]) =>
      `${operation.operationId}: { method: ${JSON.stringify(method.toUpperCase())}, path: ${JSON.stringify(path)} },`,
  );
  return [
    "// Made from the server's OpenAPI document by scripts/openapi.mjs: do not edit, run `npm run openapi`.",
    ...schemas,
    `export interface Operations {\n${indent(types.join("\n"))}\n}`,
    "/** Where each operation is. */",
    `export const OPERATIONS = {\n${indent(table.join("\n"))}\n} as const satisfies {` +
      ' [K in keyof Operations]: Pick<Operations[K], "method" | "path"> };',
    "",
  ]
    .join("\n\n")
    .replace(/\n\n$/, "\n");
}

const text = render();
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error(`${fileURLToPath(target)} is not current: run npm run openapi`);
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
