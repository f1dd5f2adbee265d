#include "worker/roles/query/statement_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "query/narrowing.hpp"
#include "sql/column_names.hpp"
#include "sql/sql_builder.hpp"
#include "worker/roles/query/narrowed.hpp"

namespace canvasback {
namespace {

// Whether a text has a quoted one that ends in nan, as a statement that compares with it must.
bool quotes_nan(std::string_view given) {
  const std::string text = lower(given);
  for (std::size_t at = text.find("nan"); at != std::string::npos; at = text.find("nan", at + 1)) {
    const std::size_t next = text.find_first_not_of(" \t\n", at + 3);
    if (next != std::string::npos && (text[next] == '\'' || text[next] == '"' || text[next] == '$')) return true;
  }
  return false;
}

// The engine hashes NaN in one form when it asks a file's Bloom filter, but files hold NaN in several (-NaN): it would
// skip row groups that have them. A column that is computed is never asked for in the filter.
std::string without_bloom_filters(const Dataset& dataset) {
  const ColumnNames names(dataset);
  std::vector<std::string> computed;
  for (const DatasetColumn& column : dataset.columns) {
    if (column.type != "DOUBLE" && column.type != "FLOAT") continue;
    const std::string name = names.sql(column.name);
    computed.push_back(fmt::format("CASE WHEN isnan({0}) THEN 'NaN' ELSE {0} END AS {0}", name));
  }
  const std::string relation = relation_sql(dataset);
  if (computed.empty() || dataset.kind != DatasetKind::Parquet) return relation;
  return fmt::format("(SELECT * REPLACE ({}) FROM {})", fmt::join(computed, ", "), relation);
}

// What the gate says of the user's own statement. Datasets that are closed are known by name, so that who asks for one
// hears why it is.
Result<Admitted> admit(TaskContext& context, const std::string& sql) {
  Admitted admitted;
  if (!context.options.gate) {
    admitted.tables = context.datasets.names();
    return admitted;
  }
  std::set<std::string, std::less<>> closed;
  for (const std::string& name : context.task.files.closed) closed.insert(lower(name));
  const auto visible = [&](std::string_view name) {
    return context.datasets.find_table(name) != nullptr || closed.contains(lower(name));
  };
  CANVASBACK_ASSIGN(admitted, context.engine.engine().admit(sql, visible));
  context.end.tables = admitted.tables;
  for (const std::string& table : admitted.tables) {
    const std::vector<std::string> alike = context.datasets.names_alike(table);
    if (alike.size() > 1) {
      return fail(ErrorCode::QueryInvalid,
                  fmt::format("In SQL \"{}\" may be any of {}: there names do not differ by the case of letters.",
                              table, fmt::join(alike, ", ")));
    }
    if (!closed.contains(lower(table))) continue;
    context.end.closed = table;
    return fail(ErrorCode::Unavailable, fmt::format("The dataset \"{}\" cannot be read.", table));
  }
  return admitted;
}

// nullptr where the engine has to answer: the files are none that are read in order, or a name is spelled in another
// way than the file has it.
Result<std::unique_ptr<BatchStream>> open_plain_select(TaskContext& context, const PlainSelect& select) {
  const Dataset* dataset = context.datasets.find_table(select.table);
  if (!dataset || !RangeReader::can_read(*dataset)) return std::unique_ptr<BatchStream>();
  for (const std::string& column : select.columns) {
    if (!dataset->find_column(column)) return std::unique_ptr<BatchStream>();
  }
  const std::int64_t available = std::max<std::int64_t>(0, dataset->rows - select.offset);
  const std::int64_t rows = std::min(select.limit.value_or(INT64_MAX), available);
  context.progress.expect_rows(rows);
  return context.ranges.read(*dataset, {select.columns, select.offset, rows}, context.cancel, context.metrics);
}

// The datasets of a statement become views.
Status define_tables(TaskContext& context, const Admitted& admitted, const Statement& statement) {
  Engine& engine = context.engine.engine();
  const Narrowing& narrowing = statement.narrowing;
  for (const std::string& table : admitted.tables) {
    const Dataset& dataset = *context.datasets.find_table(table);
    CANVASBACK_TRY(context.files.check(dataset, context.cancel));
    if (dataset.name == narrowing.collection && !narrowing.empty()) {
      CANVASBACK_ASSIGN(const Dataset some, narrowed(dataset, narrowing, context.threads, context.cancel));
      // Of this statement alone: the next one defines it anew.
      CANVASBACK_TRY(engine.define_view(dataset.name, fmt::format("narrowed {}", context.task.id), relation_sql(some)));
      continue;
    }
    CANVASBACK_TRY(context.engine.define(dataset));
    const bool nan = quotes_nan(statement.sql) || quotes_nan(statement.parameters.dump());
    const std::string relation = nan ? without_bloom_filters(dataset) : relation_sql(dataset);
    CANVASBACK_TRY(engine.define_view(dataset.name, dataset.version + (nan ? " nan" : ""), relation));
  }
  return {};
}

}  // namespace

Status admit_statement(TaskContext& context, const std::string& sql) {
  CANVASBACK_ASSIGN(const Admitted admitted, admit(context, sql));
  return define_tables(context, admitted, {sql, {}, {}});
}

Result<std::unique_ptr<BatchStream>> open_statement(TaskContext& context, const Statement& statement) {
  Engine& engine = context.engine.engine();
  const CancelToken& cancel = context.cancel;
  context.metrics.method = "duckdb";
  CANVASBACK_ASSIGN(const Admitted admitted, admit(context, statement.sql));
  if (admitted.plain && statement.parameters.is_null()) {
    CANVASBACK_ASSIGN(auto stream, open_plain_select(context, *admitted.plain));
    if (stream) return stream;
  }
  CANVASBACK_TRY(define_tables(context, admitted, statement));
  SqlRequest request{statement.sql, {}, statement.parameters, {}, context.threads};
  if (statement.parameters.is_null()) {
    request.sql = engine.cheaper_statement(statement.sql);
    if (!request.sql.empty()) {
      auto stream = engine.execute(request, cancel);
      if (stream || cancel.cancelled()) return stream;
    }
    request.sql = statement.sql;  // errors are of the statement as it was written
  }
  return engine.execute(request, cancel);
}

}  // namespace canvasback
