#include "source/mysql/mysql_sql.hpp"

#include <algorithm>
#include <charconv>

#include "base/exact_number.hpp"
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

// Of a collation with MySQL's tables of Unicode weights one character may have many; of all others it has one.
bool has_expansions(std::string_view collation) {
  return !collation.ends_with("_bin") && !collation.ends_with("_general_ci") &&
         !collation.ends_with("_general_mysql500_ci") &&
         (collation.starts_with("utf") || collation.starts_with("ucs") || collation.starts_with("uca"));
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
    case MysqlKind::Float:
    case MysqlKind::Double: {
      // With an exponent it is a DOUBLE; without one a DECIMAL, which is compared as another number.
      if (!is_number(value, true)) return no_value(column, value);
      const bool has_exponent = value.find_first_of("eE") != std::string_view::npos;
      return std::string(value) + (has_exponent ? "" : "e0");
    }
    case MysqlKind::Bit: {
      std::uint64_t bits = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), bits);
      if (value == "true" || value == "false") return std::string(value == "true" ? "1" : "0");
      if (error != std::errc() || end != value.data() + value.size()) return no_value(column, value);
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
    case MysqlKind::Text:
    case MysqlKind::Enum:
    case MysqlKind::Set:
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
  if (column.type.kind == MysqlKind::Enum || column.type.kind == MysqlKind::Set) return name + " + 0";
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
