#include "engine/duckdb/plain_select.hpp"

#include <algorithm>
#include <initializer_list>

namespace canvasback {
namespace {

// What the serializer leaves out in its short form.
bool is_empty(const Json& value) {
  if (value.is_null() || value.as_string("x").empty()) return true;
  if (value.is_bool()) return !value.as_bool();
  if (value.is_array()) return value.as_array().empty();
  return value.is_object() &&
         std::ranges::all_of(value.as_object(), [](const auto& member) { return is_empty(member.second); });
}

// Whether the object has nothing but these members and empty ones.
bool has_only(const Json& object, std::initializer_list<std::string_view> names) {
  return object.is_object() && std::ranges::all_of(object.as_object(), [&](const auto& member) {
           return std::ranges::find(names, member.first) != names.end() || is_empty(member.second);
         });
}

std::optional<std::int64_t> constant(const Json& expression) {
  if (expression.at("type").as_string() != "VALUE_CONSTANT" ||
      !has_only(expression, {"class", "type", "query_location", "value"})) {
    return std::nullopt;
  }
  const Json& value = expression.at("value");
  const std::string_view type = value.at("type").at("id").as_string();
  if ((type != "INTEGER" && type != "BIGINT") || !value.at("value").is_integer()) return std::nullopt;
  const std::int64_t number = value.at("value").as_int(-1);
  return number >= 0 ? std::optional(number) : std::nullopt;
}

// False where it is something else than LIMIT and OFFSET with numbers.
bool take_modifiers(const Json& modifiers, PlainSelect& out) {
  if (modifiers.as_array().empty()) return true;
  if (modifiers.as_array().size() > 1) return false;
  const Json& modifier = modifiers.as_array()[0];
  if (modifier.at("type").as_string() != "LIMIT_MODIFIER" || !has_only(modifier, {"type", "limit", "offset"})) {
    return false;
  }
  if (!is_empty(modifier.at("limit"))) {
    out.limit = constant(modifier.at("limit"));
    if (!out.limit) return false;
  }
  if (!is_empty(modifier.at("offset"))) {
    const auto offset = constant(modifier.at("offset"));
    if (!offset) return false;
    out.offset = *offset;
  }
  return true;
}

bool take_columns(const Json& list, PlainSelect& out) {
  const Json::Array& items = list.as_array();
  if (items.size() == 1 && items[0].at("type").as_string() == "STAR") {
    return has_only(items[0], {"class", "type", "query_location"});
  }
  for (const Json& item : items) {
    const Json::Array& names = item.at("column_names").as_array();
    if (item.at("type").as_string() != "COLUMN_REF" || names.size() != 1 ||
        !has_only(item, {"class", "type", "query_location", "column_names"})) {
      return false;
    }
    std::string name(names[0].as_string());
    if (std::ranges::find(out.columns, name) != out.columns.end()) return false;
    out.columns.push_back(std::move(name));
  }
  return !out.columns.empty();
}

}  // namespace

std::optional<PlainSelect> plain_select(const Json& statement) {
  if (!has_only(statement, {"node"})) return std::nullopt;
  const Json& node = statement.at("node");
  if (node.at("type").as_string() != "SELECT_NODE" ||
      !has_only(node, {"type", "modifiers", "select_list", "from_table", "aggregate_handling"}) ||
      node.at("aggregate_handling").as_string("STANDARD_HANDLING") != "STANDARD_HANDLING") {
    return std::nullopt;
  }
  const Json& table = node.at("from_table");
  if (table.at("type").as_string() != "BASE_TABLE" || !has_only(table, {"type", "query_location", "table_name"})) {
    return std::nullopt;
  }
  PlainSelect out;
  out.table = table.at("table_name").as_string();
  if (!take_columns(node.at("select_list"), out) || !take_modifiers(node.at("modifiers"), out)) return std::nullopt;
  return out;
}

}  // namespace canvasback
