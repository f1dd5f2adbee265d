// Kinds: what has been seen of a record's keys, value by value, and the columns that follow from it. Kinds merge like
// sets, so the order of arrival never changes the outcome: the columns are a function of what was seen, not of when
// (docs/decisions/0010-collections.md). Written by ingest workers, kept in the footers of commits, merged by the front.
//
// A key's values of one class have a column of the key's name; where several classes meet, the first of number, bool,
// time, string, list, object keeps the name, doubles beside integers beyond 2^53 go to NAME__double, and everything
// else to NAME__string (lists and objects as JSON text).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace canvasback {

enum class Kind : std::uint32_t {
  Null = 1,
  Bool = 1 << 1,
  Int = 1 << 2,      // magnitude at most 2^53
  WideInt = 1 << 3,  // other int64
  BigInt = 1 << 4,   // other integers of at most 38 digits
  Double = 1 << 5,
  String = 1 << 6,       // and integers of more digits, as their text
  List = 1 << 7,         // whose items have one class
  Object = 1 << 8,       // within the limits of a struct
  ListText = 1 << 9,     // other lists, as JSON text
  ObjectText = 1 << 10,  // other objects, as JSON text
  Date = 1 << 11,        // of sources that have such types: JSON has none
  Timestamp = 1 << 12,
  Binary = 1 << 13,
};

constexpr std::uint32_t bit(Kind kind) { return static_cast<std::uint32_t>(kind); }

inline constexpr std::int64_t kExactDoubleInteger = std::int64_t{1} << 53;
inline constexpr std::string_view kIdColumn = "id";
inline constexpr std::string_view kIngestedAtColumn = "ingested_at";

// What was seen at one place: a key of the record, of an object below it, or the items of a list.
struct Kinds {
  std::uint32_t seen = 0;                              // bits of Kind
  std::vector<std::pair<std::string, Kinds>> members;  // Object: its keys, as they first came
  std::unique_ptr<Kinds> items;                        // List

  Kinds() = default;
  Kinds(const Kinds& other);
  Kinds(Kinds&&) noexcept = default;
  Kinds& operator=(const Kinds& other);
  Kinds& operator=(Kinds&&) noexcept = default;

  bool has(Kind kind) const { return (seen & bit(kind)) != 0; }
  bool has_any(std::uint32_t bits) const { return (seen & bits) != 0; }
  const Kinds* find(std::string_view key) const;
  Kinds& member(std::string_view key);
  // Everything seen here or there.
  void merge(const Kinds& other);
};

bool operator==(const Kinds& left, const Kinds& right);

// Which values of a place a column takes.
enum class ColumnRole {
  Numbers,  // integers, or doubles
  Doubles,  // NAME__double
  Bools,
  Times,
  Strings,  // of the key's own name
  Binaries,
  List,    // a typed list, or the JSON text of all of them
  Object,  // a struct, or the JSON text of all of them
  Odd,     // NAME__string
};

struct KindColumn {
  std::string name;
  ColumnRole role = ColumnRole::Strings;
  std::string key;  // whose values it has
};

// The columns of one place: none where only nulls were seen. `name` is the key.
std::vector<KindColumn> columns_of(const Kinds& kinds, const std::string& name);
// The columns of a record or object: those of its members, in their order. A sibling whose name is a key, too, gets
// underscores until it differs.
std::vector<KindColumn> columns_of_members(const Kinds& kinds);

// The columns of a record of these kinds with their types, as text: files of one signature are read alike.
std::string signature_of(const Kinds& kinds);

// The SQL type of a column: BIGINT, DECIMAL(38,0), DOUBLE, BOOLEAN, VARCHAR, T[], STRUCT(…).
std::string sql_type_of(const Kinds& kinds, ColumnRole role);
// Whether integers of this place are decimals, and doubles beside integers a column of their own.
inline bool has_big_integers(const Kinds& kinds) { return kinds.has(Kind::BigInt); }
inline bool splits_doubles(const Kinds& kinds) {
  return kinds.has(Kind::Double) && kinds.has_any(bit(Kind::WideInt) | bit(Kind::BigInt));
}
// Lists and objects of this place that must be JSON text although each alone could be typed: their items are of
// several classes, or there are too many members.
bool list_is_text(const Kinds& kinds);
bool object_is_text(const Kinds& kinds);

Json to_json(const Kinds& kinds);
Kinds kinds_from_json(const Json& json);

// "bigint", "decimal", "double", "boolean", …: the kinds seen, for messages and the list of conflicts.
std::vector<std::string_view> names_of_kinds(std::uint32_t seen);
// How many classes (number, bool, …) the bits are of.
int class_count(std::uint32_t seen);

}  // namespace canvasback
