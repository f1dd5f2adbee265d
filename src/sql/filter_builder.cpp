#include "sql/filter_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/exact_number.hpp"
#include "base/text.hpp"
#include "sql/displayed_sql.hpp"
#include "sql/time_operand.hpp"

namespace canvasback {
namespace {

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

}  // namespace

std::string FilterBuilder::bind(std::string text) {
  statement.parameters.push_back(std::move(text));
  return fmt::format("${}", statement.parameters.size());
}

std::string FilterBuilder::operand(const DatasetColumn& column, const std::string& text) {
  if (is_text_type(column.type)) return bind(text);
  if (column.type == "BLOB") return fmt::format("from_base64({})", bind(text));
  // No digits, or compare_exact() would have it: inf, or what the engine refuses.
  if (is_exact_type(column.type)) return fmt::format("CAST({} AS DOUBLE)", bind(text));
  // A number past the range of FLOAT is no infinity.
  if (column.type == "FLOAT") {
    if (std::isinf(std::strtof(text.c_str(), nullptr)) && std::isfinite(std::strtod(text.c_str(), nullptr))) {
      return fmt::format("CAST({} AS DOUBLE)", bind(text));
    }
  }
  return fmt::format("CAST({} AS {})", bind(text), column.type);
}

std::string FilterBuilder::compare(const DatasetColumn& column, std::string_view sign, const Json& value) {
  const std::string name = names.sql(column.name);
  const std::string text = value.scalar_text();
  if (is_nested_type(column.type)) {
    return fmt::format("{} {} {}", nested_text_sql(column.type, name), sign, bind(text));
  }
  if (value.is_bool() && column.type != "BOOLEAN" && !is_text_type(column.type)) {
    return refuse(fmt::format("\"{}\" has values of {}, not {}.", column.name, column.type, text));
  }
  if (has_time_operand(column.type)) return compare_time(column, sign, text);
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

std::string FilterBuilder::text_sql(const DatasetColumn& column, const std::string& name) {
  const std::string text = fmt::format("CAST({} AS VARCHAR)", name);
  const bool no_room = column.type.starts_with("DECIMAL") &&
                       static_cast<std::size_t>(std::atoi(column.type.c_str() + 8)) == scale_of(column.type);
  return no_room ? fmt::format("regexp_replace({}, '^(-?)[.]', '\\10.')", text) : text;
}

std::string FilterBuilder::found_in(const std::string& text, const std::string& wanted) {
  return fmt::format("contains(lower(nfc_normalize({})), lower(nfc_normalize({})))", text, wanted);
}

std::string FilterBuilder::contains(const DatasetColumn& column, const std::string& text) {
  const std::string name = names.sql(column.name);
  const std::string bound = bind(text);
  if (is_nested_type(column.type)) {
    return found_in(nested_text_sql(column.type, name), bound);
  }
  const std::string plain = found_in(text_sql(column, name), bound);
  const std::string displayed = displayed_sql(column.type, name, text);
  if (displayed.empty()) return plain;
  return fmt::format("({} OR contains(lower({}), lower({})))", plain, displayed, bound);
}

std::string FilterBuilder::condition(const DatasetColumn& column, const Json& value) {
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
    const std::string left = nested ? nested_text_sql(column.type, name) : text_sql(column, name);
    return fmt::format("{} LIKE {}", left, bind(right.scalar_text()));
  }
  if (op == "contains") return contains(column, right.scalar_text());
  if (right.is_null()) return op == "ne" ? name + " IS NOT NULL" : name + " IS NULL";
  if (op == "ne") return compare(column, "IS DISTINCT FROM", right);
  return compare(column, op == "lt" ? "<" : op == "le" ? "<=" : op == "gt" ? ">" : op == "ge" ? ">=" : "=", right);
}

std::string FilterBuilder::filter(const Json& json) {
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

std::string FilterBuilder::refuse(std::string message) {
  if (!error) error = Error{ErrorCode::InvalidData, std::move(message), {}, {}, 0};
  return "false";
}

std::string FilterBuilder::compare_time(const DatasetColumn& column, std::string_view sign, const std::string& text) {
  const auto operand = time_operand(names.sql(column.name), column.type, text);
  if (!operand) {
    if (!error) error = operand.error();
    return "false";
  }
  if (operand->between) {
    if (sign == "=") return "false";
    if (sign == "IS DISTINCT FROM") return "true";
    sign = sign.starts_with('<') ? "<=" : ">";
  }
  return fmt::format("{} {} {}", operand->left, sign, operand->value);
}

std::optional<std::string> FilterBuilder::listed_time(const DatasetColumn& column, const std::string& text) {
  const auto operand = time_operand(names.sql(column.name), column.type, text);
  if (!operand && !error) error = operand.error();
  if (!operand || operand->between || !operand->number) return std::nullopt;
  return std::to_string(*operand->number);
}

std::string FilterBuilder::compare_exact(const DatasetColumn& column, std::string_view sign, ExactNumber number) {
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

std::optional<std::string> FilterBuilder::listed(const DatasetColumn& column, const Json& item) {
  const std::string text = item.scalar_text();
  if (has_time_operand(column.type)) return listed_time(column, text);
  if (!is_exact_type(column.type)) return text;
  const auto number = parse_exact_number(text);
  if (!number) return text;  // the engine says what is wrong with it
  if (number->fraction.size() > scale_of(column.type) || !may_hold(column.type, *number)) return std::nullopt;
  return number->text();
}

std::string FilterBuilder::in_long_list(const DatasetColumn& column, const Json& list) {
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
    } else if (has_time_operand(column.type) && lower(item.scalar_text()).ends_with("infinity")) {
      parts.push_back(compare(column, "=", item));
    } else if (auto text = listed(column, item)) {
      texts.push(std::move(*text));
    }
  }
  if (with_null) parts.push_back(name + " IS NULL");
  if (with_nan) parts.push_back(fmt::format("isnan({})", name));
  const std::string items = fmt::format("(SELECT unnest(from_json({}, '[\"VARCHAR\"]')) AS item)", bind(texts.dump()));
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
  } else if (has_time_operand(column.type)) {
    value = time_from_number_sql(column.type, "item");
    if (column.type == "TIMESTAMP_S" || column.type == "TIMESTAMP_MS")
      left = fmt::format("CAST({} AS TIMESTAMP)", name);
  }
  parts.push_back(fmt::format("{0} IN (SELECT {1} FROM {2} WHERE {1} IS NOT NULL)", left, value, items));
  return fmt::format("({})", fmt::join(parts, " OR "));
}

std::string FilterBuilder::in_list(const DatasetColumn& column, const Json& list) {
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
      if (real || is_exact_type(column.type) || is_nested_type(column.type) || has_time_operand(column.type) ||
          item.is_bool()) {
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

}  // namespace canvasback
