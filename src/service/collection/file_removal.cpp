#include "service/collection/file_removal.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/iso_week.hpp"
#include "base/log.hpp"
#include "service/collection/file_steps.hpp"
#include "service/schedule/on_thread.hpp"

namespace canvasback {

asio::awaitable<void> FileRemoval::remove_superseded(Collection& collection, std::int64_t grace_s) {
  if (collection.health.blocked()) co_return;  // what cannot be read may be what others only seem to make up for
  const auto held = co_await collection.removal.hold();
  if (collection.is_retired) co_return;
  const auto removable = collection.versions.removable(grace_s * 1'000'000'000, monotonic_ns());
  if (removable.count == 0) co_return;
  auto remove_all = [&removable, folder = collection.folder] { return remove_in_turn(removable.generations, folder); };
  Status removed = co_await on_thread(context_.maintenance_io, remove_all);
  if (removed) {
    collection.versions.removed(removable.count);
    co_return;
  }
  log::warning("collection {}: {} {}", collection.name, removed.error().message, removed.error().detail);
}

asio::awaitable<void> FileRemoval::expire(Collection& collection) {
  if (context_.options.keep_weeks <= 0 || collection.health.blocked()) co_return;
  const std::int64_t oldest = week_number_of(wall_us()) - context_.options.keep_weeks;
  std::vector<CollectionFile> gone;
  std::erase_if(collection.files.live, [&](CollectionFile& file) {
    if (file.name.is_commit || collection.merges.claimed().contains(file.file.path)) return false;
    if (week_number_of(file.name.week) >= oldest) return false;
    gone.push_back(std::move(file));
    return true;
  });
  if (gone.empty()) co_return;
  log::info("collection {}: {} parts are older than {} weeks and go", collection.name, gone.size(),
            context_.options.keep_weeks);
  collection.versions.supersede(gone, monotonic_ns());
  const auto held = co_await collection.lock.hold();
  if (collection.keys) {
    Status renewed = co_await keys_.renew(collection);
    if (!renewed) log::warning("collection {}: {}", collection.name, renewed.error().message);
  }
  registry_.publish(collection);
}

}  // namespace canvasback
