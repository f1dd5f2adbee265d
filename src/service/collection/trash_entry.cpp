#include "service/collection/trash_entry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"

namespace canvasback {

std::string_view name_of(TrashEntry::Kind kind) { return kind == TrashEntry::Kind::Deleted ? "deleted" : "emptied"; }

Json to_json(const TrashEntry& entry) {
  Json out;
  out.set("id", entry.id);
  out.set("kind", name_of(entry.kind));
  out.set("collection", entry.collection);
  out.set("time", iso_time(entry.time_us));
  out.set("time_us", entry.time_us);
  out.set("records", entry.records);
  out.set("bytes", entry.bytes);
  return out;
}

Result<TrashEntry> trash_entry_from(std::string id, const Json& json) {
  TrashEntry out;
  out.id = std::move(id);
  const Json& kind = json.at("kind");
  const bool is_deleted = kind.is_string() && kind.as_string() == name_of(TrashEntry::Kind::Deleted);
  const bool is_emptied = kind.is_string() && kind.as_string() == name_of(TrashEntry::Kind::Emptied);
  if ((!is_deleted && !is_emptied) || !json.at("collection").is_string() || !json.at("time_us").is_integer()) {
    return fail(ErrorCode::InvalidData, fmt::format("entry.json of {} in the trash says not what it is.", out.id));
  }
  out.kind = is_deleted ? TrashEntry::Kind::Deleted : TrashEntry::Kind::Emptied;
  out.collection = json.at("collection").as_string();
  out.time_us = json.at("time_us").as_int();
  out.records = json.at("records").as_int();
  out.bytes = static_cast<std::uint64_t>(json.at("bytes").as_int());
  return out;
}

std::string trash_id_of(std::int64_t time_us, std::string_view distinct) {
  std::string time = iso_time(time_us).substr(0, 19);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("{}Z-{}", time, distinct);
}

bool is_trash_id(std::string_view text) {
  if (text.empty() || text.size() > 64 || text[0] < '0' || text[0] > '9') return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == 'T' || c == 'Z' || c == '-';
  });
}

}  // namespace canvasback
