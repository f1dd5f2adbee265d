#include "worker/child/block_writer.hpp"

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

void BlockWriter::make(WantedBlock block) {
  std::scoped_lock lock(mutex_);
  if (block.key == writing_ || std::ranges::find(waiting_, block.key, &WantedBlock::key) != waiting_.end()) return;
  waiting_.push_back(std::move(block));
  if (waiting_.size() > limits::kBlocksWaitingMax) waiting_.pop_front();
  changed_.notify_all();
}

void BlockWriter::run() {
  // Of this thread alone, as Linux has it. Answers go before what may never be asked for.
  ::setpriority(PRIO_PROCESS, 0, 19);
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopped_ || !waiting_.empty(); });
    if (stopped_) return;
    const WantedBlock wanted = std::move(waiting_.back());  // the newest: its neighbours come next
    waiting_.pop_back();
    writing_ = wanted.key;
    lock.unlock();
    try {
      write(wanted);
    } catch (const std::exception&) {
      // Whoever reads the rows meets the same fault and reports it.
    }
    lock.lock();
    writing_.clear();
  }
}

void BlockWriter::write(const WantedBlock& wanted) {
  if (find_block(cache_folder_, wanted.key)) return;  // another worker was first
  const std::int64_t rows = wanted.file.row_group_rows[static_cast<std::size_t>(wanted.row_group)];
  const auto batch = read_rows(wanted.file, wanted.columns, {wanted.row_group, 0, rows}, 1);
  if (!batch) return;
  const std::string path = spill_folder_ + "/" + wanted.key + ".block";
  if (!write_block(path, **batch)) {
    ::unlink(path.c_str());  // a full spill folder: the block is decoded again next time
    return;
  }
  Json offer;
  offer.set("key", wanted.key);
  offer.set("path", path);
  // A front that is gone is noticed by the reading thread.
  static_cast<void>(channel_.send(FrameKind::CacheOffer, offer));
}

}  // namespace canvasback
