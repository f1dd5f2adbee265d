// BlockWriter: decodes row groups that pages are wanted of, behind the answers and at the lowest priority, writes each
// to the spill folder and offers it to the front for the cache. A row group that was wanted once may never be again: it
// waits until the worker is idle. (RangeReader itself decodes one that is wanted a second time.) A few may wait; of
// more, the oldest is forgotten.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "storage/block_cache.hpp"
#include "storage/dataset.hpp"
#include "worker/child/channel.hpp"

namespace canvasback {

struct WantedBlock {
  std::string key;
  DataFile file;
  int row_group = 0;
  std::vector<std::string> columns;
};

class BlockWriter {
 public:
  BlockWriter(Channel& channel, std::string spill_folder, std::string cache_folder);
  ~BlockWriter();
  // A page is wanted of a row group that is not cached.
  void want(WantedBlock block);
  // Whether the row group waits; it no longer does then.
  bool take(const std::string& key);
  // Writes a row group that is decoded already, on the caller's thread.
  void store(const std::string& key, const arrow::RecordBatch& block);
  // A task began.
  void stay_idle();

 private:
  void run();
  std::optional<WantedBlock> next(std::unique_lock<std::mutex>& lock);
  void write(const WantedBlock& wanted);

  Channel& channel_;
  const std::string spill_folder_;
  const std::string cache_folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<WantedBlock> waiting_;  // the one wanted last comes last
  std::chrono::steady_clock::time_point idle_from_;
  std::string writing_;  // the key of the one at hand
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace canvasback
