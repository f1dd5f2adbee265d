#include "record/kinds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::uint32_t kIntegers = bit(Kind::Int) | bit(Kind::WideInt) | bit(Kind::BigInt);
constexpr std::uint32_t kNumbers = kIntegers | bit(Kind::Double);
constexpr std::uint32_t kTimes = bit(Kind::Date) | bit(Kind::Timestamp);
constexpr std::uint32_t kLists = bit(Kind::List) | bit(Kind::ListText);
constexpr std::uint32_t kObjects = bit(Kind::Object) | bit(Kind::ObjectText);

struct Class {
  std::uint32_t bits;
  ColumnRole role;
};
// The first that is there keeps the name.
constexpr std::array kClasses{
    Class{kNumbers, ColumnRole::Numbers},
    Class{bit(Kind::Bool), ColumnRole::Bools},
    Class{kTimes, ColumnRole::Times},
    Class{bit(Kind::String), ColumnRole::Strings},
    Class{bit(Kind::Binary), ColumnRole::Binaries},
    Class{kLists, ColumnRole::List},
    Class{kObjects, ColumnRole::Object},
};

constexpr std::array<std::pair<Kind, std::string_view>, 14> kNames{{
    {Kind::Null, "null"},
    {Kind::Bool, "boolean"},
    {Kind::Int, "integer"},
    {Kind::WideInt, "integer beyond 2^53"},
    {Kind::BigInt, "integer beyond 2^63"},
    {Kind::Double, "double"},
    {Kind::String, "string"},
    {Kind::List, "array"},
    {Kind::Object, "object"},
    {Kind::ListText, "array of several types"},
    {Kind::ObjectText, "object as text"},
    {Kind::Date, "date"},
    {Kind::Timestamp, "timestamp"},
    {Kind::Binary, "binary"},
}};

}  // namespace

Kinds::Kinds(const Kinds& other)
    : seen(other.seen), members(other.members), items(other.items ? std::make_unique<Kinds>(*other.items) : nullptr) {}

Kinds& Kinds::operator=(const Kinds& other) {
  if (this != &other) *this = Kinds(other);
  return *this;
}

const Kinds* Kinds::find(std::string_view key) const {
  for (const auto& [name, kinds] : members) {
    if (name == key) return &kinds;
  }
  return nullptr;
}

Kinds& Kinds::member(std::string_view key) {
  for (auto& [name, kinds] : members) {
    if (name == key) return kinds;
  }
  return members.emplace_back(std::string(key), Kinds()).second;
}

void Kinds::merge(const Kinds& other) {
  seen |= other.seen;
  for (std::size_t i = 0; i < other.members.size(); ++i) {
    const auto& [name, kinds] = other.members[i];
    // Records of one source have their keys in one order.
    if (i < members.size() && members[i].first == name) {
      members[i].second.merge(kinds);
    } else {
      member(name).merge(kinds);
    }
  }
  if (!other.items) return;
  if (!items) items = std::make_unique<Kinds>();
  items->merge(*other.items);
}

bool operator==(const Kinds& left, const Kinds& right) {
  if (left.seen != right.seen || left.members != right.members || !left.items != !right.items) return false;
  return !left.items || *left.items == *right.items;
}

bool list_is_text(const Kinds& kinds) {
  if (kinds.has(Kind::ListText)) return true;
  return kinds.items && columns_of(*kinds.items, "").size() > 1;
}

bool object_is_text(const Kinds& kinds) {
  return kinds.has(Kind::ObjectText) || kinds.members.size() > limits::kStructMembersMax;
}

std::vector<KindColumn> columns_of(const Kinds& kinds, const std::string& name) {
  std::vector<KindColumn> out;
  bool odd = false;
  for (const Class& each : kClasses) {
    if (!kinds.has_any(each.bits)) continue;
    if (out.empty()) {
      out.push_back({name, each.role, name});
      if (each.role == ColumnRole::Numbers && splits_doubles(kinds)) {
        out.push_back({name + "__double", ColumnRole::Doubles, name});
      }
    } else {
      odd = true;
    }
  }
  if (odd) out.push_back({name + "__string", ColumnRole::Odd, name});
  return out;
}

std::vector<KindColumn> columns_of_members(const Kinds& kinds) {
  std::vector<KindColumn> out;
  for (const auto& [name, member] : kinds.members) {
    for (KindColumn& column : columns_of(member, name)) {
      while (column.name != name && kinds.find(column.name) != nullptr) column.name += '_';
      out.push_back(std::move(column));
    }
  }
  return out;
}

std::string sql_type_of(const Kinds& kinds, ColumnRole role) {
  switch (role) {
    case ColumnRole::Numbers:
      if (kinds.has(Kind::Double) && !splits_doubles(kinds)) return "DOUBLE";
      return has_big_integers(kinds) ? "DECIMAL(38,0)" : "BIGINT";
    case ColumnRole::Doubles: return "DOUBLE";
    case ColumnRole::Bools: return "BOOLEAN";
    case ColumnRole::Times: return kinds.has(Kind::Timestamp) ? "TIMESTAMP" : "DATE";
    case ColumnRole::Binaries: return "BLOB";
    case ColumnRole::Strings:
    case ColumnRole::Odd: return "VARCHAR";
    case ColumnRole::List: {
      if (list_is_text(kinds)) return "VARCHAR";
      if (!kinds.items) return "VARCHAR[]";
      const auto item = columns_of(*kinds.items, "");
      // A list that was only ever empty, or of nulls.
      return (item.empty() ? std::string("VARCHAR") : sql_type_of(*kinds.items, item[0].role)) + "[]";
    }
    case ColumnRole::Object: {
      std::vector<std::string> fields;
      if (!object_is_text(kinds)) {
        for (const KindColumn& column : columns_of_members(kinds)) {
          fields.push_back(
              fmt::format("{} {}", sql_identifier(column.name), sql_type_of(*kinds.find(column.key), column.role)));
        }
      }
      // An object of no typed member is its text: a struct needs a field.
      if (fields.empty()) return "VARCHAR";
      return fmt::format("STRUCT({})", fmt::join(fields, ", "));
    }
  }
  return "VARCHAR";
}

std::string signature_of(const Kinds& kinds) {
  std::string out;
  for (const KindColumn& column : columns_of_members(kinds)) {
    out += fmt::format("{} {}\n", sql_identifier(column.name), sql_type_of(*kinds.find(column.key), column.role));
  }
  return out;
}

Json to_json(const Kinds& kinds) {
  Json out;
  out.set("seen", std::uint64_t{kinds.seen});
  if (!kinds.members.empty()) {
    Json members = Json::Array{};
    for (const auto& [name, member] : kinds.members) members.push(Json::Array{Json(name), to_json(member)});
    out.set("members", std::move(members));
  }
  if (kinds.items) out.set("items", to_json(*kinds.items));
  return out;
}

Kinds kinds_from_json(const Json& json) {
  Kinds kinds;
  kinds.seen = static_cast<std::uint32_t>(json.at("seen").as_uint());
  for (const Json& member : json.at("members").as_array()) {
    if (member.as_array().size() != 2) continue;
    kinds.members.emplace_back(std::string(member.as_array()[0].as_string()), kinds_from_json(member.as_array()[1]));
  }
  if (const Json* items = json.find("items")) kinds.items = std::make_unique<Kinds>(kinds_from_json(*items));
  return kinds;
}

std::vector<std::string_view> names_of_kinds(std::uint32_t seen) {
  std::vector<std::string_view> out;
  for (const auto& [kind, name] : kNames) {
    if ((seen & bit(kind)) != 0) out.push_back(name);
  }
  return out;
}

int class_count(std::uint32_t seen) {
  return static_cast<int>(std::ranges::count_if(kClasses, [&](const Class& each) { return (seen & each.bits) != 0; }));
}

}  // namespace canvasback
