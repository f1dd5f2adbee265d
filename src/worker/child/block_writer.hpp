// BlockWriter: writes decoded blocks to the spill folder on a thread of its own, after the answer they were decoded
// for, and offers each to the front. Holds at most one block; a block that comes while it writes is not kept.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "storage/block_cache.hpp"
#include "worker/child/channel.hpp"

namespace canvasback {

class BlockWriter {
 public:
  BlockWriter(Channel& channel, std::string spill_folder);
  ~BlockWriter();
  void offer(std::string key, BatchPtr batch);

 private:
  struct Item {
    std::string key;
    BatchPtr batch;
  };
  void run();

  Channel& channel_;
  std::string spill_folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Item> item_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace canvasback
