#include "engine/duckdb/statement_gate.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"
#include "engine/duckdb/allowed_functions.hpp"
#include "engine/duckdb/handles.hpp"

namespace canvasback {
namespace {

constexpr const char* kShortForm =
    "SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, skip_default := true)::VARCHAR";
constexpr const char* kLongForm = "SELECT json_serialize_sql($1::VARCHAR)::VARCHAR";

struct Statement {
  std::string name;
  std::string sql;
};

std::string replace_all(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

std::vector<Statement> corpus(const char* file) {
  const auto path = std::filesystem::path(CANVASBACK_SOURCE_DIR) / "tests/corpus" / file;
  std::ifstream stream(path);
  EXPECT_TRUE(stream) << path;
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const Result<Json> tree = Json::parse(text);
  EXPECT_TRUE(tree);
  std::vector<Statement> statements;
  if (!tree) return statements;
  for (const Json& entry : tree->as_array()) {
    std::string sql(entry.at("sql").as_string());
    for (auto [mark, value] : {std::pair{"{dataset}", "flights"},
                               {"{dataset_path}", "/data/flights.parquet"},
                               {"{outside}", "/elsewhere/secret.csv"},
                               {"{outside_dir}", "/elsewhere"}}) {
      sql = replace_all(std::move(sql), mark, value);
    }
    statements.push_back({std::string(entry.at("name").as_string()), std::move(sql)});
  }
  return statements;
}

// DuckDB in memory with one table, flights, and the gate in front of it as the engine has it.
class StatementGate : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(duckdb_open(nullptr, database_.out()), DuckDBSuccess);
    ASSERT_EQ(duckdb_connect(database_.get(), connection_.out()), DuckDBSuccess);
    EXPECT_EQ(run("CREATE TABLE flights AS SELECT TIMESTAMP '2020-01-01' + INTERVAL (i) HOUR AS date, i % 200 - 20 AS "
                  "delay, 100 + i AS distance, ['SEA', 'LAX', 'ORD'][1 + i % 3] AS origin, "
                  "['SFO', 'SEA', 'JFK'][1 + i % 3] AS destination FROM range(1000) t(i)"),
              "");
    EXPECT_EQ(run("CREATE TABLE hidden AS SELECT 1 AS a"), "");
  }

  // The error of a statement, or "".
  std::string run(const std::string& sql) {
    duck::QueryResult result;
    if (duckdb_query(connection_.get(), sql.c_str(), result.get()) == DuckDBSuccess) return "";
    return duckdb_result_error(result.get());
  }

  std::string text_of(const char* serializer, std::string_view sql) {
    duck::Prepared prepared;
    duck::QueryResult result;
    EXPECT_EQ(duckdb_prepare(connection_.get(), serializer, prepared.out()), DuckDBSuccess);
    EXPECT_EQ(duckdb_bind_varchar_length(prepared.get(), 1, sql.data(), sql.size()), DuckDBSuccess);
    EXPECT_EQ(duckdb_execute_prepared(prepared.get(), result.get()), DuckDBSuccess);
    char* value = duckdb_value_varchar(result.get(), 0, 0);
    std::string text = value == nullptr ? "" : value;
    duckdb_free(value);
    return text;
  }

  Result<GateResult> check(std::string_view sql, const char* serializer = kShortForm) {
    if (auto refusal = explain_refusal(sql); !refusal) return std::unexpected(refusal.error());
    const std::string serialized = text_of(serializer, sql);
    return check_statement({serialized, [](std::string_view name) { return lower(name) == "flights"; }});
  }
  Error error_of(std::string_view sql) {
    auto result = check(sql);
    EXPECT_FALSE(result) << sql;
    return result ? Error{} : result.error();
  }

  duck::Database database_;
  duck::Connection connection_;
};

TEST_F(StatementGate, RefusesEveryForbiddenStatement) {
  const std::vector<Statement> statements = corpus("forbidden.json");
  EXPECT_GE(statements.size(), 80u);
  for (const auto& [name, sql] : statements) {
    for (const char* form : {kShortForm, kLongForm}) {
      const auto result = check(sql, form);
      EXPECT_FALSE(result) << name << ": " << sql;
      if (result) continue;
      EXPECT_TRUE(result.error().code == ErrorCode::QueryForbidden || result.error().code == ErrorCode::QueryInvalid);
      EXPECT_FALSE(result.error().message.empty()) << name;
    }
  }
}

TEST_F(StatementGate, PassesEveryAllowedStatementAndItRuns) {
  const std::vector<Statement> statements = corpus("allowed.json");
  EXPECT_GE(statements.size(), 45u);
  for (const auto& [name, sql] : statements) {
    for (const char* form : {kShortForm, kLongForm}) {
      const auto result = check(sql, form);
      EXPECT_TRUE(result) << name << ": " << result.error().message << "\n" << sql;
    }
    EXPECT_EQ(run(sql), "") << name;
  }
}

TEST_F(StatementGate, ListsTheTablesThatAreRead) {
  const auto tables = [&](std::string_view sql) { return check(sql).value_or(GateResult{}).tables; };
  EXPECT_EQ(tables("SELECT 1"), std::vector<std::string>{});
  EXPECT_EQ(tables("FROM Flights a JOIN FLIGHTS b USING (date), main.flights"), std::vector<std::string>{"Flights"});
  EXPECT_EQ(tables("WITH flights AS (SELECT 1) FROM flights"), std::vector<std::string>{});
  EXPECT_EQ(tables("WITH flights AS (FROM flights) FROM flights"), std::vector<std::string>{"flights"});
  EXPECT_EQ(tables("SELECT (SELECT max(delay) FROM flights)"), std::vector<std::string>{"flights"});
}

TEST_F(StatementGate, NamesWhatIsWrongAndWhere) {
  Error error = error_of("SELECT 1, read_text('x')");
  EXPECT_EQ(error.code, ErrorCode::QueryForbidden);
  EXPECT_NE(error.message.find("\"read_text\""), std::string::npos);
  EXPECT_EQ(error.position, 10);

  error = error_of("SELECT * FROM nothing");
  EXPECT_EQ(error.code, ErrorCode::QueryInvalid);
  EXPECT_EQ(error.message, "The table \"nothing\" does not exist or is not visible.");
  EXPECT_EQ(error.position, 14);

  error = error_of("SELECT 1 +");
  EXPECT_EQ(error.code, ErrorCode::QueryInvalid);
  ASSERT_TRUE(error.position);

  error = error_of("SELEC 1");
  EXPECT_EQ(error.code, ErrorCode::QueryInvalid);
  EXPECT_EQ(error.position, 0);

  EXPECT_EQ(error_of("SELECT 1; SELECT 2").code, ErrorCode::QueryForbidden);
  EXPECT_EQ(error_of("").code, ErrorCode::QueryInvalid);
  EXPECT_EQ(error_of(" -- nothing").code, ErrorCode::QueryInvalid);
  EXPECT_EQ(error_of(std::string_view("SELECT 1\0, read_text('x')", 25)).code, ErrorCode::QueryInvalid);
}

TEST_F(StatementGate, ExplainsRefusedStatements) {
  const Error copy = error_of("-- a comment\n/* another */ (COPY (SELECT 1) TO 'x')");
  EXPECT_EQ(copy.code, ErrorCode::QueryForbidden);
  EXPECT_EQ(copy.message,
            "COPY is not allowed here; use GET /api/v1/datasets/{name}/export or `format` on this query "
            "to get a file.");
  for (const char* sql : {"SET x = 1", "insert into flights values (1)", "ATTACH 'x'", "PRAGMA version", "LOAD 'x'"}) {
    EXPECT_EQ(error_of(sql).code, ErrorCode::QueryForbidden) << sql;
  }
  for (const char* sql : {"SELECT 1", "WITH a AS (SELECT 1) FROM a", "copyright", "settle", "", "/* open"}) {
    EXPECT_TRUE(explain_refusal(sql)) << sql;
  }
}

TEST_F(StatementGate, BoundsTheDepthOfAStatement) {
  const auto nested = [](int depth) {
    std::string sql = "SELECT ";
    for (int i = 0; i < depth; ++i) sql += "1 + (";
    return sql + "1" + std::string(static_cast<std::size_t>(depth), ')');
  };
  EXPECT_TRUE(check(nested(200)));
  EXPECT_EQ(error_of(nested(700)).code, ErrorCode::QueryInvalid);
}

TEST_F(StatementGate, BoundsTheDepthOfJsonThatIsWrittenOut) {
  const auto nested = [](std::string_view call, std::size_t depth) {
    return fmt::format("SELECT {}('{}{}')", call, std::string(depth, '['), std::string(depth, ']'));
  };
  for (const char* call : {"json_structure", "json_valid", "JSON_Contains"}) {
    EXPECT_TRUE(check(nested(call, 1000))) << call;
    EXPECT_EQ(error_of(nested(call, 1001)).code, ErrorCode::QueryInvalid) << call;
  }
  EXPECT_TRUE(check(nested("length", 2000)));
}

TEST_F(StatementGate, RefusesTreesItDoesNotKnow) {
  const auto refused = [](std::string_view tree) {
    return !check_statement({tree, [](std::string_view) { return true; }});
  };
  const std::string tree = text_of(kShortForm, "SELECT a + 1 FROM flights");
  EXPECT_FALSE(refused(tree));
  for (auto [from, to] : {std::pair{R"("class":"FUNCTION")", R"("class":"BOUND_FUNCTION")"},
                          {R"("class":"FUNCTION",)", R"("class":"FUNCTION","new_field":1,)"},
                          {R"("type":"SELECT_NODE",)", R"("type":"INSERT_NODE",)"},
                          {R"("type":"SELECT_NODE",)", R"("type":"SELECT_NODE","target":"x",)"},
                          {R"("type":"BASE_TABLE",)", R"("type":"COLUMN_DATA",)"},
                          {R"("type":"VALUE_CONSTANT",)", R"("type":"VALUE_DEFAULT",)"},
                          {R"("id":"INTEGER")", R"("id":"POINTER")"},
                          {R"("error":false)", R"("error":0)"}}) {
    const std::string changed = replace_all(tree, from, to);
    ASSERT_NE(changed, tree) << from;
    EXPECT_TRUE(refused(changed)) << changed;
  }
  for (const char* text : {"", "{}", "[]", "null", R"({"error":false})", R"({"error":false,"statements":[{"node":1}]})",
                           R"({"error":false,"statements":[1]})", R"({"error":false,"statements":[{}]})"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
}

TEST_F(StatementGate, ListsOnlyFunctionsThatExistAndNoneThatIsKnownToReachOut) {
  EXPECT_TRUE(is_allowed_function("Regexp_Matches"));
  EXPECT_TRUE(is_allowed_type("timestamp WITH time zone"));
  EXPECT_FALSE(is_allowed_table_function("histogram"));
  duck::QueryResult result;
  ASSERT_EQ(duckdb_query(connection_.get(),
                         "SELECT DISTINCT lower(function_name), function_type FROM duckdb_functions()", result.get()),
            DuckDBSuccess);
  std::size_t allowed = 0;
  for (idx_t row = 0; row < duckdb_row_count(result.get()); ++row) {
    char* name = duckdb_value_varchar(result.get(), 0, row);
    char* kind = duckdb_value_varchar(result.get(), 1, row);
    const std::string_view text(name);
    const bool table = std::string_view(kind).starts_with("table");
    allowed += !table && is_allowed_function(text);
    if (std::string_view(kind) == "pragma" || (table && text.find("read") != std::string_view::npos)) {
      EXPECT_FALSE(is_allowed_table_function(text)) << text;
    }
    for (const char* part : {"setting", "secret", "read_", "duckdb", "log_", "pragma", "getvar", "serialize", "scan"}) {
      if (text.find(part) != std::string_view::npos) {
        EXPECT_FALSE(is_allowed_function(text) || is_allowed_table_function(text)) << text;
      }
    }
    duckdb_free(name);
    duckdb_free(kind);
  }
  EXPECT_GT(allowed, 550u);
}

}  // namespace
}  // namespace canvasback
