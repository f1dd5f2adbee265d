#include "service/collection/collection_service.hpp"

#include <utility>

#include "base/limits.hpp"

namespace canvasback {
namespace {

constexpr std::chrono::milliseconds kMaintainPeriod{500};
constexpr std::chrono::milliseconds kCheckPeriod{500};
constexpr std::chrono::minutes kTrashPeriod{10};
constexpr int kPeriodsBetweenListings = 4;

}  // namespace

CollectionService::CollectionService(asio::any_io_executor executor, Schedule& schedule, CollectionPools pools,
                                     DatasetService& datasets, CollectionOptions options)
    : context_(std::move(executor), schedule, pools, std::move(options)),
      schema_store_(context_.options.data_folder + "/schemas"),
      checks_(context_.options.data_folder + "/checks.json"),
      registry_(context_, datasets),
      examiner_(context_),
      keys_(context_, registry_),
      removal_(context_, registry_, keys_),
      merges_(context_, registry_, keys_),
      commits_(context_, registry_, keys_, [this](Collection& collection) { merges_.start_after_commit(collection); }),
      loader_(context_, {registry_, examiner_, keys_, commits_, schema_store_, checks_}),
      folders_(context_, registry_, examiner_, loader_),
      scrub_(context_, registry_, examiner_, checks_),
      compaction_(context_, registry_, folders_, merges_, removal_),
      archive_(context_, registry_, compaction_, scrub_, keys_),
      trash_(context_, {registry_, loader_, schema_store_}),
      verification_(registry_, folders_, examiner_),
      schemas_(context_, registry_, compaction_, keys_, schema_store_),
      ingest_(context_, {registry_, keys_, merges_, commits_, schema_store_}),
      benchmark_(context_, ingest_, schema_store_) {}

CollectionService::~CollectionService() {
  context_.commit_io.join();
  context_.maintenance_io.join();
}

void CollectionService::start_maintaining() {
  merges_.begin();
  context_.schedule.every(kMaintainPeriod, [this] { return keep_house(); });
  context_.schedule.every(kCheckPeriod, [this] { return scrub_.look(); });
  context_.schedule.every(kTrashPeriod, [this] { return trash_.purge_old(context_.options.trash_days); });
  if (!sync_each_commit()) context_.schedule.every(limits::kSyncInterval, [this] { return commits_.sync_files(); });
}

asio::awaitable<void> CollectionService::keep_house() {
  const bool lists = periods_++ % kPeriodsBetweenListings == 0;
  for (Collection* collection : registry_.list()) {
    if (context_.stopping()) co_return;
    co_await removal_.remove_superseded(*collection, context_.options.grace_s);
    co_await removal_.expire(*collection);
    merges_.start(*collection);
    if (lists) co_await folders_.notice_changes(*collection);
  }
}

asio::awaitable<void> CollectionService::shut_down() {
  context_.stop();
  co_await context_.work.idle_by(std::chrono::steady_clock::now() + limits::kDrainDeadline);
  // With durability = interval: the last of what was acknowledged.
  co_await commits_.sync_rest();
  // What was reserved and not used is free again.
  for (Collection* collection : registry_.list()) {
    if (collection->queue.committing() || context_.bodies.count() > 0 || !collection->numbers.has_unused()) continue;
    const auto held = co_await collection->lock.hold();
    co_await commits_.write_note(*collection, collection->numbers.last_note());
  }
  co_await scrub_.remember();
  context_.pools.ingest.shut_down_now();
  context_.pools.large.shut_down_now();
  context_.pools.small.shut_down_now();
}

}  // namespace canvasback
