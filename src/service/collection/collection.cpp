#include "service/collection/collection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace canvasback {

Collection::Collection(asio::any_io_executor executor, CollectionPlace place, bool sync_each_commit)
    : name(std::move(place.name)),
      folder(std::move(place.folder)),
      archive(std::move(place.archive)),
      quarantine(std::move(place.quarantine)),
      is_scratch(place.is_scratch),
      generation(place.generation),
      numbers(sync_each_commit),
      merges(executor),
      lock(executor),
      removal(executor) {}

Status CollectionHealth::usable() const {
  if (stopped_) return std::unexpected(*stopped_);
  if (blocked_) return std::unexpected(*blocked_);
  return {};
}

std::int64_t Collection::next_stamp(std::int64_t now_us) {
  last_stamp_us_ = std::max(now_us, last_stamp_us_ + 1);
  return last_stamp_us_;
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

std::int64_t Collection::dead_rows() const {
  std::int64_t sum = 0;
  for (const CollectionFile& file : files.live) sum += file.file.dead_rows();
  return sum;
}

std::uint64_t Collection::bytes() const {
  std::uint64_t sum = 0;
  for (const CollectionFile& file : files.live) sum += file.file.bytes;
  return sum;
}

void Collection::take_over(const CollectionFile& file, const Kinds& before) {
  last_stamp_us_ = std::max(last_stamp_us_, file.info.time_us);
  for (KeptRequest request : file.info.requests) {
    if (request.commit == 0) request.commit = file.name.commit;
    requests.remember(std::move(request), file.info.time_us);
  }
  const auto add = [&](Conflict conflict) {
    if (conflicts.size() < limits::kConflictsMax) conflicts.push_back(std::move(conflict));
  };
  for (const Conflict& conflict : file.info.conflicts) add(conflict);
  for (Conflict& conflict : conflicts_of_commit(file.name.commit, file.info.firsts, before)) add(std::move(conflict));
}

std::vector<Conflict> conflicts_of_commit(std::uint64_t commit, std::vector<FirstSeen> firsts, const Kinds& before) {
  std::vector<Conflict> out;
  // Within a commit the kinds count as they came.
  std::map<std::string, std::uint32_t, std::less<>> seen;
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
    out.push_back({commit, first.record, first.key, fmt::format("{}", fmt::join(names_of_kinds(old), ", ")),
                   fmt::format("{}", fmt::join(names_of_kinds(first.kind), ", "))});
  }
  return out;
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
    auto& [rows, bytes] = weeks[text_of(file.name.week)];
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
  out.set("last_commit", collection.numbers.last());
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

}  // namespace canvasback
