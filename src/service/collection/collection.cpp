#include "service/collection/collection.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/iso_week.hpp"
#include "base/limits.hpp"
#include "service/collection/collection_keys.hpp"

namespace canvasback {

Collection::Collection() = default;
Collection::~Collection() = default;

std::int64_t next_stamp(Collection& collection) {
  collection.last_stamp_us = std::max(wall_us(), collection.last_stamp_us + 1);
  return collection.last_stamp_us;
}

Status Collection::usable() const {
  if (stopped) return std::unexpected(*stopped);
  if (blocked) return std::unexpected(*blocked);
  return {};
}

std::vector<std::string> shared_value_problems(const Collection& collection) {
  std::vector<std::string> out;
  if (!collection.keys) return out;
  const auto shared = collection.keys->shared_values();
  const auto names = collection.keys->schema().keys();
  for (std::size_t key = 0; key < shared.size(); ++key) {
    if (shared[key] == 0) continue;
    out.push_back(fmt::format("{} records have a value of the unique field \"{}\" that another record has, too",
                              shared[key], names[key][0]));
  }
  return out;
}

std::size_t Collection::commit_count() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      files.live, [](const CollectionFile& file) { return file.name.is_commit && file.name.index == 1; }));
}

std::int64_t Collection::records() const {
  std::int64_t sum = 0;
  for (const CollectionFile& file : files.live) sum += file.file.rows - file.file.dead_rows();
  return sum;
}

std::uint64_t Collection::bytes() const {
  std::uint64_t sum = 0;
  for (const CollectionFile& file : files.live) sum += file.file.bytes;
  return sum;
}

Json statistics_of(const Collection& collection) {
  std::map<std::string, std::pair<std::int64_t, std::uint64_t>> weeks;
  std::int64_t unmerged = 0;
  std::int64_t newest_us = 0;
  for (const CollectionFile& file : collection.files.live) {
    newest_us = std::max(newest_us, file.info.time_us);
    if (file.name.is_commit) {
      unmerged += file.file.rows - file.file.dead_rows();
      continue;
    }
    auto& [rows, bytes] = weeks[text_of(IsoWeek{file.name.year, file.name.week})];
    rows += file.file.rows - file.file.dead_rows();
    bytes += file.file.bytes;
  }
  Json out;
  out.set("collection", collection.name);
  out.set("total_records", collection.records());
  out.set("total_files", static_cast<std::uint64_t>(collection.files.live.size()));
  out.set("total_bytes", collection.bytes());
  out.set("total_columns", static_cast<std::uint64_t>(columns_of_members(kinds_of(collection.files)).size()));
  out.set("unmerged_commits", static_cast<std::uint64_t>(collection.commit_count()));
  out.set("unmerged_records", unmerged);
  out.set("last_commit", collection.last_commit);
  out.set("last_written", newest_us > 0 ? Json(iso_time(newest_us)) : Json());
  out.set("archived_files", static_cast<std::uint64_t>(collection.archived.size()));
  Json entries = Json::Array{};
  for (const auto& [week, sums] : weeks) {
    Json entry;
    entry.set("week", week);
    entry.set("records", sums.first);
    entry.set("bytes", sums.second);
    entries.push(std::move(entry));
  }
  out.set("weeks", std::move(entries));
  return out;
}

namespace {

// A feed numbers its answers ("feed-ID-NUMBER-HASH", server/feed_memory.hpp) and asks for none but the last again: it
// takes the room of one key, however often it is asked. False where a later answer of it is known already.
bool make_room_for_feed(Collection& collection, const KeptRequest& request) {
  constexpr std::string_view kFeed = "feed-";
  const std::size_t dash = request.key.find('-', kFeed.size());
  if (!request.key.starts_with(kFeed) || dash == std::string::npos) return true;
  const std::string prefix = request.key.substr(0, dash + 1);
  auto entry = collection.requests.lower_bound(prefix);
  while (entry != collection.requests.end() && entry->first.starts_with(prefix)) {
    if (entry->second.time_us > request.time_us) return false;
    entry = collection.requests.erase(entry);
  }
  return true;
}

}  // namespace

void remember_request(Collection& collection, KeptRequest request, std::int64_t now_us) {
  const std::int64_t oldest_us = now_us - std::chrono::microseconds(limits::kIdempotencyAge).count();
  if (request.time_us < oldest_us || !make_room_for_feed(collection, request)) return;
  collection.requests.insert_or_assign(request.key, std::move(request));
  if (collection.requests.size() <= limits::kIdempotencyKeysMax) return;
  std::erase_if(collection.requests, [&](const auto& entry) { return entry.second.time_us < oldest_us; });
  while (collection.requests.size() > limits::kIdempotencyKeysMax) {
    collection.requests.erase(
        std::ranges::min_element(collection.requests, {}, [](const auto& entry) { return entry.second.time_us; }));
  }
}

void take_over(Collection& collection, const CollectionFile& file, const Kinds& before) {
  collection.last_stamp_us = std::max(collection.last_stamp_us, file.info.time_us);
  for (KeptRequest request : file.info.requests) {
    if (request.commit == 0) request.commit = file.name.commit;
    remember_request(collection, std::move(request), file.info.time_us);
  }
  const auto add = [&](Conflict conflict) {
    if (collection.conflicts.size() < limits::kConflictsMax) collection.conflicts.push_back(std::move(conflict));
  };
  for (const Conflict& conflict : file.info.conflicts) add(conflict);
  // Within a commit the kinds count as they came.
  std::map<std::string, std::uint32_t, std::less<>> seen;
  std::vector<FirstSeen> firsts = file.info.firsts;
  std::ranges::stable_sort(firsts, {}, &FirstSeen::record);
  for (const FirstSeen& first : firsts) {
    auto [entry, added] = seen.try_emplace(first.key, 0);
    if (added) {
      if (const Kinds* known = before.find(first.key)) entry->second = known->seen & ~bit(Kind::Null);
    }
    const std::uint32_t old = entry->second;
    entry->second |= first.kind;
    if (old == 0 || (old & first.kind) != 0) continue;
    Kinds was;
    was.seen = old;
    Kinds now;
    now.seen = entry->second;
    const bool same_class = class_count(old) == class_count(now.seen) && splits_doubles(was) == splits_doubles(now);
    const bool wider =
        has_big_integers(was) != has_big_integers(now) || was.has(Kind::Double) != now.has(Kind::Double) || !same_class;
    if (!wider) continue;
    add({file.name.commit, first.record, first.key, fmt::format("{}", fmt::join(names_of_kinds(old), ", ")),
         fmt::format("{}", fmt::join(names_of_kinds(first.kind), ", "))});
  }
}

}  // namespace canvasback
