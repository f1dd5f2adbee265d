#include "sql/displayed_sql.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kExactMax = std::int64_t{1} << 53;  // of integers that a double holds

// Hours, minutes and seconds as displayed: fractions have three, six or nine digits.
std::string displayed_time(std::string_view days, const std::string& moment, bool nanoseconds) {
  std::string nine;
  if (nanoseconds) nine = fmt::format("WHEN epoch_ns({0}) % 1000 <> 0 THEN strftime({0}, '.%n') ", moment);
  return fmt::format(
      "strftime({0}, '{1}%H:%M:%S') || CASE {2}WHEN epoch_us({0}) % 1000 <> 0 THEN strftime({0}, '.%f') "
      "WHEN epoch_us({0}) % 1000000 <> 0 THEN strftime({0}, '.%g') ELSE '' END",
      moment, days, nine);
}

// A time as displayed; empty for other types.
std::string time_sql(std::string_view type, const std::string& value) {
  if (type == "TIME") return displayed_time("", fmt::format("(DATE '2000-01-01' + {})", value), false);
  if (type == "TIMESTAMP WITH TIME ZONE") {
    return displayed_time("%Y-%m-%dT", fmt::format("make_timestamp(epoch_us({}))", value), false) + " || 'Z'";
  }
  if (type == "TIMESTAMP_NS") return displayed_time("%Y-%m-%dT", value, true);
  if (type.starts_with("TIMESTAMP")) {
    return displayed_time("%Y-%m-%dT", fmt::format("CAST({} AS TIMESTAMP)", value), false);
  }
  return {};
}

bool is_real(std::string_view type) { return type == "DOUBLE" || type == "FLOAT"; }

// The pieces between the commas that stand in no bracket and no quotes.
std::vector<std::string_view> split_top(std::string_view list) {
  std::vector<std::string_view> out;
  int depth = 0;
  char quote = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    if (quote != 0) {
      if (c == quote) quote = 0;  // a doubled one opens again at once
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' || c == '[') {
      ++depth;
    } else if (c == ')' || c == ']') {
      --depth;
    } else if (c == ',' && depth == 0) {
      out.push_back(list.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  out.push_back(list.substr(begin));
  for (std::string_view& piece : out) {
    while (piece.starts_with(' ')) piece.remove_prefix(1);
  }
  return out;
}

// What stands in the brackets of STRUCT(…) or MAP(…); empty for another type.
std::string_view inside(std::string_view type, std::string_view word) {
  if (!type.starts_with(word) || !type.substr(word.size()).starts_with('(') || !type.ends_with(')')) return {};
  return type.substr(word.size() + 1, type.size() - word.size() - 2);
}

// A list's element, of BIGINT[] and BIGINT[3]; empty for another type.
std::string_view element_type(std::string_view type) {
  if (!type.ends_with(']')) return {};
  return type.substr(0, type.rfind('['));
}

// A field's name and type, from "name TYPE" or "\"a name\" TYPE".
std::pair<std::string, std::string_view> field_of(std::string_view piece) {
  if (!piece.starts_with('"')) {
    const std::size_t space = piece.find(' ');
    return {std::string(piece.substr(0, space)), space == piece.npos ? "" : piece.substr(space + 1)};
  }
  std::string name;
  std::size_t at = 1;
  for (; at < piece.size(); ++at) {
    if (piece[at] == '"' && (at + 1 == piece.size() || piece[at + 1] != '"')) break;
    if (piece[at] == '"') ++at;
    name += piece[at];
  }
  return {std::move(name), at + 2 <= piece.size() ? piece.substr(at + 2) : ""};
}

// Writes expressions; each list's element has a name of its own, so that lists may stand in each other.
class JsonText {
 public:
  // NULL where the value is.
  std::string of(std::string_view type, const std::string& value) {
    if (const auto element = element_type(type); !element.empty()) return list(element, value);
    if (const auto fields = inside(type, "STRUCT"); !fields.empty()) return record(split_top(fields), value);
    if (const auto types = inside(type, "MAP"); !types.empty()) return map(split_top(types), value);
    return flat(type, value);
  }

 private:
  std::string or_null(std::string_view type, const std::string& value) {
    return fmt::format("COALESCE({}, 'null')", of(type, value));
  }

  // The texts of a list's elements, one behind the other. text: the expression of one of them.
  static std::string joined(const std::string& list, const std::string& name, const std::string& text) {
    return fmt::format("COALESCE(array_to_string(list_transform({}, lambda {}: {}), ','), '')", list, name, text);
  }
  static std::string unless_null(const std::string& value, const std::string& text) {
    return fmt::format("CASE WHEN {} IS NULL THEN NULL ELSE {} END", value, text);
  }

  std::string list(std::string_view element, const std::string& value) {
    const std::string name = fmt::format("element_{}", ++names_);
    const std::string as_list = fmt::format("CAST({} AS {}[])", value, element);
    return unless_null(value, fmt::format("'[' || {} || ']'", joined(as_list, name, or_null(element, name))));
  }

  std::string record(const std::vector<std::string_view>& fields, const std::string& value) {
    std::string text = "'{'";
    for (const std::string_view piece : fields) {
      const auto [name, type] = field_of(piece);
      const std::string key = Json(name).dump() + ":";
      text += fmt::format(" || {} || {}", sql_literal((text.size() > 3 ? "," : "") + key),
                          or_null(type, fmt::format("struct_extract({}, {})", value, sql_literal(name))));
    }
    return unless_null(value, text + " || '}'");
  }

  std::string map(const std::vector<std::string_view>& types, const std::string& value) {
    if (types.size() != 2) return flat("", value);
    const std::string name = fmt::format("element_{}", ++names_);
    const std::string entries = fmt::format("map_entries({})", value);
    const std::string key = of(types[0], name + ".key");
    const std::string item = or_null(types[1], name + ".value");
    const bool object = types[0] == "VARCHAR";
    const std::string text =
        object ? fmt::format("{} || ':' || {}", key, item) : fmt::format("'[' || {} || ',' || {} || ']'", key, item);
    return unless_null(
        value, fmt::format("'{}' || {} || '{}'", object ? '{' : '[', joined(entries, name, text), object ? '}' : ']'));
  }

  static std::string flat(std::string_view type, const std::string& value) {
    const std::string plain = fmt::format("CAST({} AS VARCHAR)", value);
    for (const std::string_view word :
         {"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"}) {
      if (type == word) return plain;
    }
    if (type == "BIGINT" || type == "UBIGINT") {
      // Whoever reads JSON numbers as doubles still gets the exact value.
      return fmt::format("CASE WHEN {0} BETWEEN {1} AND {2} THEN {3} ELSE '\"' || {3} || '\"' END", value,
                         type == "BIGINT" ? -kExactMax : 0, kExactMax, plain);
    }
    if (is_real(type)) {
      return fmt::format(
          "CASE WHEN isnan({0}) THEN '\"NaN\"' WHEN isinf({0}) THEN CASE WHEN {0} > 0 THEN '\"Infinity\"' ELSE "
          "'\"-Infinity\"' END ELSE {1} END",
          value, plain);
    }
    if (type == "BLOB") return fmt::format("'\"' || to_base64({}) || '\"'", value);
    if (const std::string time = time_sql(type, value); !time.empty()) return fmt::format("'\"' || {} || '\"'", time);
    if (type.starts_with("DECIMAL") || type == "DATE" || type == "HUGEINT") {
      return fmt::format("'\"' || {} || '\"'", plain);
    }
    return fmt::format("CAST(to_json({}) AS VARCHAR)", plain);
  }

  int names_ = 0;
};

}  // namespace

bool is_nested_type(std::string_view type) {
  return type.ends_with(']') || type.starts_with("STRUCT(") || type.starts_with("MAP(");
}

std::string nested_text_sql(std::string_view type, const std::string& value) { return JsonText().of(type, value); }

std::string displayed_sql(std::string_view type, const std::string& value, std::string_view wanted) {
  if (type == "BLOB") return fmt::format("to_base64({})", value);
  // The engine writes "inf".
  if (is_real(type) && std::string_view("-infinity").find(lower(wanted)) != std::string_view::npos) {
    return fmt::format("CASE WHEN isinf({0}) THEN CASE WHEN {0} > 0 THEN 'Infinity' ELSE '-Infinity' END ELSE '' END",
                       value);
  }
  if (wanted.find_first_not_of("0123456789+-:.TtZz") != std::string_view::npos) return {};
  if (wanted.find_first_of("TtZz.") == std::string_view::npos) return {};
  return time_sql(type, value);
}

}  // namespace canvasback
