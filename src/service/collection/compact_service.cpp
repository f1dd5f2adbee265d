#include "service/collection/compact_service.hpp"

#include <set>

namespace canvasback {

asio::awaitable<Result<std::size_t>> CompactService::compact(std::string name, WorkWatch watch) {
  using Out = Result<std::size_t>;
  auto found = registry_.existing(name);
  if (!found) co_return Out(std::unexpected(found.error()));
  Collection& collection = **found;
  if (Status usable = collection.health.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  co_await folder_watch_.notice_changes(collection);
  if (Status usable = collection.health.usable(); !usable) co_return Out(std::unexpected(usable.error()));
  const auto busy = context_.work.begin();
  co_await collection.merges.idle();
  collection.merges.begin(MergeSize::Large);
  auto merged = co_await merge_all(collection, watch);
  collection.merges.end(MergeSize::Large);
  co_await removal_.remove_superseded(collection, 0);
  co_return merged;
}

asio::awaitable<Result<std::size_t>> CompactService::merge_all(Collection& collection, const WorkWatch& watch) {
  auto commits = co_await merges_.merge(collection, commits_of(collection.files.live));
  if (!commits) co_return commits;
  auto weeks = co_await merge_weeks(collection, watch);
  if (!weeks) co_return weeks;
  co_return *commits + *weeks;
}

asio::awaitable<Result<std::size_t>> CompactService::merge_weeks(Collection& collection, const WorkWatch& watch) {
  using Out = Result<std::size_t>;
  const std::set<IsoWeek> weeks = weeks_of(collection.files.live);
  std::size_t merged = 0;
  std::int64_t done = 0;
  for (const IsoWeek& week : weeks) {
    auto inputs = parts_of_week(collection.files.live, week);
    while (collection.merges.any_claimed(inputs)) {
      co_await collection.merges.change();
      inputs = parts_of_week(collection.files.live, week);
    }
    if (Status step = watch.step(done++, static_cast<std::int64_t>(weeks.size())); !step) {
      co_return Out(std::unexpected(step.error()));
    }
    if (!is_worth_rewriting(inputs)) continue;
    auto more = co_await merges_.merge(collection, std::move(inputs));
    if (!more) co_return more;
    merged += *more;
  }
  co_return merged;
}

}  // namespace canvasback
