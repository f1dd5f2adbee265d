// BlockWriter: decodes row groups that a page was wanted of, behind the answer and at the lowest priority, writes each
// to the spill folder and offers it to the front for the cache. A few may wait; of more, the oldest is forgotten.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
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
  // A row group that waits already, or is being decoded, is not taken twice.
  void make(WantedBlock block);

 private:
  void run();
  void write(const WantedBlock& wanted);

  Channel& channel_;
  const std::string spill_folder_;
  const std::string cache_folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<WantedBlock> waiting_;
  std::string writing_;  // the key of the one at hand
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace canvasback
