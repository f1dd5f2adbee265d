// TrashEntry: a collection that was deleted, or the records of one that was emptied, as they lie in the data folder
// until they are brought back or removed for good:
//
//   trash/ID/entry.json     what it was, written first
//   trash/ID/collection/    of a deleted one: its folder
//   trash/ID/schema.json    and its schema, where it had one
//   trash/ID/parquet/       of an emptied one: its live files
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"

namespace canvasback {

struct TrashEntry {
  enum class Kind { Deleted, Emptied };

  std::string id;  // of its folder
  Kind kind = Kind::Deleted;
  std::string collection;
  std::int64_t time_us = 0;  // when that was
  std::int64_t records = 0;
  std::uint64_t bytes = 0;

  bool operator==(const TrashEntry&) const = default;
};

std::string_view name_of(TrashEntry::Kind kind);
// As the interface gives it and as entry.json has it.
Json to_json(const TrashEntry& entry);
// Of entry.json in the folder of that name. Errors: InvalidData.
Result<TrashEntry> trash_entry_from(std::string id, const Json& json);

// Of a moment, unlike any other: 20261201T021503Z-9f3c.
std::string trash_id_of(std::int64_t time_us, std::string_view distinct);
// Whether a name can be that of an entry's folder, so that nothing else is ever opened or removed.
bool is_trash_id(std::string_view text);

}  // namespace canvasback
