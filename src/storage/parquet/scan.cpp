#include "storage/parquet/scan.hpp"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/limits.hpp"
#include "storage/parquet/guard.hpp"
#include "storage/parquet/row_group_reader.hpp"

namespace canvasback {
namespace {

std::uint64_t bytes_of(const arrow::RecordBatch& batch) {
  auto size = arrow::util::ReferencedBufferSize(batch);
  return size.ok() ? static_cast<std::uint64_t>(*size) : 0;
}

class ParquetScan final : public BatchStream {
 public:
  ParquetScan(ScanOptions options, CancelToken cancel)
      : options_(std::move(options)),
        cancel_(std::move(cancel)),
        ranges_(locate_rows(options_.files, options_.offset, options_.limit)),
        slots_(ranges_.size()) {}

  ~ParquetScan() override {
    {
      std::scoped_lock lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  Status start() {
    if (options_.files.empty()) return fail(ErrorCode::InvalidData, "There is no file to read.");
    CANVASBACK_ASSIGN(schema_, read_plain_schema(options_.files[0], options_.columns));
    const int threads =
        std::min(std::max(1, options_.threads), static_cast<int>(std::max<std::size_t>(ranges_.size(), 1)));
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
    return {};
  }

  SchemaPtr schema() const override { return schema_; }

  Result<BatchPtr> next() override {
    std::unique_lock lock(mutex_);
    while (current_ < slots_.size()) {
      Slot& slot = slots_[current_];
      if (!slot.batches.empty()) {
        auto [batch, bytes] = std::move(slot.batches.front());
        slot.batches.pop_front();
        bytes_in_flight_ -= bytes;
        changed_.notify_all();
        return batch;
      }
      if (!slot.status) return std::unexpected(slot.status.error());
      if (slot.done) {
        ++current_;
        changed_.notify_all();
        continue;
      }
      if (Status status = cancel_.check(); !status) return std::unexpected(status.error());
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
    return BatchPtr();
  }

 private:
  struct Slot {
    std::deque<std::pair<BatchPtr, std::uint64_t>> batches;
    Status status;
    bool done = false;
  };

  void run() {
    while (true) {
      std::size_t index = 0;
      {
        std::unique_lock lock(mutex_);
        // Not further ahead than there are threads, and only while there is room.
        changed_.wait(lock, [&] {
          return stopped_ || next_range_ >= ranges_.size() || next_range_ == current_ ||
                 bytes_in_flight_ < limits::kScanBytesInFlight;
        });
        if (stopped_ || next_range_ >= ranges_.size()) return;
        index = next_range_++;
      }
      Status status = read_range(index);
      std::scoped_lock lock(mutex_);
      slots_[index].status = std::move(status);
      slots_[index].done = true;
      changed_.notify_all();
    }
  }

  // Waits for room; the range the reader waits for may always add one more batch.
  bool deliver(std::size_t index, BatchPtr batch) {
    const std::uint64_t bytes = bytes_of(*batch);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return stopped_ || bytes_in_flight_ + bytes <= limits::kScanBytesInFlight ||
             (index == current_ && slots_[index].batches.empty());
    });
    if (stopped_) return false;
    bytes_in_flight_ += bytes;
    slots_[index].batches.emplace_back(std::move(batch), bytes);
    changed_.notify_all();
    return true;
  }

  Status read_range(std::size_t index) {
    const RowRange& range = ranges_[index];
    const DataFile& file = options_.files[range.file];
    CANVASBACK_ASSIGN(auto reader, open_row_group(file, options_.columns, {range.row_group, range.skip, range.take}));
    while (true) {
      CANVASBACK_TRY(cancel_.check());
      CANVASBACK_ASSIGN(BatchPtr batch, reader->next());
      if (!batch) return {};
      if (!batch->schema()->Equals(*schema_)) {
        return std::unexpected(parquet_error(file.path, "its columns differ from those of the first file"));
      }
      if (!deliver(index, std::move(batch))) return {};
    }
  }

  ScanOptions options_;
  CancelToken cancel_;
  std::vector<RowRange> ranges_;
  SchemaPtr schema_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;     // one per range, delivered in order
  std::size_t current_ = 0;     // the slot the reader takes from
  std::size_t next_range_ = 0;  // the range the next free thread reads
  std::uint64_t bytes_in_flight_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::vector<RowRange> locate_rows(const std::vector<DataFile>& files, std::int64_t offset,
                                  std::optional<std::int64_t> limit) {
  std::vector<RowRange> ranges;
  std::int64_t left = limit.value_or(INT64_MAX);
  for (std::size_t file = 0; file < files.size() && left > 0; ++file) {
    if (offset >= files[file].rows) {
      offset -= files[file].rows;
      continue;
    }
    for (std::size_t group = 0; group < files[file].row_group_rows.size() && left > 0; ++group) {
      const std::int64_t rows = files[file].row_group_rows[group];
      if (offset >= rows) {
        offset -= rows;
        continue;
      }
      const std::int64_t take = std::min(left, rows - offset);
      ranges.push_back({file, static_cast<int>(group), offset, take});
      left -= take;
      offset = 0;
    }
  }
  return ranges;
}

Result<std::unique_ptr<BatchStream>> make_parquet_scan(ScanOptions options, CancelToken cancel) {
  auto scan = std::make_unique<ParquetScan>(std::move(options), std::move(cancel));
  CANVASBACK_TRY(scan->start());
  return scan;
}

}  // namespace canvasback
