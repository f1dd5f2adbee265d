// Runtime: the wiring every command shares: one thread with an event loop, the worker pool on a data folder, and the
// services over it. `serve` puts the HTTP server in front; other commands ask the services directly.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/unique_fd.hpp"
#include "server/config.hpp"
#include "server/temporary_folder.hpp"
#include "service/collection/collection_service.hpp"
#include "service/dashboard/dashboard_service.hpp"
#include "service/dataset/dataset_service.hpp"
#include "service/job/job_service.hpp"
#include "service/pull/pull_schedule.hpp"
#include "service/pull/pull_service.hpp"
#include "service/pull/table_scrub.hpp"
#include "service/pull/table_watch.hpp"
#include "service/query/analysis_service.hpp"
#include "service/query/query_service.hpp"
#include "service/query/tile_service.hpp"
#include "service/schedule/schedule.hpp"
#include "service/view/view_service.hpp"
#include "transport/http/connection/metrics.hpp"
#include "worker/pool/pool.hpp"

namespace canvasback {

struct Settings;

class Runtime {
 public:
  // private_folder: a temporary data folder of its own (commands that run beside a server) instead of `data`.
  // Errors: InvalidData for settings, Unavailable when the data folder belongs to another server.
  static Result<std::unique_ptr<Runtime>> make(const Config& config, bool private_folder);
  ~Runtime();

  asio::io_context& loop() { return loop_; }
  Schedule& schedule() { return schedule_; }
  Pool& pool() { return *pool_; }
  DatasetService& datasets() { return *datasets_; }
  QueryService& queries() { return *queries_; }
  AnalysisService& analyses() { return *analyses_; }
  TileService& tiles() { return *tiles_; }
  DashboardService& dashboards() { return *dashboards_; }
  ViewService& views() { return *views_; }
  JobService& jobs() { return *jobs_; }                       // not of a private folder
  CollectionService& collections() { return *collections_; }  // not of a private folder
  // Rollups of dashboards are made from here on. Requires workers that have this runtime's cache.
  Status make_rollups(const Config& config);
  // Pulls into that data folder, which need not be this runtime's.
  Status make_pulls(const Config& config, const std::string& data_folder);
  PullService& pulls() { return *pulls_; }                   // after make_pulls()
  TableWatch& tables() { return *tables_; }                  // after make_pulls()
  TableScrub& table_scrub() { return *table_scrub_; }        // after make_pulls()
  PullSchedule& pull_schedule() { return *pull_schedule_; }  // after make_pulls()
  Metrics& metrics() { return metrics_; }
  const std::string& data_folder() const { return data_folder_; }

  // Runs the loop until the coroutine has ended.
  template <class T>
  T run(asio::awaitable<T> work) {
    std::optional<T> out;
    asio::co_spawn(
        loop_,
        [&]() -> asio::awaitable<void> {
          out.emplace(co_await std::move(work));
          loop_.stop();
        },
        asio::detached);
    loop_.restart();
    loop_.run();
    return std::move(*out);
  }

 private:
  Runtime() = default;
  void make_collections(const Settings& settings);
  Status open_folder(const Config& config, bool private_folder);

  asio::io_context loop_{1};
  std::string data_folder_;
  std::unique_ptr<TemporaryFolder> temporary_;  // where the data folder is a private one
  UniqueFd lock_;
  Metrics metrics_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<DatasetService> datasets_;
  std::unique_ptr<QueryService> queries_;
  std::unique_ptr<CachedAnswers> answers_;
  std::unique_ptr<AnalysisService> analyses_;
  std::unique_ptr<TileService> tiles_;
  std::unique_ptr<TileAnswers> tile_answers_;
  std::unique_ptr<LiveRollups> rollups_;
  std::unique_ptr<DashboardService> dashboards_;
  std::unique_ptr<ViewService> views_;
  std::unique_ptr<JobService> jobs_;
  std::unique_ptr<Pool> ingest_pool_;
  std::unique_ptr<Pool> large_merge_pool_;
  std::unique_ptr<Pool> small_merge_pool_;
  std::unique_ptr<CollectionService> collections_;
  std::unique_ptr<Pool> pull_pool_;
  std::unique_ptr<Pool> pull_merge_pool_;  // of a private folder, which has no collections
  std::unique_ptr<PullService> pulls_;
  std::unique_ptr<TableWatch> tables_;
  std::unique_ptr<TableScrub> table_scrub_;
  std::unique_ptr<PullSchedule> pull_schedule_;
  Schedule schedule_{loop_.get_executor()};
};

// The data folder of the settings, for who shares it with a server: it is recognised, and marked where it is new.
Result<std::string> shared_data_folder(const Config& config);

// The path of this executable.
std::string own_executable();

}  // namespace canvasback
