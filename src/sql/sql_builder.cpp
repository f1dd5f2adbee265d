#include "sql/sql_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/exact_number.hpp"
#include "base/text.hpp"
#include "sql/column_names.hpp"
#include "sql/displayed_sql.hpp"
#include "sql/file_forms.hpp"
#include "sql/shape_sql.hpp"

namespace canvasback {
namespace {

// A share is compared with 30 bits of a hash of each row's place.
constexpr std::int64_t kSampleBuckets = std::int64_t{1} << 30;
// A longer list of values is no text of the statement.
constexpr std::size_t kListedValuesMax = 64;

bool is_integer_type(std::string_view type) {
  for (std::string_view known : {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
                                 "UINTEGER", "UBIGINT", "UHUGEINT"}) {
    if (type == known) return true;
  }
  return false;
}

bool is_text_type(std::string_view type) { return type == "VARCHAR" || type == "JSON" || type.starts_with("ENUM"); }

// Numbers that are compared by their digits.
bool is_exact_type(std::string_view type) { return is_integer_type(type) || type.starts_with("DECIMAL"); }

// DECIMAL(width,scale): the scale; 0 of integers.
std::size_t scale_of(const std::string& type) {
  const std::size_t comma = type.find(',');
  return comma == std::string::npos ? 0 : static_cast<std::size_t>(std::atoi(type.c_str() + comma + 1));
}

// Whether values of the type reach as far as the number's whole part, or, of integers, those of the widest one.
bool may_hold(const std::string& type, const ExactNumber& number) {
  if (!is_integer_type(type)) {
    const auto width = static_cast<std::size_t>(std::atoi(type.c_str() + type.find('(') + 1));
    return number.whole.size() + scale_of(type) <= width;
  }
  const std::string_view most = type == "UHUGEINT" && !number.negative ? "340282366920938463463374607431768211455"
                                                                       : "170141183460469231731687303715884105727";
  return number.whole.size() < most.size() || (number.whole.size() == most.size() && number.whole <= most);
}

std::string list_of(const std::vector<std::string>& paths) { return fmt::format("[{}]", fmt::join(paths, ", ")); }

// Without rows that were deleted, or that a later version of theirs replaced; or only the rows that are asked for.
std::string rows_of_file_sql(const DataFile& file) {
  if (file.only) return fmt::format(" WHERE file_row_number IN ({})", fmt::join(*file.only, ", "));
  const auto& dead = file.dead;
  if (dead.empty()) return {};
  std::vector<std::string> conditions;
  std::vector<std::int64_t> single;
  for (const auto& [first, last] : dead) {
    if (first == last) {
      single.push_back(first);
    } else {
      conditions.push_back(fmt::format("file_row_number NOT BETWEEN {} AND {}", first, last));
    }
  }
  if (!single.empty()) conditions.push_back(fmt::format("file_row_number NOT IN ({})", fmt::join(single, ", ")));
  return fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
}

bool has_all_rows(const DataFile& file) { return file.dead.empty() && !file.only; }

// A row's place as a list of SQL.
std::string place_of(const Dataset& dataset) {
  const PlaceNames names = place_names(dataset);
  return fmt::format("{}, {}", sql_identifier(names.file), sql_identifier(names.row));
}

// Whether its files are not read as they are.
bool is_shaped(const Dataset& dataset) {
  return dataset.file_kinds || !std::ranges::all_of(dataset.files, has_all_rows);
}

// A collection's files, each group through the SQL that gives the columns of the whole. A row's place counts through
// the files as the dataset lists them.
std::string shaped_relation_sql(const Dataset& dataset, bool with_places) {
  const PlaceNames names = place_names(dataset);
  std::vector<std::string> groups;
  for (std::size_t i = 0; i < dataset.files.size();) {
    const int shape = dataset.files[i].shape;
    const std::size_t begin = i;
    const DataFile& first = dataset.files[i];
    std::vector<std::string> paths(1, sql_literal(dataset.files[i++].path));
    for (; has_all_rows(first) && i < dataset.files.size() && dataset.files[i].shape == shape; ++i) {
      if (!has_all_rows(dataset.files[i])) break;
      paths.push_back(sql_literal(dataset.files[i].path));
    }
    const std::string places = with_places ? fmt::format(", file_index + {} AS {}, file_row_number AS {}", begin,
                                                         sql_identifier(names.file), sql_identifier(names.row))
                                           : std::string();
    groups.push_back(fmt::format("SELECT {}{} FROM read_parquet({}, hive_partitioning=false, can_have_nan=true){}",
                                 file_columns_sql(dataset, first), places, list_of(paths), rows_of_file_sql(first)));
  }
  return fmt::format("({})", fmt::join(groups, " UNION ALL "));
}

// Files of CSV and JSON: the engine's function of parts knows their columns by number, and each row's place.
std::string parts_relation_sql(const Dataset& dataset, bool with_places) {
  std::vector<std::string> columns;
  for (const DatasetColumn& column : dataset.columns) {
    columns.push_back(fmt::format("c{} AS {}", columns.size(), sql_identifier(column.name)));
  }
  if (with_places) {
    const PlaceNames names = place_names(dataset);
    columns.push_back(fmt::format("p0 AS {}, p1 AS {}", sql_identifier(names.file), sql_identifier(names.row)));
  }
  return fmt::format("(SELECT {} FROM part_rows({}))", fmt::join(columns, ", "), sql_literal(dataset.name));
}

// A collection without records has columns and no file.
std::string empty_relation_sql(const Dataset& dataset, bool with_places) {
  std::vector<std::string> columns;
  for (const DatasetColumn& column : dataset.columns) {
    columns.push_back(fmt::format("CAST(NULL AS {}) AS {}", column.type, sql_identifier(column.name)));
  }
  if (with_places) {
    const PlaceNames names = place_names(dataset);
    columns.push_back(fmt::format("CAST(0 AS UBIGINT) AS {}, CAST(0 AS BIGINT) AS {}", sql_identifier(names.file),
                                  sql_identifier(names.row)));
  }
  return fmt::format("(SELECT {} WHERE false)", fmt::join(columns, ", "));
}

// The relation with each row's place beside its columns. Parquet files have them built in; for the others the engine
// numbers the rows as it reads, which costs a little and is asked for only where an order must be total.
std::string placed_relation_sql(const Dataset& dataset) {
  if (dataset.text) return parts_relation_sql(dataset, true);
  if (dataset.forms) return formed_relation_sql(dataset, true);
  if (is_shaped(dataset)) return shaped_relation_sql(dataset, true);
  if (dataset.kind == DatasetKind::Parquet && dataset.files.empty()) return empty_relation_sql(dataset, true);
  if (dataset.kind == DatasetKind::Parquet) return relation_sql(dataset);
  const PlaceNames names = place_names(dataset);
  return fmt::format("(SELECT *, 0 AS {}, row_number() OVER () - 1 AS {} FROM {})", sql_identifier(names.file),
                     sql_identifier(names.row), relation_sql(dataset));
}

class Builder {
 public:
  explicit Builder(const Dataset& dataset) : names(dataset), dataset_(dataset) {}

  std::string bind(std::string text) {
    statement.parameters.push_back(std::move(text));
    return fmt::format("${}", statement.parameters.size());
  }

  // The operand of a comparison, in a type in which the comparison is exact: the column's own where the text is one
  // of its values, else a wider one (an integer column against 10.5 or against 2^70 must not round or overflow).
  std::string operand(const DatasetColumn& column, const std::string& text) {
    if (is_text_type(column.type)) return bind(text);
    if (column.type == "BLOB") return fmt::format("from_base64({})", bind(text));
    // No digits, or compare_exact() would have it: inf, or what the engine refuses.
    if (is_exact_type(column.type)) return fmt::format("CAST({} AS DOUBLE)", bind(text));
    // Years past 9999 are shown with a sign, which the engine does not read.
    const bool signed_year = text.starts_with('+') && (column.type == "DATE" || column.type.starts_with("TIMESTAMP"));
    return fmt::format("CAST({} AS {})", bind(signed_year ? text.substr(1) : text), column.type);
  }

  // column <sign> value, sign one of = < <= > >= and "IS DISTINCT FROM".
  std::string compare(const DatasetColumn& column, std::string_view sign, const Json& value) {
    const std::string name = names.sql(column.name);
    const std::string text = value.scalar_text();
    if (is_nested_type(column.type)) {
      return fmt::format("{} {} {}", nested_text_sql(column.type, name), sign, bind(text));
    }
    if (value.is_bool() && column.type != "BOOLEAN") {
      return fmt::format("{} {} CAST({} AS BOOLEAN)", name, sign, bind(text));
    }
    const bool real = column.type == "DOUBLE" || column.type == "FLOAT";
    if (real && lower(text) == "nan") {
      // Bounds of row groups leave NaN out, so a comparison with it would skip the row groups that hold it.
      if (sign == "=" || sign == ">=") return fmt::format("isnan({})", name);
      if (sign == "IS DISTINCT FROM") return fmt::format("NOT COALESCE(isnan({}), false)", name);
      if (sign == ">") return "false";
    }
    // NaN is the largest value, and no bound of a row group tells of it.
    if (real && sign.starts_with('>')) {
      return fmt::format("({0} {1} {2} OR isnan({0}))", name, sign, operand(column, text));
    }
    if (is_exact_type(column.type)) {
      if (auto number = parse_exact_number(trim(text))) return compare_exact(column, sign, std::move(*number));
    }
    return fmt::format("{} {} {}", name, sign, operand(column, text));
  }

  // A letter is the same in any case, and whether its marks are characters of their own.
  static std::string found_in(const std::string& text, const std::string& wanted) {
    return fmt::format("contains(lower(nfc_normalize({})), lower(nfc_normalize({})))", text, wanted);
  }

  // A value that contains a text, as the engine writes it or as it is displayed.
  std::string contains(const DatasetColumn& column, const std::string& text) {
    const std::string name = names.sql(column.name);
    const std::string bound = bind(text);
    if (is_nested_type(column.type)) {
      return found_in(nested_text_sql(column.type, name), bound);
    }
    const std::string plain = found_in(fmt::format("CAST({} AS VARCHAR)", name), bound);
    const std::string displayed = displayed_sql(column.type, name, text);
    if (displayed.empty()) return plain;
    return fmt::format("({} OR contains(lower({}), lower({})))", plain, displayed, bound);
  }

  std::string condition(const DatasetColumn& column, const Json& value) {
    const std::string name = names.sql(column.name);
    if (value.is_null()) return name + " IS NULL";
    if (!value.is_object()) return compare(column, "=", value);
    const std::string_view op = value.at("op").as_string();
    const Json& right = value.at("value");
    if (op == "is_null") return name + (right.is_bool() && !right.as_bool() ? " IS NOT NULL" : " IS NULL");
    if (op == "in") return in_list(column, right);
    if (op == "between") {
      return fmt::format("({} AND {})", compare(column, ">=", right.as_array()[0]),
                         compare(column, "<=", right.as_array()[1]));
    }
    if (op == "like") {
      const bool nested = is_nested_type(column.type);
      const std::string left = nested ? nested_text_sql(column.type, name) : fmt::format("CAST({} AS VARCHAR)", name);
      return fmt::format("{} LIKE {}", left, bind(right.scalar_text()));
    }
    if (op == "contains") return contains(column, right.scalar_text());
    if (right.is_null()) return op == "ne" ? name + " IS NOT NULL" : name + " IS NULL";
    if (op == "ne") return compare(column, "IS DISTINCT FROM", right);
    return compare(column, op == "lt" ? "<" : op == "le" ? "<=" : op == "gt" ? ">" : op == "ge" ? ">=" : "=", right);
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
    const std::string place = fmt::format("({}) > ({}, {})", place_of(dataset_), cursor.file_index, cursor.file_row);
    std::vector<std::string> alternatives;
    std::string equal;
    for (std::size_t i = 0; i < selection.sort.size(); ++i) {
      const SortKey& key = selection.sort[i];
      const std::string name = names.sql(key.column);
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
    return fmt::format("hash({}, {})", place_of(dataset_), sample.seed);
  }

  SqlStatement statement;
  const ColumnNames names;
  bool joins = false;  // a list of the filter is joined: the engine may give the rows in any order

 private:
  // A decimal or an integer against any number, exactly: digits past the column's scale only move the bound between two
  // values, and past the column's own digits the sign alone decides.
  std::string compare_exact(const DatasetColumn& column, std::string_view sign, ExactNumber number) {
    const std::string name = names.sql(column.name);
    const std::size_t scale = scale_of(column.type);
    if (number.fraction.size() > scale) {
      if (sign == "=") return "false";
      if (sign == "IS DISTINCT FROM") return "true";
      // Cut towards zero: the cut value is below a positive number and above a negative one.
      sign = sign.starts_with('<') ? (number.negative ? "<" : "<=") : (number.negative ? ">=" : ">");
      number.fraction.resize(scale);
    }
    if (!may_hold(column.type, number)) {
      if (sign == "=") return "false";
      if (sign == "IS DISTINCT FROM") return "true";
      return sign.starts_with('<') != number.negative ? name + " IS NOT NULL" : "false";
    }
    const std::string parameter = bind(number.text());
    if (!is_integer_type(column.type)) return fmt::format("{} {} CAST({} AS {})", name, sign, parameter, column.type);
    return fmt::format("{0} {1} COALESCE(TRY_CAST({2} AS {3}), CAST({2} AS HUGEINT))", name, sign, parameter,
                       column.type);
  }

  // A value that a long list is compared by: in the column's type, as text. Nothing for one that no row can equal.
  std::optional<std::string> listed(const DatasetColumn& column, const Json& item) {
    const std::string text = item.scalar_text();
    if (!is_exact_type(column.type)) return text;
    const auto number = parse_exact_number(text);
    if (!number) return text;  // the engine says what is wrong with it
    if (number->fraction.size() > scale_of(column.type) || !may_hold(column.type, *number)) return std::nullopt;
    return number->text();
  }

  // A long list is one parameter that the engine hashes.
  std::string in_long_list(const DatasetColumn& column, const Json& list) {
    const std::string name = names.sql(column.name);
    const bool real = column.type == "DOUBLE" || column.type == "FLOAT";
    Json texts = Json::Array{};
    joins = true;
    std::vector<std::string> parts;
    bool with_null = false;
    bool with_nan = false;
    for (const Json& item : list.as_array()) {
      if (item.is_null()) {
        with_null = true;
      } else if (real && lower(item.scalar_text()) == "nan") {
        with_nan = true;
      } else if (auto text = listed(column, item)) {
        texts.push(std::move(*text));
      }
    }
    if (with_null) parts.push_back(name + " IS NULL");
    if (with_nan) parts.push_back(fmt::format("isnan({})", name));
    const std::string items =
        fmt::format("(SELECT unnest(from_json({}, '[\"VARCHAR\"]')) AS item)", bind(texts.dump()));
    std::string left = name;
    std::string value = fmt::format("CAST(item AS {})", column.type);
    if (is_text_type(column.type)) {
      left = fmt::format("CAST({} AS VARCHAR)", name);
      value = "item";
    } else if (is_nested_type(column.type)) {
      left = nested_text_sql(column.type, name);
      value = "item";
    } else if (column.type == "BLOB") {
      value = "from_base64(item)";
    } else if (is_integer_type(column.type)) {
      // One that the type does not hold equals no row.
      value = fmt::format("TRY_CAST(CAST(item AS HUGEINT) AS {})", column.type);
      if (column.type == "UHUGEINT") value = "CAST(item AS UHUGEINT)";
    } else if (column.type == "DATE" || column.type.starts_with("TIMESTAMP")) {
      value = fmt::format("CAST(ltrim(item, '+') AS {})", column.type);
    }
    parts.push_back(fmt::format("{0} IN (SELECT {1} FROM {2} WHERE {1} IS NOT NULL)", left, value, items));
    return fmt::format("({})", fmt::join(parts, " OR "));
  }

  std::string in_list(const DatasetColumn& column, const Json& list) {
    const auto is_bool = [](const Json& item) { return item.is_bool(); };
    if (list.as_array().size() > kListedValuesMax && std::ranges::none_of(list.as_array(), is_bool)) {
      return in_long_list(column, list);
    }
    std::vector<std::string> values;
    std::vector<std::string> plain;
    bool with_null = false;
    for (const Json& item : list.as_array()) {
      if (item.is_null()) {
        with_null = true;
      } else {
        // One list where the values are plain; a number or NaN has a comparison of its own.
        const bool real = column.type == "DOUBLE" || column.type == "FLOAT";
        if (real || is_exact_type(column.type) || is_nested_type(column.type) || item.is_bool()) {
          values.push_back(compare(column, "=", item));
        } else {
          plain.push_back(operand(column, item.scalar_text()));
        }
      }
    }
    if (!plain.empty()) {
      values.push_back(fmt::format("{} IN ({})", names.sql(column.name), fmt::join(plain, ", ")));
    }
    if (with_null) values.push_back(names.sql(column.name) + " IS NULL");
    return fmt::format("({})", fmt::join(values, " OR "));
  }

  const Dataset& dataset_;
};

std::string file_list(const Dataset& dataset) {
  std::vector<std::string> paths;
  for (const DataFile& file : dataset.files) paths.push_back(sql_literal(file.path));
  return list_of(paths);
}

// The selection's columns. Where the engine has other names for them, the statement says the exact ones.
std::string column_list(Builder& builder, const Dataset& dataset, const Selection& selection) {
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

}  // namespace

std::string file_columns_sql(const Dataset& dataset, const DataFile& file) {
  if (!dataset.file_kinds) {
    std::vector<std::string> names;
    for (const DatasetColumn& column : dataset.columns) names.push_back(column.name);
    return exact_columns_sql(names);
  }
  return select_lists(dataset.file_kinds)->at(static_cast<std::size_t>(file.shape));
}

std::string relation_sql(const Dataset& dataset) {
  if (dataset.text) return parts_relation_sql(dataset, false);
  if (dataset.forms) return formed_relation_sql(dataset, false);
  if (is_shaped(dataset)) return shaped_relation_sql(dataset, false);
  if (dataset.kind == DatasetKind::Parquet && dataset.files.empty()) return empty_relation_sql(dataset, false);
  const std::string_view by_name = dataset.union_by_name ? ", union_by_name=true" : "";
  const std::string_view hive = dataset.hive_partitioning ? ", hive_partitioning=true" : ", hive_partitioning=false";
  if (dataset.kind == DatasetKind::Arrow) return fmt::format("arrow_files({})", sql_literal(dataset.name));
  // Bounds in footers leave NaN out: without the option the engine would drop or keep row groups by them alone.
  return fmt::format("read_parquet({}{}{}, can_have_nan=true)", file_list(dataset), by_name, hive);
}

Result<SqlStatement> rows_sql(const Dataset& dataset, const Selection& selection, const Cursor* cursor,
                              bool with_places) {
  Builder builder(dataset);
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
      conditions.push_back(fmt::format("{} % {} < {}", builder.sample_hash(sample), kSampleBuckets, threshold));
    } else {
      const std::string where = conditions.empty() ? "" : fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
      const bool is_built_in =
          dataset.kind == DatasetKind::Parquet && !dataset.forms && !is_shaped(dataset) && !dataset.files.empty();
      const std::string_view built_in = is_built_in ? ", file_index, file_row_number" : "";
      relation = fmt::format("(SELECT *{} FROM {}{} ORDER BY {} LIMIT {})", built_in, relation, where,
                             builder.sample_hash(sample), sample.rows);
      conditions.clear();
      if (order.empty()) order = fmt::format(" ORDER BY {}", place_of(dataset));
    }
  }
  if (cursor != nullptr && !cursor->offset) {
    if (cursor->values.size() != selection.sort.size() || cursor->file_index < 0) {
      return fail(ErrorCode::InvalidData, "The cursor belongs to another sort order.");
    }
    conditions.push_back(builder.behind(selection, *cursor));
  }
  std::string& sql = builder.statement.sql;
  sql = fmt::format("SELECT {} FROM {}", select, relation);
  if (!conditions.empty()) sql += fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
  sql += order;
  if (selection.limit) sql += fmt::format(" LIMIT {}", *selection.limit);
  const std::int64_t offset = cursor == nullptr ? selection.offset : cursor->offset.value_or(0);
  if (offset > 0) sql += fmt::format(" OFFSET {}", offset);
  return std::move(builder.statement);
}

Result<SqlStatement> view_sql(const Dataset& dataset, const Selection& selection, bool places_only) {
  Builder builder(dataset);
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
  return std::move(builder.statement);
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
  Builder builder(dataset);
  if (!selection.filter.is_null()) builder.statement.sql = builder.filter(selection.filter);
  return std::move(builder.statement);
}

Result<std::string> append_condition(SqlStatement& statement, const Dataset& dataset, const Json& filter) {
  Selection selection;
  selection.filter = filter;
  CANVASBACK_TRY(check_selection(selection, dataset));
  Builder builder(dataset);
  builder.statement = std::move(statement);
  std::string condition = builder.filter(filter);
  statement = std::move(builder.statement);
  return condition;
}

Result<SqlStatement> count_sql(const Dataset& dataset, const Selection& selection) {
  Builder builder(dataset);
  builder.statement.sql = fmt::format("SELECT count(*) FROM {}", relation_sql(dataset));
  if (!selection.filter.is_null()) builder.statement.sql += " WHERE " + builder.filter(selection.filter);
  return std::move(builder.statement);
}

}  // namespace canvasback
