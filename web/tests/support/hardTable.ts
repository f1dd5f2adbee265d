/** A table of values that are easily shown wrong. Lists of different lengths, so that they do not move in step. */
const COLUMNS: Record<string, [type: string, literals: string[]]> = {
  big: ["BIGINT", ["9223372036854775807", "-9223372036854775808", "9007199254740993", "0", "NULL"]],
  ubig: ["UBIGINT", ["18446744073709551615", "0", "NULL"]],
  fine: ["DECIMAL(38,10)", ["9999999999999999999999999999.9999999999", "-0.0000000001", "1.1", "NULL"]],
  money: ["DECIMAL(12,2)", ["0.00", "-0.01", "9999999999.99", "NULL"]],
  real: ["DOUBLE", ["'NaN'", "'Infinity'", "'-Infinity'", "'-0.0'", "0.1", "1e308", "5e-324", "1e16", "NULL"]],
  single: ["FLOAT", ["0.1", "3.4028235e38", "1e-45", "'NaN'", "16777217", "NULL"]],
  words: ["VARCHAR", ["''", "' '", "'NULL'", "'a,\"b\"'", "'tab\there'", "'line\nbreak'", "'😀 é'", "NULL"]],
  bytes: ["BLOB", ["'\\x00\\xFF\\x80'::BLOB", "''::BLOB", "NULL"]],
  day: ["DATE", ["'1969-12-31'", "'0001-01-01'", "'9999-12-31'", "'0044-03-15 (BC)'", "NULL"]],
  clock: ["TIME", ["'23:59:59.999999'", "'00:00:00'", "NULL"]],
  moment: [
    "TIMESTAMP",
    ["'1969-12-31 23:59:59.999999'", "'0001-01-01 00:00:00.000001'", "'2024-02-29 12:00'", "NULL"],
  ],
  nanos: ["TIMESTAMP_NS", ["'1969-12-31 23:59:59.999999999'", "'2024-01-01 00:00:00.000000001'", "NULL"]],
  instant: ["TIMESTAMPTZ", ["'1969-12-31 23:59:59.5+05:30'", "'2024-03-10 02:30:00-08'", "NULL"]],
  uuid: ["UUID", ["'550e8400-e29b-41d4-a716-446655440000'", "NULL"]],
  flag: ["BOOLEAN", ["true", "false", "NULL"]],
  list: ["BIGINT[]", ["[1, NULL, 9223372036854775807]", "[]", "NULL"]],
  record: ["STRUCT(a BIGINT, b VARCHAR)", ["{'a': 9007199254740993, 'b': 'x\"y'}", "{'a': NULL, 'b': ''}", "NULL"]],
  map: ["MAP(VARCHAR, BIGINT)", ["MAP {'k': 1, 'a \"q\"': 9007199254740993}", "MAP {}", "NULL"]],
};

/** Types that Parquet has no place for: in statements only. */
const NOT_IN_FILES: Record<string, [type: string, literals: string[]]> = {
  huge: ["HUGEINT", ["99999999999999999999999999999999999999", "-1", "18446744073709551616", "NULL"]],
  span: ["INTERVAL", ["INTERVAL '14 months 3 days 1 microsecond'", "INTERVAL '-0.5 seconds'", "NULL"]],
};

export const HARD_ROWS = 72;

function selection(columns: Record<string, [string, string[]]>): string {
  const parts = Object.entries(columns).map(([name, [type, literals]]) => {
    const values = literals.map((literal) => `CAST(${literal} AS ${type})`).join(", ");
    return `([${values}]::${type}[])[i % ${literals.length} + 1] AS "${name}"`;
  });
  return `SELECT i AS id, ${parts.join(", ")} FROM range(${HARD_ROWS}) t(i)`;
}

export const HARD_SQL = selection(COLUMNS);
export const HARDEST_SQL = selection({ ...COLUMNS, ...NOT_IN_FILES });
