#include "worker/write/block_writer.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "base/limits.hpp"
#include "storage/parquet/row_group_reader.hpp"

namespace canvasback {

BlockWriter::BlockWriter(Channel& channel, std::string spill_folder, std::string cache_folder)
    : channel_(channel),
      spill_folder_(std::move(spill_folder)),
      cache_folder_(std::move(cache_folder)),
      thread_([this] { run(); }) {}

BlockWriter::~BlockWriter() {
  {
    std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BlockWriter::want(WantedBlock block) {
  std::scoped_lock lock(mutex_);
  idle_from_ = std::chrono::steady_clock::now() + limits::kBlockIdleTime;
  if (block.key == writing_) return;
  waiting_.push_back(std::move(block));
  if (waiting_.size() > limits::kBlocksWaitingMax) waiting_.pop_front();
  changed_.notify_all();
}

bool BlockWriter::take(const std::string& key) {
  std::scoped_lock lock(mutex_);
  return std::erase_if(waiting_, [&](const WantedBlock& waiting) { return waiting.key == key; }) > 0;
}

void BlockWriter::stay_idle() {
  std::scoped_lock lock(mutex_);
  idle_from_ = std::chrono::steady_clock::now() + limits::kBlockIdleTime;
}

// The block to be decoded next, once the worker is idle: the newest; nullopt to stop.
std::optional<WantedBlock> BlockWriter::next(std::unique_lock<std::mutex>& lock) {
  while (!stopped_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
    } else if (std::chrono::steady_clock::now() < idle_from_) {
      changed_.wait_until(lock, idle_from_);
    } else {
      WantedBlock block = std::move(waiting_.back());
      waiting_.pop_back();
      return block;
    }
  }
  return std::nullopt;
}

void BlockWriter::run() {
  // Of this thread alone, as Linux has it. Answers go before what may never be asked for.
  ::setpriority(PRIO_PROCESS, 0, 19);
  std::unique_lock lock(mutex_);
  while (auto wanted = next(lock)) {
    writing_ = wanted->key;
    lock.unlock();
    try {
      write(*wanted);
    } catch (const std::exception&) {
      // Whoever reads the rows meets the same fault and reports it.
    }
    ::malloc_trim(0);  // a row group's worth of memory, and nobody waits for it
    lock.lock();
    writing_.clear();
  }
}

void BlockWriter::write(const WantedBlock& wanted) {
  if (find_block(cache_folder_, wanted.key)) return;  // another worker was first
  const std::int64_t rows = wanted.file.row_group_rows[static_cast<std::size_t>(wanted.row_group)];
  const auto batch = read_rows(wanted.file, wanted.columns, {wanted.row_group, 0, rows}, 1);
  if (batch) store(wanted.key, **batch);
}

void BlockWriter::store(const std::string& key, const arrow::RecordBatch& block) {
  // The two threads that store may have the same block.
  const std::string path =
      fmt::format("{}/{}.{}.block", spill_folder_, key, std::hash<std::thread::id>()(std::this_thread::get_id()));
  if (!write_block(path, block)) {
    ::unlink(path.c_str());  // a full spill folder: the block is decoded again next time
    return;
  }
  Json offer;
  offer.set("key", key);
  offer.set("path", path);
  // A front that is gone is noticed by the reading thread.
  static_cast<void>(channel_.send(FrameKind::CacheOffer, offer));
}

}  // namespace canvasback
