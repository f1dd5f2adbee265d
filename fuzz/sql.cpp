// Any text as a user's SQL: through DuckDB's own parser and the gate as the engine runs them. What is admitted names no
// table but the visible ones, by DuckDB's own account (duckdb_get_table_names). DuckDB itself is not instrumented.
#include <duckdb.h>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "engine/duckdb/duckdb_engine.hpp"
#include "engine/duckdb/handles.hpp"
#include "fuzz/support.hpp"

using namespace canvasback;

namespace {

bool is_visible(std::string_view name) { return lower(name) == "flights"; }

Engine& engine() {
  static const std::unique_ptr<Engine> opened = [] {
    EngineOptions options;
    options.memory_bytes = 256 * limits::kMiB;
    auto made = open_duckdb(options);
    FUZZ_CHECK(made);
    FUZZ_CHECK((*made)->define_view("flights", "1", "(SELECT 1 AS id, 'x' AS name)"));
    FUZZ_CHECK((*made)->define_view("hidden", "1", "(SELECT 2 AS id)"));
    return std::move(*made);
  }();
  return *opened;
}

// A second opinion on what a statement reads.
void check_tables(const std::string& sql) {
  static duck::Database database;
  static duck::Connection connection;
  if (!connection) {
    FUZZ_CHECK(duckdb_open(nullptr, database.out()) == DuckDBSuccess);
    FUZZ_CHECK(duckdb_connect(database.get(), connection.out()) == DuckDBSuccess);
  }
  duck::Value names(duckdb_get_table_names(connection.get(), sql.c_str(), false));
  if (!names) return;
  for (idx_t i = 0; i < duckdb_get_list_size(names.get()); ++i) {
    duck::Value name(duckdb_get_list_child(names.get(), i));
    char* text = duckdb_get_varchar(name.get());
    FUZZ_CHECK(is_visible(text));
    duckdb_free(text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string sql(fuzz::text_of(data, size));
  const auto tables = engine().admit(sql, is_visible);
  if (!tables) {
    FUZZ_CHECK(!tables.error().message.empty());
    return 0;
  }
  for (const std::string& table : tables->tables) FUZZ_CHECK(is_visible(table));
  check_tables(sql);
  return 0;
}
