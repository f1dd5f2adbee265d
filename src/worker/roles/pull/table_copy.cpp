#include "worker/roles/pull/table_copy.hpp"

#include <algorithm>
#include <numeric>

#include "task/pull_task.hpp"

namespace canvasback {
namespace {

bool is_in(std::string_view key, const TableCopy::Range& range) {
  return (range.after.empty() || key > range.after) && (range.up_to.empty() || key <= range.up_to);
}

Error of_part(Error error, const PulledPart& part) {
  error.message = part.key_map_path() + ": " + error.message;
  return error;
}

}  // namespace

TableCopy::TableCopy(const PulledTable& table, WorkFeed& feed, const CancelToken& cancel)
    : feed_(feed), cancel_(cancel), rows_(table.rows()) {
  for (const PulledPart& part : table.parts) {
    if (part.live_rows() == 0) continue;
    Part entry;
    entry.part = &part;
    parts_.push_back(std::move(entry));
  }
}

Result<KeyMap*> TableCopy::map_of(Part& part) {
  if (part.map) return part.map.get();
  Json request;
  request.set("name", kNeedInputKeyMap);
  request.set("number", part.part->number);
  CANVASBACK_ASSIGN(const UniqueFd fd, feed_.need_file(request, cancel_));
  auto map = KeyMap::open(fd.get());
  if (!map) return std::unexpected(of_part(map.error(), *part.part));
  if ((*map)->rows() != part.part->rows) {
    return fail(ErrorCode::InvalidData, part.part->key_map_path() + ": the key map is of another part.");
  }
  part.map = std::move(*map);
  return part.map.get();
}

bool TableCopy::is_dead(const Part& part, std::int64_t row) {
  return part.part->dead.contains(row) || part.died.contains(row);
}

Status TableCopy::locate_in(Part& part, const KeyList& keys, std::span<const std::size_t> order,
                            std::vector<std::optional<Place>>& out) {
  std::int64_t from = 0;
  const auto first = std::ranges::lower_bound(order, std::string_view(part.part->least), {},
                                              [&keys](std::size_t index) { return keys[index]; });
  for (const std::size_t index : order.subspan(static_cast<std::size_t>(first - order.begin()))) {
    const std::string_view key = keys[index];
    if (key > part.part->greatest) break;
    if (out[index]) continue;
    CANVASBACK_ASSIGN(KeyMap * map, map_of(part));
    CANVASBACK_ASSIGN(from, map->lower_bound(key, from));
    // A part may have a key several times, of which one row at most is live.
    for (std::int64_t place = from; !out[index]; ++place) {
      CANVASBACK_ASSIGN(const bool is_there, map->is_at(place, key));
      if (!is_there) break;
      CANVASBACK_ASSIGN(const KeyMapEntry entry, map->at(place));
      if (!is_dead(part, entry.row)) {
        out[index] = Place{part.part->number, entry.row, entry.changed_us, entry.hash};
      }
    }
  }
  return {};
}

Result<std::vector<std::optional<TableCopy::Place>>> TableCopy::locate(const KeyList& keys) {
  std::vector<std::optional<Place>> out(keys.size());
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = 0; i < keys.size() && !fresh_.empty(); ++i) {
    const auto found = fresh_.find(keys[i]);
    if (found != fresh_.end()) out[i] = found->second;
  }
  std::ranges::sort(order, [&keys](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  for (Part& part : parts_) {
    CANVASBACK_TRY(cancel_.check());
    // Errors of a map name the part.
    if (Status located = locate_in(part, keys, order, out); !located) {
      return std::unexpected(of_part(located.error(), *part.part));
    }
  }
  return out;
}

bool TableCopy::may_hold(const PulledPart& part, const Range& range) {
  return (range.after.empty() || part.greatest > range.after) && (range.up_to.empty() || part.least <= range.up_to);
}

// The places in the order of keys from the first to before the second.
Result<std::pair<std::int64_t, std::int64_t>> TableCopy::places_in(Part& part, const Range& range) {
  CANVASBACK_ASSIGN(KeyMap * map, map_of(part));
  std::int64_t begin = 0;
  std::int64_t end = map->rows();
  const auto behind = [map](const std::string& key) -> Result<std::int64_t> {
    CANVASBACK_ASSIGN(std::int64_t place, map->lower_bound(key));
    while (true) {
      CANVASBACK_ASSIGN(const bool is_there, map->is_at(place, key));
      if (!is_there) return place;
      ++place;
    }
  };
  if (!range.after.empty()) {
    CANVASBACK_ASSIGN(begin, behind(range.after));
  }
  if (!range.up_to.empty()) {
    CANVASBACK_ASSIGN(end, behind(range.up_to));
  }
  return std::pair(begin, std::max(begin, end));
}

Status TableCopy::each_in(const Range& range, const std::function<Status(std::string, const Place&)>& take) {
  for (Part& part : parts_) {
    if (!may_hold(*part.part, range)) continue;
    CANVASBACK_TRY(cancel_.check());
    CANVASBACK_ASSIGN(const auto places, places_in(part, range));
    for (std::int64_t place = places.first; place < places.second; ++place) {
      CANVASBACK_ASSIGN(const KeyMapEntry entry, part.map->at(place));
      if (is_dead(part, entry.row)) continue;
      CANVASBACK_ASSIGN(std::string key, part.map->key_at(place));
      CANVASBACK_TRY(take(std::move(key), Place{part.part->number, entry.row, entry.changed_us, entry.hash}));
    }
  }
  for (const auto& [key, place] : fresh_) {
    if (is_in(key, range)) CANVASBACK_TRY(take(key, place));
  }
  return {};
}

Result<std::int64_t> TableCopy::count_in(const Range& range) {
  std::int64_t count = 0;
  for (Part& part : parts_) {
    if (!may_hold(*part.part, range)) continue;
    CANVASBACK_ASSIGN(const auto places, places_in(part, range));
    if (places.first == 0 && places.second == part.part->rows) {
      count += part.part->live_rows() - static_cast<std::int64_t>(part.died.size());
      continue;
    }
    const bool any_dead = !part.part->dead.empty() || !part.died.empty();
    if (!any_dead) count += places.second - places.first;
    for (std::int64_t place = places.first; any_dead && place < places.second; ++place) {
      CANVASBACK_ASSIGN(const KeyMapEntry entry, part.map->at(place));
      if (!is_dead(part, entry.row)) ++count;
    }
  }
  for (const auto& [key, place] : fresh_) count += is_in(key, range) ? 1 : 0;
  return count;
}

void TableCopy::put(std::string_view key, std::int64_t row, std::int64_t changed_us, std::uint64_t hash,
                    const std::optional<Place>& replaced) {
  if (replaced) remove(key, *replaced);
  fresh_.insert_or_assign(std::string(key), Place{0, row, changed_us, hash});
  ++rows_;
}

void TableCopy::remove(std::string_view key, const Place& place) {
  --rows_;
  if (place.part == 0) {
    dead_of_cycle_.push_back(place.row);
    const auto found = fresh_.find(key);
    if (found != fresh_.end()) fresh_.erase(found);
    return;
  }
  dead_[place.part].push_back(place.row);
  const auto part = std::ranges::find_if(parts_, [&](const Part& entry) { return entry.part->number == place.part; });
  part->died.insert(place.row);
}

}  // namespace canvasback
