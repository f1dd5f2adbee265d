// LiveRollups: groups by day of the datasets behind dashboards, which tiles are made of instead of rows
// (task/metrics_task.hpp). They are made in the background when a dashboard of a large dataset is first asked for, and
// kept as files in the cache folder while the program runs and the dataset is the same. Their bytes are bounded: those
// that were asked for longest ago go. A dataset that changes often has its groups made for a tenth of the time at most;
// in between tiles read rows. On the front's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "query/rollup_plan.hpp"
#include "service/dashboard/metrics_datasets.hpp"
#include "service/query/query_service.hpp"
#include "task/metrics_task.hpp"

namespace canvasback {

struct LiveRollupOptions {
  std::string folder;           // the cache's, which workers read
  std::uint64_t bytes_max = 0;  // of all files; 0: none are made
  std::int64_t rows_min = 0;    // of a dataset
};

// The files of one source's metrics. They are removed with it, so whoever has given them to a task keeps it.
class LiveRollupSet {
 public:
  LiveRollupSet() = default;
  ~LiveRollupSet();
  LiveRollupSet(const LiveRollupSet&) = delete;
  LiveRollupSet& operator=(const LiveRollupSet&) = delete;

  // The smallest first.
  const std::vector<LiveRollup>& rollups() const { return rollups_; }
  std::uint64_t bytes() const { return bytes_; }
  void add(LiveRollup rollup);

 private:
  std::vector<LiveRollup> rollups_;
  std::uint64_t bytes_ = 0;
};

class LiveRollups {
 public:
  // All outlive it.
  LiveRollups(asio::any_io_executor executor, QueryService& queries, DatasetService& datasets,
              LiveRollupOptions options);
  ~LiveRollups();
  LiveRollups(const LiveRollups&) = delete;
  LiveRollups& operator=(const LiveRollups&) = delete;

  // Those of the metrics as their datasets are now. nullptr: none yet, or none that pay; they are then made where that
  // is due, once the answers that are asked for now are under way. `timezone`: of a model without one.
  std::shared_ptr<const LiveRollupSet> find(const MetricsModel& model, const RollupNeeds& needs,
                                            const std::string& timezone);

  struct Figures {
    std::size_t sets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t made = 0;    // since the start
    std::uint64_t failed = 0;  // those that could not be made
  };
  Figures figures() const;

 private:
  struct Entry {
    std::string version;  // of the datasets that the set is of, or that nothing could be made of
    std::shared_ptr<const LiveRollupSet> set;
    std::int64_t ended_ns = 0;
    std::int64_t took_ns = 0;
    std::int64_t used_ns = 0;
  };

  bool is_large(const MetricsModel& model) const;
  asio::awaitable<void> make(std::string key, MetricsModel model, RollupNeeds needs, std::string timezone);
  asio::awaitable<Result<std::shared_ptr<LiveRollupSet>>> run(const MetricsModel& model, const RollupNeeds& needs,
                                                              const std::string& timezone);
  // One section of the task's answer becomes a file.
  Status keep(const Json& section, std::string_view bytes, LiveRollupSet& set);
  void make_room();

  asio::any_io_executor executor_;
  QueryService& queries_;
  DatasetService& datasets_;
  LiveRollupOptions options_;
  std::map<std::string, Entry> entries_;  // by the metrics, what is needed of them and the time zone
  bool makes_ = false;                    // one at a time
  std::uint64_t files_ = 0;               // ever written
  std::uint64_t made_ = 0;
  std::uint64_t failed_ = 0;
  CancelToken cancel_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace canvasback
