#include "sql/sql_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "sql/file_forms.hpp"
#include "sql/filter_builder.hpp"

namespace canvasback {
namespace {

// A share is compared with 30 bits of a hash of each row's place.
constexpr std::int64_t kSampleBuckets = std::int64_t{1} << 30;

// The selection's columns. Where the engine has other names for them, the statement says the exact ones.
std::string column_list(FilterBuilder& builder, const Dataset& dataset, const Selection& selection) {
  std::vector<std::string> exact = selection.columns;
  if (exact.empty()) {
    for (const DatasetColumn& column : dataset.columns) exact.push_back(column.name);
  }
  std::vector<std::string> columns;
  bool named = builder.names.differ();
  for (const std::string& name : exact) {
    columns.push_back(builder.names.sql(name));
    const DatasetColumn* column = dataset.find_column(name);
    const bool real = column != nullptr && (column->type == "DOUBLE" || column->type == "FLOAT");
    if (!real || std::ranges::find(selection.sort, name, &SortKey::column) == selection.sort.end()) continue;
    // What the engine sorts by it gives back from its keys, and there -0.0 is 0.0.
    columns.back() = fmt::format("-(-{})", columns.back());
    named = true;
  }
  if (named) builder.statement.column_names = std::move(exact);
  return fmt::format("{}", fmt::join(columns, ", "));
}

std::string order_by(const ColumnNames& names, const Dataset& dataset, const Selection& selection) {
  std::vector<std::string> keys;
  for (const SortKey& key : selection.sort) {
    keys.push_back(fmt::format("{} {} NULLS LAST", names.sql(key.column), key.descending ? "DESC" : "ASC"));
  }
  if (!keys.empty()) keys.push_back(place_of(dataset));
  return keys.empty() ? "" : fmt::format(" ORDER BY {}", fmt::join(keys, ", "));
}

// The folder's value of a key, where it is one, in a form by which the engine leaves out no file: the cursor's place
// counts through the files that the page before was of.
std::string page_key_sql(const Dataset& dataset, const std::string& column, const std::string& name) {
  const bool is_of_folders = std::ranges::any_of(dataset.files, [&](const DataFile& file) {
    return std::ranges::any_of(file.partition, [&](const auto& key) { return lower(key.first) == lower(column); });
  });
  if (!is_of_folders || dataset.kind != DatasetKind::Parquet) return name;
  return fmt::format("CASE WHEN {} >= 0 THEN {} END", sql_identifier(place_names(dataset).file), name);
}

// Rows behind a cursor: lexicographic order over (keys…, place), NULLs last in both directions.
std::string behind(FilterBuilder& builder, const Dataset& dataset, const Selection& selection, const Cursor& cursor) {
  const std::string place = fmt::format("({}) > ({}, {})", place_of(dataset), cursor.file_index, cursor.file_row);
  std::vector<std::string> alternatives;
  std::string equal;
  for (std::size_t i = 0; i < selection.sort.size(); ++i) {
    const SortKey& key = selection.sort[i];
    const std::string name = page_key_sql(dataset, key.column, builder.names.sql(key.column));
    const std::string type = dataset.find_column(key.column)->type;
    if (!cursor.values[i]) {
      equal += fmt::format("{} IS NULL AND ", name);
      continue;  // NULLs are last: nothing is behind them but equal ones
    }
    const std::string value = fmt::format("CAST({} AS {})", builder.bind(*cursor.values[i]), type);
    alternatives.push_back(
        fmt::format("({}({} {} {} OR {} IS NULL))", equal, name, key.descending ? "<" : ">", value, name));
    equal += fmt::format("{} = {} AND ", name, value);
  }
  alternatives.push_back(fmt::format("({}{})", equal, place));
  return fmt::format("({})", fmt::join(alternatives, " OR "));
}

std::string sample_hash(const Dataset& dataset, const Sample& sample) {
  return fmt::format("hash({}, {})", place_of(dataset), sample.seed);
}

// What was made, or what is wrong with its filter.
Result<SqlStatement> finished(FilterBuilder& builder) {
  if (builder.error) return fail(std::move(*builder.error));
  return std::move(builder.statement);
}

}  // namespace

Result<SqlStatement> rows_sql(const Dataset& dataset, const Selection& selection, const Cursor* cursor,
                              bool with_places) {
  FilterBuilder builder(dataset);
  const bool places = with_places || !selection.sort.empty() || selection.sample.has_value() || cursor != nullptr;
  std::string select = column_list(builder, dataset, selection);
  if (with_places) {
    for (const SortKey& key : selection.sort) {
      select += fmt::format(", CAST({} AS VARCHAR)", builder.names.sql(key.column));
    }
    const PlaceNames names = place_names(dataset);
    select +=
        fmt::format(", CAST({} AS BIGINT), CAST({} AS BIGINT)", sql_identifier(names.file), sql_identifier(names.row));
    builder.statement.sort_value_columns = static_cast<int>(selection.sort.size());
    builder.statement.hidden_columns = builder.statement.sort_value_columns + 2;
  }
  std::vector<std::string> conditions;
  if (!selection.filter.is_null()) conditions.push_back(builder.filter(selection.filter));
  std::string order = order_by(builder.names, dataset, selection);
  // Pages are parts of one order.
  const bool is_page = selection.limit || selection.offset > 0 || cursor != nullptr;
  const bool by_place = order.empty() && builder.joins && is_page;
  if (by_place) order = fmt::format(" ORDER BY {}", place_of(dataset));
  std::string relation = places || by_place ? placed_relation_sql(dataset) : relation_sql(dataset);
  if (selection.sample) {
    const Sample& sample = *selection.sample;
    if (sample.share > 0) {
      const auto threshold = static_cast<std::int64_t>(sample.share * static_cast<double>(kSampleBuckets));
      conditions.push_back(fmt::format("{} % {} < {}", sample_hash(dataset, sample), kSampleBuckets, threshold));
    } else {
      const std::string where = conditions.empty() ? "" : fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
      const std::string_view built_in = has_places_built_in(dataset) ? ", file_index, file_row_number" : "";
      relation = fmt::format("(SELECT *{} FROM {}{} ORDER BY {} LIMIT {})", built_in, relation, where,
                             sample_hash(dataset, sample), sample.rows);
      conditions.clear();
      if (order.empty()) order = fmt::format(" ORDER BY {}", place_of(dataset));
    }
  }
  if (cursor != nullptr && !cursor->offset) {
    if (cursor->values.size() != selection.sort.size() || cursor->file_index < 0) {
      return fail(ErrorCode::InvalidData, "The cursor belongs to another sort order.");
    }
    conditions.push_back(behind(builder, dataset, selection, *cursor));
  }
  std::string& sql = builder.statement.sql;
  sql = fmt::format("SELECT {} FROM {}", select, relation);
  if (!conditions.empty()) sql += fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
  sql += order;
  if (selection.limit) sql += fmt::format(" LIMIT {}", *selection.limit);
  const std::int64_t offset = cursor == nullptr ? selection.offset : cursor->offset.value_or(0);
  if (offset > 0) sql += fmt::format(" OFFSET {}", offset);
  return finished(builder);
}

Result<SqlStatement> view_sql(const Dataset& dataset, const Selection& selection, bool places_only) {
  FilterBuilder builder(dataset);
  const bool parquet = dataset.kind == DatasetKind::Parquet;
  const bool places = parquet || !selection.sort.empty() || !selection.filter.is_null();
  std::string select = places_only ? "" : column_list(builder, dataset, selection);
  if (places) {
    const PlaceNames names = place_names(dataset);
    select += fmt::format("{}CAST({} AS INTEGER) AS {}, CAST({} AS BIGINT) AS {}", places_only ? "" : ", ",
                          sql_identifier(names.file), kFileIndexColumn, sql_identifier(names.row), kFileRowColumn);
  }
  std::string& sql = builder.statement.sql;
  sql = fmt::format("SELECT {} FROM {}", select, places ? placed_relation_sql(dataset) : relation_sql(dataset));
  if (!selection.filter.is_null()) sql += " WHERE " + builder.filter(selection.filter);
  const std::string order = order_by(builder.names, dataset, selection);
  sql += order.empty() && builder.joins && places ? fmt::format(" ORDER BY {}", place_of(dataset)) : order;
  if (selection.limit) sql += fmt::format(" LIMIT {}", *selection.limit);
  if (selection.offset > 0) sql += fmt::format(" OFFSET {}", selection.offset);
  return finished(builder);
}

Json search_filter(const std::vector<std::string>& columns, const std::string& text) {
  Json any = Json::Array{};
  for (const std::string& column : columns) {
    Json contains;
    contains.set("op", "contains");
    contains.set("value", text);
    Json condition;
    condition.set(column, std::move(contains));
    any.push(std::move(condition));
  }
  Json filter;
  filter.set("or", std::move(any));
  return filter;
}

Result<SqlStatement> condition_sql(const Dataset& dataset, const Selection& selection) {
  FilterBuilder builder(dataset);
  if (!selection.filter.is_null()) builder.statement.sql = builder.filter(selection.filter);
  return finished(builder);
}

Result<std::string> append_condition(SqlStatement& statement, const Dataset& dataset, const Json& filter) {
  Selection selection;
  selection.filter = filter;
  CANVASBACK_TRY(check_selection(selection, dataset));
  FilterBuilder builder(dataset);
  builder.statement = std::move(statement);
  std::string condition = builder.filter(filter);
  if (builder.error) return fail(std::move(*builder.error));
  statement = std::move(builder.statement);
  return condition;
}

Result<SqlStatement> count_sql(const Dataset& dataset, const Selection& selection) {
  FilterBuilder builder(dataset);
  builder.statement.sql = fmt::format("SELECT count(*) FROM {}", relation_sql(dataset));
  if (!selection.filter.is_null()) builder.statement.sql += " WHERE " + builder.filter(selection.filter);
  return finished(builder);
}

}  // namespace canvasback
