#include "sql/join_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "sql/struct_type.hpp"
#include "stream/portable_batches.hpp"

namespace canvasback {
namespace {

constexpr int kDecimalDigitsMax = 38;

struct IntegerType {
  std::string_view name;
  bool is_signed;
  int bits;
  int digits;
};

// Narrow ones first.
constexpr std::array<IntegerType, 10> kIntegers{{{"TINYINT", true, 8, 3},
                                                 {"UTINYINT", false, 8, 3},
                                                 {"SMALLINT", true, 16, 5},
                                                 {"USMALLINT", false, 16, 5},
                                                 {"INTEGER", true, 32, 10},
                                                 {"UINTEGER", false, 32, 10},
                                                 {"BIGINT", true, 64, 19},
                                                 {"UBIGINT", false, 64, 20},
                                                 {"HUGEINT", true, 128, 39},
                                                 {"UHUGEINT", false, 128, 39}}};

const IntegerType* integer_type(std::string_view type) {
  const auto found = std::ranges::find(kIntegers, type, &IntegerType::name);
  return found == kIntegers.end() ? nullptr : &*found;
}

struct Digits {
  int whole = 0;
  int scale = 0;
};

std::optional<Digits> digits_of(std::string_view type) {
  if (const IntegerType* integer = integer_type(type)) return Digits{integer->digits, 0};
  if (!type.starts_with("DECIMAL(")) return std::nullopt;
  int width = 0;
  Digits out;
  const std::size_t comma = type.find(',');
  std::from_chars(type.data() + 8, type.data() + comma, width);
  std::from_chars(type.data() + comma + 1, type.data() + type.size(), out.scale);
  out.whole = width - out.scale;
  return out;
}

bool is_real(std::string_view type) { return type == "DOUBLE" || type == "FLOAT"; }
bool is_text(std::string_view type) {
  return type == "VARCHAR" || type == "JSON" || type == "UUID" || type.starts_with("ENUM");
}
bool is_plain_time(std::string_view type) {
  return type == "TIMESTAMP" || type == "TIMESTAMP_S" || type == "TIMESTAMP_MS";
}

std::string common_integer(const IntegerType& left, const IntegerType& right) {
  const auto holds = [](const IntegerType& type, const IntegerType& value) {
    return type.is_signed == value.is_signed ? type.bits >= value.bits : type.is_signed && type.bits > value.bits;
  };
  for (const IntegerType& type : kIntegers) {
    if (holds(type, left) && holds(type, right)) return std::string(type.name);
  }
  return {};
}

// A real beside an integer or a decimal.
std::string common_real(std::string_view real, std::string_view other) {
  if (is_real(other)) return "DOUBLE";
  const IntegerType* integer = integer_type(other);
  if (integer == nullptr || integer->bits > 32) return {};
  return real == "FLOAT" && integer->bits <= 16 ? "FLOAT" : "DOUBLE";
}

// Of lists of what has a common type, and of structs whose members have; a member that one lacks is NULL there.
std::string common_nested(const std::string& left, const std::string& right) {
  if (left.ends_with("[]") && right.ends_with("[]")) {
    const std::string item = exact_common_type(left.substr(0, left.size() - 2), right.substr(0, right.size() - 2));
    return item.empty() ? item : item + "[]";
  }
  auto members = struct_members(left);
  const auto others = struct_members(right);
  if (!members || !others) return {};
  for (const auto& [name, type] : *others) {
    const auto known = std::ranges::find_if(*members, [&](const auto& one) { return lower(one.first) == lower(name); });
    if (known == members->end()) {
      members->emplace_back(name, type);
    } else if (known->second = exact_common_type(known->second, type); known->second.empty()) {
      return {};
    }
  }
  return struct_type(*members);
}

// Whose values keep the column's name, where a column has several classes: as of a collection.
int rank_of(const std::string& type) {
  if (digits_of(type) || is_real(type)) return 0;
  if (type == "BOOLEAN") return 1;
  if (type == "DATE" || type.starts_with("TIME") || type == "INTERVAL") return 2;
  if (is_text(type)) return 3;
  return type.ends_with("]") ? 4 : 5;
}

std::string text_of(const SourceColumn& column) {
  if (column.type == "VARCHAR") return column.sql;
  if (column.type == "BLOB") return fmt::format("to_base64({})", column.sql);
  const bool nested =
      column.type.ends_with("]") || column.type.starts_with("STRUCT(") || column.type.starts_with("MAP(");
  return nested ? fmt::format("CAST(to_json({}) AS VARCHAR)", column.sql)
                : fmt::format("CAST({} AS VARCHAR)", column.sql);
}

std::string cast(const SourceColumn& column, const std::string& type) {
  return column.type == type ? column.sql : fmt::format("CAST({} AS {})", column.sql, type);
}

struct Occurrence {
  std::size_t sort;
  SourceColumn column;
};

// All columns of one name.
struct Joint {
  std::string name;
  std::vector<Occurrence> found;
};

class Joiner {
 public:
  explicit Joiner(const std::vector<std::vector<SourceColumn>>& sorts) : parts_(sorts.size()) {
    for (std::size_t sort = 0; sort < sorts.size(); ++sort) add_sort(sort, sorts[sort]);
    std::vector<std::string> names;
    for (const Joint& joint : joints_) names.push_back(joint.name);
    names = distinct_names(names);
    for (std::size_t i = 0; i < joints_.size(); ++i) {
      joints_[i].name = names[i];
      taken_.push_back(lower(names[i]));
    }
  }

  JoinedColumns run() {
    for (const Joint& joint : joints_) join(joint);
    for (const auto& parts : parts_) out_.selects.push_back(fmt::format("{}", fmt::join(parts, ", ")));
    return std::move(out_);
  }

 private:
  // A name that is there twice in a file is another column's the second time.
  void add_sort(std::size_t sort, const std::vector<SourceColumn>& columns) {
    std::vector<std::size_t> left;
    std::set<std::size_t> used;
    const auto claim = [&](std::map<std::string, std::vector<std::size_t>>& places, const std::string& name,
                           const SourceColumn& column) {
      for (std::size_t place : places[name]) {
        if (!used.insert(place).second) continue;
        joints_[place].found.push_back({sort, column});
        return true;
      }
      return false;
    };
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!claim(exact_, columns[i].name, columns[i])) left.push_back(i);
    }
    for (std::size_t i : left) {
      const std::string& name = columns[i].name;
      if (claim(alike_, lower(name), columns[i])) continue;
      used.insert(joints_.size());
      exact_[name].push_back(joints_.size());
      alike_[lower(name)].push_back(joints_.size());
      joints_.push_back({name, {{sort, columns[i]}}});
    }
  }

  void join(const Joint& joint) {
    const std::string type = main_type(joint);
    std::vector<const Occurrence*> doubles;
    std::vector<const Occurrence*> texts;
    std::map<std::size_t, std::string> main;
    for (const Occurrence& one : joint.found) {
      if (one.column.type.empty()) continue;
      if (one.column.type != type) out_.same_types = false;
      if (one.column.type == type || exact_common_type(type, one.column.type) == type) {
        main[one.sort] = cast(one.column, type);
      } else {
        (is_real(one.column.type) && rank_of(type) == 0 ? doubles : texts).push_back(&one);
      }
    }
    add(joint.name, type, main);
    if (main.size() == parts_.size()) out_.unchanged.push_back(joint.name);
    add_sibling(joint, type, "double", "DOUBLE", doubles);
    add_sibling(joint, type, "string", "VARCHAR", texts);
  }

  // What all values of the first class go into, as far as they do.
  static std::string main_type(const Joint& joint) {
    int rank = 6;
    for (const Occurrence& one : joint.found) {
      if (!one.column.type.empty()) rank = std::min(rank, rank_of(one.column.type));
    }
    std::string type;
    // Exact digits first, so that the order of the files does not matter: they keep the name, and where doubles do not
    // hold them, those have one of their own.
    for (const bool reals : {false, true}) {
      for (const Occurrence& one : joint.found) {
        if (one.column.type.empty() || rank_of(one.column.type) != rank || is_real(one.column.type) != reals) continue;
        if (type.empty()) {
          type = one.column.type;
        } else if (std::string common = exact_common_type(type, one.column.type); !common.empty()) {
          type = std::move(common);
        }
      }
    }
    return type.empty() ? "INTEGER" : type;
  }

  void add_sibling(const Joint& joint, const std::string& kept, std::string_view suffix, const std::string& type,
                   const std::vector<const Occurrence*>& from) {
    if (from.empty()) return;
    std::string name = fmt::format("{}__{}", joint.name, suffix);
    while (std::ranges::find(taken_, lower(name)) != taken_.end()) name += '_';
    taken_.push_back(lower(name));
    std::map<std::size_t, std::string> values;
    for (const Occurrence* one : from) {
      values[one->sort] = type == "VARCHAR" ? text_of(one->column) : cast(one->column, type);
    }
    out_.notes.push_back(
        fmt::format("The column \"{}\" is {} in some files and {} in others: those values are in \"{}\".", joint.name,
                    kept, from.front()->column.type, name));
    add(name, type, values);
  }

  void add(const std::string& name, const std::string& type, const std::map<std::size_t, std::string>& values) {
    out_.columns.push_back({name, type, {}, {}, {}});
    for (std::size_t sort = 0; sort < parts_.size(); ++sort) {
      const auto value = values.find(sort);
      const std::string sql = value == values.end() ? fmt::format("CAST(NULL AS {})", type) : value->second;
      parts_[sort].push_back(fmt::format("{} AS {}", sql, sql_identifier(name)));
    }
  }

  std::vector<Joint> joints_;
  std::map<std::string, std::vector<std::size_t>> exact_;  // which of them have that name,
  std::map<std::string, std::vector<std::size_t>> alike_;  // and in lower case
  std::vector<std::vector<std::string>> parts_;            // of each sort's select list
  std::vector<std::string> taken_;                         // names, in lower case
  JoinedColumns out_;
};

}  // namespace

std::string exact_common_type(const std::string& left, const std::string& right) {
  if (left == right) return left;
  const IntegerType* left_integer = integer_type(left);
  const IntegerType* right_integer = integer_type(right);
  if (left_integer && right_integer) return common_integer(*left_integer, *right_integer);
  if (is_real(left)) return common_real(left, right);
  if (is_real(right)) return common_real(right, left);
  const auto left_digits = digits_of(left);
  const auto right_digits = digits_of(right);
  if (left_digits && right_digits) {
    const int whole = std::max(left_digits->whole, right_digits->whole);
    const int scale = std::max(left_digits->scale, right_digits->scale);
    return whole + scale <= kDecimalDigitsMax ? fmt::format("DECIMAL({},{})", whole + scale, scale) : std::string();
  }
  if (is_text(left) && is_text(right)) return "VARCHAR";
  if (is_plain_time(left) && is_plain_time(right)) return "TIMESTAMP";
  return common_nested(left, right);
}

JoinedColumns join_columns(const std::vector<std::vector<SourceColumn>>& sorts) { return Joiner(sorts).run(); }

}  // namespace canvasback
