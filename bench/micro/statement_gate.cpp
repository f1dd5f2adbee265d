// Judging a statement: the gate's walk over the parse tree, and all of it with DuckDB's parser and serialiser before
// it. Limits: simdjson parsing the same tree; DuckDB making it.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <string>

#include "engine/duckdb/handles.hpp"
#include "engine/duckdb/statement_gate.hpp"

namespace canvasback {
namespace {

constexpr const char* kSerialize =
    "SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, skip_default := true)::VARCHAR";
constexpr const char* kStatements[] = {
    "SELECT * FROM orders LIMIT 1000",
    "SELECT category, count(*) AS n, sum(amount) AS total FROM orders WHERE ts >= TIMESTAMP '2021-03-01' AND ts < "
    "TIMESTAMP '2021-03-08' GROUP BY category ORDER BY total DESC",
    "WITH ranked AS (SELECT seller, category, sum(amount) AS total, row_number() OVER (PARTITION BY category ORDER BY "
    "sum(amount) DESC) AS place FROM orders WHERE country IN ('Chile', 'Peru', 'Japan') AND note IS NOT NULL GROUP BY "
    "seller, category) SELECT r.category, r.seller, r.total, o.n FROM ranked r JOIN (SELECT seller, count(*) AS n FROM "
    "orders GROUP BY seller HAVING count(*) > 10) o ON o.seller = r.seller WHERE place <= 10 ORDER BY 1, 3 DESC",
};

class Parser {
 public:
  Parser() {
    if (duckdb_open(nullptr, database_.out()) != DuckDBSuccess) std::abort();
    if (duckdb_connect(database_.get(), connection_.out()) != DuckDBSuccess) std::abort();
    if (duckdb_prepare(connection_.get(), kSerialize, prepared_.out()) != DuckDBSuccess) std::abort();
  }
  std::string serialize(std::string_view sql) {
    duck::QueryResult result;
    if (duckdb_bind_varchar_length(prepared_.get(), 1, sql.data(), sql.size()) != DuckDBSuccess) std::abort();
    if (duckdb_execute_prepared(prepared_.get(), result.get()) != DuckDBSuccess) std::abort();
    char* value = duckdb_value_varchar(result.get(), 0, 0);
    std::string text = value;
    duckdb_free(value);
    return text;
  }

 private:
  duck::Database database_;
  duck::Connection connection_;
  duck::Prepared prepared_;
};

Parser& parser() {
  static Parser instance;
  return instance;
}

void judge(std::string_view serialized) {
  auto result = check_statement({serialized, [](std::string_view name) { return name == "orders"; }});
  if (!result) std::abort();
  benchmark::DoNotOptimize(result);
}

void gate(benchmark::State& state) {
  const std::string serialized = parser().serialize(kStatements[state.range(0)]);
  for (auto _ : state) judge(serialized);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(serialized.size()));
  state.SetItemsProcessed(state.iterations());
  state.SetLabel("limit=limit_parse/" + std::to_string(state.range(0)));
}
BENCHMARK(gate)->DenseRange(0, 2);

void limit_parse(benchmark::State& state) {
  const simdjson::padded_string serialized(parser().serialize(kStatements[state.range(0)]));
  simdjson::dom::parser json;
  for (auto _ : state) {
    simdjson::dom::element document;
    if (json.parse(serialized).get(document)) std::abort();
    benchmark::DoNotOptimize(document);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(serialized.size()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(limit_parse)->DenseRange(0, 2);

void parse_and_gate(benchmark::State& state) {
  for (auto _ : state) judge(parser().serialize(kStatements[state.range(0)]));
  state.SetItemsProcessed(state.iterations());
  state.SetLabel("limit=limit_serialize/" + std::to_string(state.range(0)));
}
BENCHMARK(parse_and_gate)->DenseRange(0, 2);

void limit_serialize(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(parser().serialize(kStatements[state.range(0)]));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(limit_serialize)->DenseRange(0, 2);

}  // namespace
}  // namespace canvasback
