// A query string, from the request target to SQL, and the body of an aggregate: whatever it says, its bytes reach the
// statement as bound parameters or as numbers only. The oracle cuts the SQL into tokens: outside of quotes stand known
// words, numbers, $n and signs; inside of quotes stand this dataset's own columns and paths.
#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "fuzz/support.hpp"
#include "query/cursor.hpp"
#include "sql/analysis_sql.hpp"
#include "sql/sql_builder.hpp"
#include "transport/http/routes/selection_parameters.hpp"

using namespace canvasback;

namespace {

Dataset make_dataset(DatasetKind kind) {
  Dataset dataset;
  dataset.name = "orders";
  dataset.kind = kind;
  dataset.version = "v1";
  dataset.rows = 300;
  for (const char* path : {"/data/it's 1.parquet", "/data/2.parquet"}) {
    dataset.files.push_back({path, 1000, 1, 2, 150, {100, 50}});
  }
  for (const auto& [name, type] :
       std::initializer_list<std::pair<const char*, const char*>>{{"id", "BIGINT"},
                                                                  {"a\"b", "VARCHAR"},
                                                                  {"t", "TIMESTAMP WITH TIME ZONE"},
                                                                  {"d", "DATE"},
                                                                  {"p", "DECIMAL(12,2)"},
                                                                  {"f", "DOUBLE"},
                                                                  {"x", "BLOB"},
                                                                  {"b", "BOOLEAN"},
                                                                  {"h", "HUGEINT"}}) {
    dataset.columns.push_back({name, type, {}, {}, {}});
  }
  return dataset;
}

bool is_word_byte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.'; }

bool is_known_word(std::string_view word) {
  static const std::set<std::string_view> known{"SELECT",       "FROM",
                                                "WHERE",        "AND",
                                                "OR",           "NOT",
                                                "IS",           "NULL",
                                                "NULLS",        "LAST",
                                                "ORDER",        "BY",
                                                "ASC",          "DESC",
                                                "LIMIT",        "OFFSET",
                                                "CAST",         "TRY_CAST",
                                                "AS",           "VARCHAR",
                                                "BOOLEAN",      "DOUBLE",
                                                "HUGEINT",      "BIGINT",
                                                "DATE",         "TIMESTAMP",
                                                "WITH",         "TIME",
                                                "ZONE",         "DECIMAL",
                                                "COALESCE",     "true",
                                                "false",        "IN",
                                                "BETWEEN",      "LIKE",
                                                "contains",     "lower",
                                                "from_base64",  "DISTINCT",
                                                "read_parquet", "read_csv",
                                                "arrow_files",  "hive_partitioning",
                                                "file_index",   "file_row_number",
                                                "hash",         "TABLESAMPLE",
                                                "bernoulli",    "REPEATABLE",
                                                "USING",        "SAMPLE",
                                                "reservoir",    "ROWS",
                                                "count",        "approx_count_distinct",
                                                "sum",          "avg",
                                                "min",          "max",
                                                "stddev_samp",  "var_samp",
                                                "median",       "quantile_cont",
                                                "any_value",    "date_trunc",
                                                "GROUP",        "OVER",
                                                "isnan",        "isfinite",
                                                "epoch_us",     "make_timestamp",
                                                "CASE",         "WHEN",
                                                "THEN",         "ELSE",
                                                "END",          "LEFT",
                                                "JOIN",         "ON",
                                                "range",        "bins",
                                                "bin",          "met",
                                                "place",        "least",
                                                "greatest",     "floor",
                                                "nullif",       "row_number"};
  return known.contains(word);
}

// A word that starts with a digit is a number: digits, one dot, an exponent.
bool is_number(std::string_view word) {
  return std::ranges::all_of(word, [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == 'e'; });
}

bool is_period(std::string_view text) {
  static const std::set<std::string_view> known{"year", "quarter", "month", "week", "day", "hour", "minute"};
  return known.contains(text);
}

// The text between quotes that starts at `at`, which is moved behind it.
std::string quoted(std::string_view sql, std::size_t& at) {
  const char quote = sql[at];
  std::string out;
  for (++at;; ++at) {
    FUZZ_CHECK(at < sql.size());
    if (sql[at] == quote) {
      if (at + 1 >= sql.size() || sql[at + 1] != quote) break;
      ++at;
    }
    out += sql[at];
  }
  ++at;
  return out;
}

// results: the names that the request gave to result columns.
void check_sql(const SqlStatement& statement, const Dataset& dataset,
               const std::set<std::string, std::less<>>& results = {}) {
  const std::string_view sql = statement.sql;
  std::size_t parameters = 0;
  for (std::size_t at = 0; at < sql.size();) {
    const char c = sql[at];
    if (c == '"') {
      const std::string name = quoted(sql, at);
      FUZZ_CHECK(dataset.find_column(name) != nullptr || results.contains(name));
    } else if (c == '\'') {
      const std::string text = quoted(sql, at);
      FUZZ_CHECK(text == dataset.name || is_period(text) ||
                 std::ranges::any_of(dataset.files, [&](const DataFile& file) { return file.path == text; }));
    } else if (is_word_byte(c) || c == '$') {
      const std::size_t start = at++;
      while (at < sql.size() && is_word_byte(sql[at])) ++at;
      const std::string_view word = sql.substr(start, at - start);
      if (c == '$') {
        FUZZ_CHECK(is_number(word.substr(1)));
        parameters = std::max<std::size_t>(parameters, std::stoul(std::string(word.substr(1))));
      } else {
        FUZZ_CHECK(is_number(word) || is_known_word(word));
      }
    } else {
      FUZZ_CHECK(std::string_view(" ()[],=<>*/%+-").find(c) != std::string_view::npos);
      FUZZ_CHECK(!sql.substr(at).starts_with("--") && !sql.substr(at).starts_with("/*"));
      ++at;
    }
  }
  FUZZ_CHECK(parameters == statement.parameters.size());
}

void check_dataset(const RowsRequest& rows, const Dataset& dataset) {
  if (!check_selection(rows.selection, dataset)) return;
  std::optional<Cursor> cursor;
  if (!rows.selection.after.empty()) {
    auto decoded = decode_cursor(rows.selection.after);
    if (!decoded) return;
    cursor = std::move(*decoded);
  }
  for (bool with_places : {false, true}) {
    if (auto statement = rows_sql(dataset, rows.selection, cursor ? &*cursor : nullptr, with_places)) {
      check_sql(*statement, dataset);
    }
  }
  if (auto statement = count_sql(dataset, rows.selection)) check_sql(*statement, dataset);
  // The way to a worker changes nothing.
  const Json wire = to_json(rows.selection);
  FUZZ_CHECK(to_json(selection_from_json(wire)).dump() == wire.dump());
}

// What an analysis is turned into, whatever was asked.
void check_analyses(Analysis analysis, const Selection& selection, const Dataset& dataset) {
  if (!check_analysis(analysis, selection, dataset)) return;
  const Json wire = to_json(analysis);
  FUZZ_CHECK(to_json(analysis_from_json(wire)).dump() == wire.dump());
  std::set<std::string, std::less<>> results{"value", "count", "share", "low", "high"};
  for (const GroupKey& key : analysis.group_by) results.insert(key.name);
  for (const Measure& measure : analysis.measures) results.insert(measure.name);
  if (analysis.kind == Analysis::Kind::Histogram) {
    if (auto statement = histogram_bounds_sql(dataset, analysis, selection)) check_sql(*statement, dataset, results);
    if (auto statement = histogram_sql(dataset, analysis, selection, {"-1e300", "'; DROP"})) {
      check_sql(*statement, dataset, results);
    }
  } else if (auto statement = analysis_sql(dataset, analysis, selection)) {
    check_sql(*statement, dataset, results);
  }
}

void check_body(std::string_view body, const Dataset& dataset) {
  http::Request request;
  request.body = body;
  if (auto asked = http::aggregate_request_from(request, dataset.name)) {
    check_analyses(asked->analysis, asked->selection, dataset);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array datasets{make_dataset(DatasetKind::Parquet), make_dataset(DatasetKind::Csv),
                                   make_dataset(DatasetKind::Arrow)};
  const std::string_view input = fuzz::text_of(data, size);
  if (input.starts_with('{')) {
    for (const Dataset& dataset : datasets) check_body(input, dataset);
    return 0;
  }
  http::Request request;
  request.target = "/api/v1/datasets/orders/rows?" + std::string(input);
  if (!http::split_target(request)) return 0;
  const auto rows = http::rows_request_from(request, "orders");
  if (!rows) return 0;
  for (const Dataset& dataset : datasets) {
    check_dataset(*rows, dataset);
    Selection filtered;
    filtered.filter = rows->selection.filter;
    for (auto kind : {Analysis::Kind::Histogram, Analysis::Kind::Top}) {
      Analysis analysis;
      analysis.kind = kind;
      for (const DatasetColumn& column : dataset.columns) {
        analysis.column = column.name;
        check_analyses(analysis, filtered, dataset);
      }
    }
  }
  return 0;
}
