#include "source/mysql/mysql_sql.hpp"

#include <algorithm>
#include <charconv>

#include "base/exact_number.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

namespace canvasback::mysql {
namespace {

// Weights that one character may have at most (U+FDFA in MySQL's tables of Unicode collations has 18): a key is padded
// to as many for each character of its column, or characters with several would push others out.
constexpr std::int64_t kWeightsPerCharacter = 18;
// Beyond that the server answers NULL, or no client takes it (max_allowed_packet).
constexpr std::int64_t kKeyCharactersMax = 65'535;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "2024-05-06", "2024-05-06 01:02:03.5", "-838:59:59": digits and the marks between them.
bool looks_like_time(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text.front())) return false;
  return std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '-' || c == ':' || c == '.' || c == ' '; });
}

std::unexpected<Error> no_value(const MysqlColumn& column, std::string_view value) {
  return fail(ErrorCode::InvalidData, "Column \"" + column.name + "\" is " + column.declared + ", of which \"" +
                                          std::string(value) + "\" is not a value.");
}

bool is_number(std::string_view value, bool may_have_exponent) {
  if (!may_have_exponent && value.find_first_of("eE") != std::string_view::npos) return false;
  return parse_exact_number(value).has_value();
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end;
}

// With an exponent it is a DOUBLE; without one a DECIMAL, which is compared as another number.
std::string double_literal(std::string_view digits) {
  return std::string(digits) + (digits.find_first_of("eE") == std::string_view::npos ? "e0" : "");
}

// The values of an ENUM or SET, out of its declaration: enum('a','it''s').
std::vector<std::string> declared_values(std::string_view declaration) {
  std::vector<std::string> values;
  std::size_t at = declaration.find('\'');
  while (at < declaration.size()) {
    std::string value;
    for (++at; at < declaration.size(); ++at) {
      // Two quotes are one of the value; one ends it.
      if (declaration[at] == '\'' && declaration.substr(at, 2) != "''") break;
      if (declaration[at] == '\'') ++at;
      value += declaration[at];
    }
    values.push_back(std::move(value));
    at = declaration.find('\'', std::min(at + 1, declaration.size()));
  }
  return values;
}

// The number that the server sorts an ENUM's or SET's value by, and compares it by where a number stands beside it:
// beside a text it would compare texts, in another order than its own.
std::optional<std::uint64_t> number_of(const MysqlColumn& column, std::string_view value) {
  if (value.empty()) return 0;
  const std::vector<std::string> values = declared_values(column.declared);
  const auto place = [&](std::string_view name) -> std::optional<std::uint64_t> {
    const auto found = std::ranges::find(values, name);
    if (found == values.end()) return std::nullopt;
    return static_cast<std::uint64_t>(found - values.begin());
  };
  if (column.type.kind == MysqlKind::Enum) {
    const auto index = place(value);
    return index ? std::optional(*index + 1) : std::nullopt;
  }
  std::uint64_t bits = 0;
  for (const std::string& name : split(value, ',')) {
    const auto bit = place(name);
    if (!bit || *bit > 63) return std::nullopt;
    bits |= std::uint64_t{1} << *bit;
  }
  return bits;
}

// a > 1 OR (a = 1 AND b > 2) OR (a = 1 AND b = 2 AND c > 3)
std::string keyset(std::span<const std::string> names, std::span<const std::string> literals, char direction,
                   bool or_equal) {
  std::string sql;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool last = i + 1 == names.size();
    std::string term;
    for (std::size_t j = 0; j < i; ++j) term += identifier(names[j]) + " = " + literals[j] + " AND ";
    term += identifier(names[i]) + " " + direction + (last && or_equal ? "= " : " ") + literals[i];
    if (i > 0) sql += " OR ";
    sql += i > 0 ? "(" + term + ")" : term;
  }
  return sql;
}

// Of these collations a character has one weight; of all others it may have several.
bool has_expansions(std::string_view collation) {
  return !collation.ends_with("_bin") && !collation.ends_with("_general_ci") && collation != "latin1_swedish_ci";
}

}  // namespace

std::string identifier(std::string_view name) {
  std::string quoted = "`";
  for (char c : name) {
    if (c == '`') quoted += '`';
    quoted += c;
  }
  return quoted + '`';
}

std::string identifier(std::string_view database, std::string_view table) {
  return identifier(database) + "." + identifier(table);
}

std::string text_literal(std::string_view text) {
  std::string quoted = "'";
  for (char c : text) {
    switch (c) {
      case '\0': quoted += "\\0"; break;
      case '\n': quoted += "\\n"; break;
      case '\r': quoted += "\\r"; break;
      case '\x1a': quoted += "\\Z"; break;
      case '\\':
      case '\'': quoted += '\\'; [[fallthrough]];
      default: quoted += c;
    }
  }
  return quoted + '\'';
}

std::string binary_literal(std::string_view bytes) {
  if (bytes.empty()) return "''";
  constexpr char kDigits[] = "0123456789abcdef";
  std::string quoted = "x'";
  for (char c : bytes) {
    quoted += kDigits[static_cast<unsigned char>(c) >> 4];
    quoted += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return quoted + '\'';
}

Result<std::string> literal(const MysqlColumn& column, std::string_view value) {
  switch (column.type.kind) {
    case MysqlKind::TinyInt:
    case MysqlKind::SmallInt:
    case MysqlKind::MediumInt:
    case MysqlKind::Int:
    case MysqlKind::BigInt:
    case MysqlKind::Year:
    case MysqlKind::Decimal:
      if (!is_number(value, false)) return no_value(column, value);
      return std::string(value);
    case MysqlKind::Float: {
      // The server compares it as the DOUBLE of the same value, which has more digits.
      float number = 0;
      if (!is_number(value, true) || !read_number(value, number)) return no_value(column, value);
      char digits[kDoubleChars];
      return double_literal({digits, static_cast<std::size_t>(write_double(digits, number) - digits)});
    }
    case MysqlKind::Double:
      if (!is_number(value, true)) return no_value(column, value);
      return double_literal(value);
    case MysqlKind::Bit: {
      std::uint64_t bits = 0;
      if (value == "true" || value == "false") return std::string(value == "true" ? "1" : "0");
      if (!read_number(value, bits)) return no_value(column, value);
      return std::string(value);
    }
    case MysqlKind::Date:
    case MysqlKind::DateTime:
    case MysqlKind::Timestamp:
    case MysqlKind::Time:
      if (!looks_like_time(value)) return no_value(column, value);
      return "'" + std::string(value) + "'";
    case MysqlKind::Binary:
    case MysqlKind::Spatial: return binary_literal(value);
    case MysqlKind::Enum:
    case MysqlKind::Set:
      if (const auto number = number_of(column, value)) return std::to_string(*number);
      return no_value(column, value);
    case MysqlKind::Text:
    case MysqlKind::Json: return text_literal(value);
  }
  return no_value(column, value);
}

std::string column_list(std::span<const std::string> names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + identifier(name);
  return list;
}

std::string rows_after(std::span<const std::string> names, std::span<const std::string> literals, bool or_equal) {
  return keyset(names, literals, '>', or_equal);
}

std::string rows_before(std::span<const std::string> names, std::span<const std::string> literals, bool or_equal) {
  return keyset(names, literals, '<', or_equal);
}

Result<std::string> key_bytes(const MysqlColumn& column) {
  const std::string name = identifier(column.name);
  if (column.collation.empty() || column.type.kind == MysqlKind::Binary) return name;
  // An ENUM or SET is sorted by its number, and equal to itself alone.
  if (column.type.kind == MysqlKind::Enum || column.type.kind == MysqlKind::Set) {
    return "CAST(LPAD(HEX(CAST(" + name + " AS UNSIGNED)), 16, '0') AS BINARY(16))";
  }
  if (!column.pads) return "WEIGHT_STRING(" + name + ")";
  const std::int64_t characters = column.type.length * (has_expansions(column.collation) ? kWeightsPerCharacter : 1);
  if (characters == 0 || characters > kKeyCharactersMax) {
    return fail(ErrorCode::InvalidData, "Column \"" + column.name + "\" is " + column.declared +
                                            " with the collation " + column.collation +
                                            ", which is too long to be a key.");
  }
  return "WEIGHT_STRING(" + name + " AS CHAR(" + std::to_string(characters) + "))";
}

}  // namespace canvasback::mysql
