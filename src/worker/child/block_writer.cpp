#include "worker/child/block_writer.hpp"

namespace canvasback {

BlockWriter::BlockWriter(Channel& channel, std::string spill_folder)
    : channel_(channel), spill_folder_(std::move(spill_folder)), thread_([this] { run(); }) {}

BlockWriter::~BlockWriter() {
  {
    std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BlockWriter::offer(std::string key, BatchPtr batch) {
  std::scoped_lock lock(mutex_);
  if (item_) return;
  item_ = Item{std::move(key), std::move(batch)};
  changed_.notify_all();
}

void BlockWriter::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopped_ || item_; });
    if (stopped_) return;
    Item item = *item_;
    lock.unlock();
    const std::string path = spill_folder_ + "/" + item.key + ".block";
    if (write_block(path, *item.batch)) {
      Json offer;
      offer.set("key", item.key);
      offer.set("path", path);
      // A front that is gone is noticed by the reading thread.
      static_cast<void>(channel_.send(FrameKind::CacheOffer, offer));
    } else {
      ::unlink(path.c_str());  // a full spill folder: the block is decoded again next time
    }
    item.batch.reset();
    lock.lock();
    item_.reset();
  }
}

}  // namespace canvasback
