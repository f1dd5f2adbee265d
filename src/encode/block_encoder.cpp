#include "encode/block_encoder.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "encode/batch_bytes.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kBlockRowsMax = 8192;
constexpr double kBlockBytes = static_cast<double>(1 * limits::kMiB);  // of text, about
// A batch that comes this long after the one before is written before write() returns: where the source is the slow
// part, a reader gets each row at once, and nothing is lost by waiting for the formatting.
constexpr double kSlowSourceMs = 50;

// Some rows of one batch on their way to text.
struct Block {
  BatchPtr rows;
  std::int64_t first_row = 0;
  std::string text;
  bool done = false;
};

Status format_block(const BlockFormatter& formatter, Block& block) {
  try {
    return formatter.format(*block.rows, block.first_row, block.text);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::MemoryLimit, "There was not enough memory to write the answer.");
  }
}

// Threads that format blocks; blocks come back in the order they went in. One caller.
class BlockPipeline {
 public:
  BlockPipeline(const BlockFormatter& formatter, int threads) : formatter_(formatter) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~BlockPipeline() { stop(); }
  BlockPipeline(const BlockPipeline&) = delete;
  BlockPipeline& operator=(const BlockPipeline&) = delete;

  void push(std::unique_ptr<Block> block) {
    {
      std::scoped_lock lock(mutex_);
      waiting_.push_back(block.get());
      blocks_.push_back(std::move(block));
    }
    has_work_.notify_one();
  }

  std::size_t size() const { return blocks_.size(); }

  // The oldest block once it is formatted; nullptr where it is not yet and `wait` is false, or where none is left.
  // The error of any block that failed, as soon as it did.
  Result<std::unique_ptr<Block>> pop(bool wait) {
    std::unique_lock lock(mutex_);
    if (blocks_.empty()) return nullptr;
    if (wait) has_result_.wait(lock, [this] { return failure_ || blocks_.front()->done; });
    if (failure_) return fail(*failure_);
    if (!blocks_.front()->done) return nullptr;
    auto block = std::move(blocks_.front());
    blocks_.pop_front();
    return block;
  }

  // Ends the threads after the blocks they are at.
  void stop() {
    {
      std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    has_work_.notify_all();
    threads_.clear();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      has_work_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      Block* block = waiting_.front();
      waiting_.pop_front();
      lock.unlock();
      Status status = format_block(formatter_, *block);
      block->rows.reset();
      lock.lock();
      block->done = true;
      if (!status && !failure_) failure_ = std::move(status).error();
      has_result_.notify_one();
      if (failure_) return;
    }
  }

  const BlockFormatter& formatter_;
  std::mutex mutex_;
  std::condition_variable has_work_;
  std::condition_variable has_result_;
  std::deque<std::unique_ptr<Block>> blocks_;  // in order, all that were pushed and not popped
  std::deque<Block*> waiting_;                 // those that no thread has taken
  std::optional<Error> failure_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;  // last: joined before what they use goes
};

class BlockEncoder final : public Encoder {
 public:
  BlockEncoder(std::unique_ptr<BlockFormatter> formatter, ByteSink& sink, int threads)
      : formatter_(std::move(formatter)), sink_(sink), threads_(threads) {}

 protected:
  Status do_begin(SchemaPtr schema) override {
    return guard([&]() -> Status {
      std::string head;
      CANVASBACK_TRY(formatter_->begin(schema, head));
      return send(head);
    });
  }

  Status do_write(BatchPtr batch) override {
    return guard([&] { return write_batch(batch); });
  }

  Status do_finish() override {
    const auto status = guard([&]() -> Status {
      CANVASBACK_TRY(write_done(0));
      pipeline_.reset();
      std::string tail;
      CANVASBACK_TRY(formatter_->end(rows_, tail));
      return send(tail);
    });
    if (!status) {
      sink_.abandon();
      return status;
    }
    return sink_.finish();
  }

  void do_abandon() override {
    pipeline_.reset();
    sink_.abandon();
  }

 private:
  // Runs one step; the first error stops all threads and is every later step's answer.
  template <class Step>
  Status guard(Step step) {
    if (failure_) return fail(*failure_);
    Status status = step();
    if (!status) {
      failure_ = status.error();
      pipeline_.reset();
    }
    return status;
  }

  Status write_batch(const BatchPtr& batch) {
    const bool source_is_slow = since_batch_.elapsed_ms() >= kSlowSourceMs;
    const double memory_bytes_per_row =
        static_cast<double>(batch_bytes(*batch)) / static_cast<double>(std::max<std::int64_t>(batch->num_rows(), 1));
    for (std::int64_t at = 0; at < batch->num_rows();) {
      const std::int64_t count = std::min(rows_per_block(memory_bytes_per_row), batch->num_rows() - at);
      auto block = std::make_unique<Block>();
      block->rows = batch->Slice(at, count);
      block->first_row = rows_;
      text_bytes_expected_ =
          std::min(static_cast<double>(count) * std::max(text_bytes_per_row_, memory_bytes_per_row), kBlockBytes);
      rows_ += count;
      at += count;
      CANVASBACK_TRY(write_block(std::move(block)));
    }
    CANVASBACK_TRY(write_done(source_is_slow ? 0 : blocks_max()));
    since_batch_.restart();
    return {};
  }

  // The first block never waits for a thread to start, so small answers need none.
  Status write_block(std::unique_ptr<Block> block) {
    if (!spare_.empty()) {
      block->text = std::move(spare_.back());
      spare_.pop_back();
    }
    // Growing by and by would copy the text of a page twice.
    block->text.reserve(static_cast<std::size_t>(1.5 * text_bytes_expected_));
    if (threads_ <= 1 || block->first_row == 0) {
      const std::int64_t rows = block->rows->num_rows();
      CANVASBACK_TRY(format_block(*formatter_, *block));
      return send_block(*block, rows);
    }
    if (!pipeline_) pipeline_.emplace(*formatter_, threads_);
    CANVASBACK_TRY(write_done(blocks_max() - 1));
    row_counts_.push_back(block->rows->num_rows());
    pipeline_->push(std::move(block));
    return {};
  }

  std::size_t blocks_max() const { return static_cast<std::size_t>(threads_ * limits::kBlocksInFlightPerThread); }

  // Writes the blocks that are done, waiting for them only while more than `left_max` are in flight.
  Status write_done(std::size_t left_max) {
    while (pipeline_ && pipeline_->size() > 0) {
      CANVASBACK_ASSIGN(auto block, pipeline_->pop(pipeline_->size() > left_max));
      if (!block) return {};
      const std::int64_t rows = row_counts_.front();
      row_counts_.pop_front();
      CANVASBACK_TRY(send_block(*block, rows));
    }
    return {};
  }

  Status send_block(Block& block, std::int64_t rows) {
    text_bytes_per_row_ = static_cast<double>(block.text.size()) / static_cast<double>(rows);
    CANVASBACK_TRY(send(block.text));
    if (block.text.capacity() <= 4 * static_cast<std::size_t>(kBlockBytes)) {
      block.text.clear();
      spare_.push_back(std::move(block.text));
    }
    return {};
  }

  Status send(const std::string& text) { return text.empty() ? Status{} : sink_.write(text); }

  // As many rows as make about kBlockBytes of text: by what the last block took, and by what this batch holds in
  // memory, so that one batch of large values among small ones is cut as well.
  std::int64_t rows_per_block(double memory_bytes_per_row) const {
    const double bytes_per_row = std::max({text_bytes_per_row_, memory_bytes_per_row, 1.0});
    return std::clamp(static_cast<std::int64_t>(kBlockBytes / bytes_per_row), std::int64_t{1}, kBlockRowsMax);
  }

  std::unique_ptr<BlockFormatter> formatter_;
  ByteSink& sink_;
  const int threads_;
  std::int64_t rows_ = 0;
  double text_bytes_per_row_ = 0;
  double text_bytes_expected_ = 0;  // of the block that is written next
  Stopwatch since_batch_;
  std::optional<Error> failure_;
  std::vector<std::string> spare_;         // texts that were sent, for their memory
  std::deque<std::int64_t> row_counts_;    // of the blocks in the pipeline
  std::optional<BlockPipeline> pipeline_;  // last: its threads end before what they use goes
};

}  // namespace

std::unique_ptr<Encoder> make_block_encoder(std::unique_ptr<BlockFormatter> formatter, ByteSink& sink, int threads) {
  return std::make_unique<BlockEncoder>(std::move(formatter), sink, threads);
}

}  // namespace canvasback
