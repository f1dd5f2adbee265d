/** Does the calls of protocol/vectors in a page, by the package as it is published (protocol/README.md). */
import { ApiError, Canvasback, cellOf } from "/client/index.js";

/** Types of Arrow by the names of the vectors. */
function typeName(type) {
  const text = String(type);
  if (text.startsWith("Decimal")) return `decimal128(${type.precision}, ${type.scale})`;
  const names = {
    Utf8: "utf8", Bool: "bool", Int32: "int32", Int64: "int64", Float64: "float64",
    "Date32<DAY>": "date32", "Timestamp<MICROSECOND>": "timestamp[us]",
  }; // prettier-ignore
  return names[text] ?? text;
}

function decimalText(words, scale) {
  let value = 0n;
  for (let i = words.length - 1; i >= 0; --i) value = (value << 32n) | BigInt(words[i]);
  if (value >> 127n) value -= 1n << 128n;
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  return (value < 0n ? "-" : "") + digits.slice(0, -scale) + (scale ? `.${digits.slice(-scale)}` : "");
}

/** A value of Arrow as a JSON answer writes it. */
function plain(value, type) {
  if (value === null || value === undefined) return null;
  const name = typeName(type);
  if (name === "date32") return new Date(Number(value)).toISOString().slice(0, 10);
  if (name === "timestamp[us]") return new Date(Number(value)).toISOString().replace(/\.000Z$|Z$/, "");
  if (name.startsWith("decimal128")) return decimalText(value, type.scale);
  return typeof value === "bigint" ? Number(value) : value;
}

async function streamed(stream) {
  const rows = [];
  for await (const batch of stream) {
    for (let row = 0; row < batch.numRows; ++row) {
      rows.push(stream.schema.fields.map((field, at) => plain(batch.getChildAt(at).get(row), field.type)));
    }
  }
  const columns = stream.schema.fields.map((field) => `${field.name} ${typeName(field.type)}`);
  return { columns, rows, more: stream.more };
}

const paged = (page) => ({
  columns: page.columns.map(({ name, type }) => `${name} ${type}`),
  rows: page.rows,
  total: page.totalRows,
  exact: page.totalExact,
  more: page.more,
});

async function windowOf(server, call) {
  const connection = server.connect();
  try {
    const view = connection.open(call.view);
    await new Promise((resolve, reject) => {
      view.subscribe(() => {
        if (view.error) reject(view.error);
        else if (view.state.state === "ready" || view.state.state === "limited") resolve();
      });
    });
    const { block, header } = await view.window(call.window, new AbortController().signal);
    // The client gives rows as text; numbers are told apart by the view's types.
    const isNumber = (name) =>
      /INT|DOUBLE/.test(view.state.columns.find((column) => column.name === name)?.type ?? "");
    const rows = Array.from({ length: block.rows }, (_, row) =>
      block.columns.map((column) => {
        const text = cellOf(column, row);
        return text !== null && isNumber(column.name) ? Number(text) : text;
      }),
    );
    return { rows, total: view.state.rows, exact: view.state.rows_exact, more: header.partial, cut: header.cut };
  } finally {
    connection.dispose();
  }
}

async function resultOf(server, call) {
  const { columns, filter, sort, limit, parameters } = call;
  const selection = { columns, filter, sort, limit };
  const options = { parameters, limit, timeoutMs: call.timeout_ms };
  switch (call.kind) {
    case "page":
      return paged(await server.page(call.dataset, selection, call.after));
    case "pages": {
      const rows = [];
      let last;
      for await (const page of server.pages(call.dataset, selection)) {
        rows.push(...page.rows);
        last = page;
      }
      return { ...paged(last), rows };
    }
    case "stream":
      return streamed(await server.stream(call.dataset, selection));
    case "query":
      return paged(await server.query(call.sql, options));
    case "query_stream":
      return streamed(await server.queryStream(call.sql, options));
    case "dataset": {
      const dataset = await server.call("getDataset", { params: { name: call.dataset } });
      return { columns: dataset.columns.map(({ name, type }) => `${name} ${type}`), total: dataset.rows };
    }
    case "ingest": {
      const stored = await server.ingest(call.collection, call.records, { quarantine: call.quarantine });
      return { records: stored.records_processed, quarantined: stored.quarantined, repeated: stored.repeated };
    }
    case "window":
      return windowOf(server, call);
    default:
      throw new Error(`calls of kind ${call.kind} are not tested here`);
  }
}

/** `result` or `error` as a vector has them. */
globalThis.runVector = async (url, call) => {
  try {
    return { result: await resultOf(new Canvasback(url), call) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const records = error.problem.errors?.map(({ record }) => record);
    return { error: { code: error.code, status: error.status, position: error.position, records } };
  }
};
