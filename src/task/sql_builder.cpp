#include "task/sql_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace canvasback {
namespace {

// A share is compared with 30 bits of a hash of each row's place.
constexpr std::int64_t kSampleBuckets = std::int64_t{1} << 30;
constexpr std::string_view kPlace = "file_index, file_row_number";

bool is_integer_type(std::string_view type) {
  for (std::string_view known : {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
                                 "UINTEGER", "UBIGINT", "UHUGEINT"}) {
    if (type == known) return true;
  }
  return false;
}

bool is_integer_text(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool has_places(const Dataset& dataset) { return dataset.kind == DatasetKind::Parquet; }

class Builder {
 public:
  explicit Builder(const Dataset& dataset) : dataset_(dataset) {}

  std::string bind(std::string text) {
    statement.parameters.push_back(std::move(text));
    return fmt::format("${}", statement.parameters.size());
  }

  // The operand of a comparison, in a type in which the comparison is exact: the column's own where the text is one
  // of its values, else a wider one (an integer column against 10.5 or against 2^70 must not round or overflow).
  std::string operand(const DatasetColumn& column, const Json& value) {
    const std::string text = value.scalar_text();
    if (value.is_bool() && column.type != "BOOLEAN") return fmt::format("CAST({} AS BOOLEAN)", bind(text));
    if (column.type == "VARCHAR" || column.type == "JSON" || column.type.starts_with("ENUM")) return bind(text);
    if (column.type == "BLOB") return fmt::format("from_base64({})", bind(text));
    if (is_integer_type(column.type)) {
      if (!is_integer_text(text)) return fmt::format("CAST({} AS DOUBLE)", bind(text));
      const std::string name = bind(text);
      return fmt::format("COALESCE(TRY_CAST({0} AS {1}), CAST({0} AS HUGEINT))", name, column.type);
    }
    if (column.type.starts_with("DECIMAL")) {
      // Exact against any decimal; a value with more digits than the column's scale matches nothing by equality.
      return fmt::format("CAST({} AS DECIMAL(38,{}))", bind(text), decimal_scale(column.type, text));
    }
    return fmt::format("CAST({} AS {})", bind(text), column.type);
  }

  std::string condition(const DatasetColumn& column, const Json& value) {
    const std::string name = sql_identifier(column.name);
    if (value.is_null()) return name + " IS NULL";
    if (!value.is_object()) return fmt::format("{} = {}", name, operand(column, value));
    const std::string_view op = value.at("op").as_string();
    const Json& right = value.at("value");
    if (op == "is_null") return name + (right.is_bool() && !right.as_bool() ? " IS NOT NULL" : " IS NULL");
    if (op == "in") return in_list(column, right);
    if (op == "between") {
      return fmt::format("{} BETWEEN {} AND {}", name, operand(column, right.as_array()[0]),
                         operand(column, right.as_array()[1]));
    }
    if (op == "like") return fmt::format("CAST({} AS VARCHAR) LIKE {}", name, bind(right.scalar_text()));
    if (op == "contains") {
      return fmt::format("contains(lower(CAST({} AS VARCHAR)), lower({}))", name, bind(right.scalar_text()));
    }
    if (right.is_null()) return op == "ne" ? name + " IS NOT NULL" : name + " IS NULL";
    if (op == "ne") return fmt::format("{} IS DISTINCT FROM {}", name, operand(column, right));
    const std::string_view sign = op == "lt" ? "<" : op == "le" ? "<=" : op == "gt" ? ">" : op == "ge" ? ">=" : "=";
    return fmt::format("{} {} {}", name, sign, operand(column, right));
  }

  std::string filter(const Json& json) {
    std::vector<std::string> parts;
    for (const auto& [name, value] : json.as_object()) {
      if (name == "and" || name == "or") {
        std::vector<std::string> inner;
        for (const Json& part : value.as_array()) inner.push_back(filter(part));
        const std::string_view empty = name == "and" ? "true" : "false";
        parts.push_back(inner.empty() ? std::string(empty)
                                      : fmt::format("({})", fmt::join(inner, name == "and" ? " AND " : " OR ")));
      } else if (name == "not") {
        parts.push_back(fmt::format("NOT COALESCE({}, false)", filter(value)));
      } else {
        parts.push_back(condition(*dataset_.find_column(name), value));
      }
    }
    return parts.empty() ? "true" : fmt::format("({})", fmt::join(parts, " AND "));
  }

  // Rows behind a cursor: lexicographic order over (keys…, place), NULLs last in both directions.
  std::string behind(const Selection& selection, const Cursor& cursor) {
    const std::string place =
        fmt::format("(file_index, file_row_number) > ({}, {})", cursor.file_index, cursor.file_row);
    std::vector<std::string> alternatives;
    std::string equal;
    for (std::size_t i = 0; i < selection.sort.size(); ++i) {
      const SortKey& key = selection.sort[i];
      const std::string name = sql_identifier(key.column);
      const std::string type = dataset_.find_column(key.column)->type;
      if (!cursor.values[i]) {
        equal += fmt::format("{} IS NULL AND ", name);
        continue;  // NULLs are last: nothing is behind them but equal ones
      }
      const std::string value = fmt::format("CAST({} AS {})", bind(*cursor.values[i]), type);
      alternatives.push_back(
          fmt::format("({}({} {} {} OR {} IS NULL))", equal, name, key.descending ? "<" : ">", value, name));
      equal += fmt::format("{} = {} AND ", name, value);
    }
    alternatives.push_back(fmt::format("({}{})", equal, place));
    return fmt::format("({})", fmt::join(alternatives, " OR "));
  }

  std::string sample_hash(const Sample& sample) const {
    return fmt::format("hash(file_index, file_row_number, {})", sample.seed);
  }

  SqlStatement statement;

 private:
  static int decimal_scale(std::string_view type, std::string_view text) {
    const std::size_t comma = type.find(',');
    int scale = comma == std::string_view::npos ? 0 : std::atoi(std::string(type.substr(comma + 1)).c_str());
    const std::size_t dot = text.find('.');
    if (dot != std::string_view::npos) scale = std::max(scale, static_cast<int>(text.size() - dot - 1));
    return std::min(scale, 30);
  }

  std::string in_list(const DatasetColumn& column, const Json& list) {
    std::vector<std::string> values;
    bool with_null = false;
    for (const Json& item : list.as_array()) {
      if (item.is_null()) {
        with_null = true;
      } else {
        values.push_back(operand(column, item));
      }
    }
    const std::string name = sql_identifier(column.name);
    std::string text = values.empty() ? "false" : fmt::format("{} IN ({})", name, fmt::join(values, ", "));
    return with_null ? fmt::format("({} OR {} IS NULL)", text, name) : text;
  }

  const Dataset& dataset_;
};

std::string file_list(const Dataset& dataset) {
  std::vector<std::string> paths;
  for (const DataFile& file : dataset.files) paths.push_back(sql_literal(file.path));
  return fmt::format("[{}]", fmt::join(paths, ", "));
}

std::string column_list(const Dataset& dataset, const Selection& selection) {
  std::vector<std::string> names;
  for (const std::string& column : selection.columns) names.push_back(sql_identifier(column));
  if (names.empty()) {
    for (const DatasetColumn& column : dataset.columns) names.push_back(sql_identifier(column.name));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string order_by(const Selection& selection, bool places) {
  std::vector<std::string> keys;
  for (const SortKey& key : selection.sort) {
    keys.push_back(fmt::format("{} {} NULLS LAST", sql_identifier(key.column), key.descending ? "DESC" : "ASC"));
  }
  if (places && !keys.empty()) keys.emplace_back(kPlace);
  return keys.empty() ? "" : fmt::format(" ORDER BY {}", fmt::join(keys, ", "));
}

}  // namespace

std::string relation_sql(const Dataset& dataset) {
  const std::string_view by_name = dataset.union_by_name ? ", union_by_name=true" : "";
  const std::string_view hive = dataset.hive_partitioning ? ", hive_partitioning=true" : ", hive_partitioning=false";
  switch (dataset.kind) {
    case DatasetKind::Parquet: return fmt::format("read_parquet({}{}{})", file_list(dataset), by_name, hive);
    case DatasetKind::Csv: return fmt::format("read_csv({}{}{})", file_list(dataset), by_name, hive);
    case DatasetKind::Json: return fmt::format("read_json({}{}{})", file_list(dataset), by_name, hive);
    case DatasetKind::Arrow: break;
  }
  return fmt::format("arrow_files({})", sql_literal(dataset.name));
}

Result<SqlStatement> rows_sql(const Dataset& dataset, const Selection& selection, const Cursor* cursor,
                              bool with_places) {
  Builder builder(dataset);
  const bool places = has_places(dataset);
  std::string select = column_list(dataset, selection);
  if (places && with_places) {
    for (const SortKey& key : selection.sort)
      select += fmt::format(", CAST({} AS VARCHAR)", sql_identifier(key.column));
    select += fmt::format(", CAST(file_index AS BIGINT), file_row_number");
    builder.statement.sort_value_columns = static_cast<int>(selection.sort.size());
    builder.statement.hidden_columns = builder.statement.sort_value_columns + 2;
  }
  std::string relation = relation_sql(dataset);
  std::vector<std::string> conditions;
  if (!selection.filter.is_null()) conditions.push_back(builder.filter(selection.filter));
  std::string tail;
  if (selection.sample) {
    const Sample& sample = *selection.sample;
    if (sample.share > 0 && places) {
      const auto threshold = static_cast<std::int64_t>(sample.share * static_cast<double>(kSampleBuckets));
      conditions.push_back(fmt::format("{} % {} < {}", builder.sample_hash(sample), kSampleBuckets, threshold));
    } else if (sample.share > 0) {
      relation = fmt::format("(SELECT * FROM {} TABLESAMPLE bernoulli({}%) REPEATABLE ({}))", relation,
                             sample.share * 100, sample.seed);
    } else if (places) {
      const std::string where = conditions.empty() ? "" : fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
      relation = fmt::format("(SELECT *, file_index, file_row_number FROM {}{} ORDER BY {} LIMIT {})", relation, where,
                             builder.sample_hash(sample), sample.rows);
      conditions.clear();
      if (selection.sort.empty()) tail = fmt::format(" ORDER BY {}", kPlace);
    } else {
      relation = fmt::format("(SELECT * FROM {} USING SAMPLE reservoir({} ROWS) REPEATABLE ({}))", relation,
                             sample.rows, sample.seed);
    }
  }
  if (cursor != nullptr && !cursor->offset) {
    if (cursor->values.size() != selection.sort.size() || cursor->file_index < 0 || !places) {
      return fail(ErrorCode::InvalidData, "The cursor belongs to another sort order.");
    }
    conditions.push_back(builder.behind(selection, *cursor));
  }
  std::string& sql = builder.statement.sql;
  sql = fmt::format("SELECT {} FROM {}", select, relation);
  if (!conditions.empty()) sql += fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
  sql += tail.empty() ? order_by(selection, places) : tail;
  if (selection.limit) sql += fmt::format(" LIMIT {}", *selection.limit);
  const std::int64_t offset = cursor != nullptr && cursor->offset ? *cursor->offset : selection.offset;
  if (offset > 0) sql += fmt::format(" OFFSET {}", offset);
  return std::move(builder.statement);
}

Result<SqlStatement> count_sql(const Dataset& dataset, const Selection& selection) {
  Builder builder(dataset);
  builder.statement.sql = fmt::format("SELECT count(*) FROM {}", relation_sql(dataset));
  if (!selection.filter.is_null()) builder.statement.sql += " WHERE " + builder.filter(selection.filter);
  return std::move(builder.statement);
}

}  // namespace canvasback
