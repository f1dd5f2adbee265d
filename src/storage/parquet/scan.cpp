#include "storage/parquet/scan.hpp"

#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/thread_pool.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "base/limits.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/parquet/guard.hpp"

namespace canvasback {
namespace {

// A column chunk larger than this is read through a small buffer instead of at once.
constexpr std::int64_t kBufferedChunkBytes = 8 * static_cast<std::int64_t>(limits::kMiB);
constexpr std::int64_t kReadBufferBytes = 256 * static_cast<std::int64_t>(limits::kKiB);

std::vector<int> leaf_columns(const parquet::FileMetaData& footer, const std::vector<std::string>& columns) {
  std::vector<int> leaves;
  for (int i = 0; i < footer.num_columns(); ++i) {
    const std::string root = footer.schema()->Column(i)->path()->ToDotVector()[0];
    if (columns.empty() || std::ranges::find(columns, root) != columns.end()) leaves.push_back(i);
  }
  return leaves;
}

struct Opened {
  FooterPtr footer;
  std::vector<int> leaves;
  std::unique_ptr<parquet::arrow::FileReader> reader;
};

struct ReadSettings {
  std::int64_t batch_rows = limits::kBatchRows;
  bool buffered = false;
  bool column_threads = false;
};

Result<Opened> open_reader(const DataFile& file, const std::vector<std::string>& columns, ReadSettings settings) {
  Opened opened;
  CANVASBACK_ASSIGN(opened.footer, read_footer(file));
  CANVASBACK_ASSIGN(auto bytes, open_data_file(file));
  return guard_parquet(file.path, [&]() -> Result<Opened> {
    opened.leaves = leaf_columns(*opened.footer, columns);
    parquet::ReaderProperties properties;
    if (settings.buffered) {
      properties.enable_buffered_stream();
      properties.set_buffer_size(kReadBufferBytes);
    }
    parquet::ArrowReaderProperties arrow_properties(settings.column_threads);
    arrow_properties.set_batch_size(settings.batch_rows);
    arrow_properties.set_pre_buffer(false);
    auto raw = parquet::ParquetFileReader::Open(bytes, properties, opened.footer);
    auto made = parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(raw), arrow_properties);
    if (!made.ok()) return std::unexpected(arrow_error(file.path, made.status()));
    opened.reader = std::move(*made);
    return std::move(opened);
  });
}

// The batch with the wanted columns in the wanted order and the plain schema (no file's own metadata).
Result<BatchPtr> arrange(const arrow::RecordBatch& batch, const SchemaPtr& schema, const std::string& path) {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const auto& field : schema->fields()) {
    auto array = batch.GetColumnByName(field->name());
    if (!array) return std::unexpected(parquet_error(path, "column " + field->name() + " is missing"));
    if (!array->type()->Equals(*field->type())) {
      return std::unexpected(parquet_error(path, "column " + field->name() + " has another type"));
    }
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(schema, batch.num_rows(), std::move(arrays));
}

Result<SchemaPtr> plain_schema(parquet::arrow::FileReader& reader, const std::vector<std::string>& columns,
                               const std::string& path) {
  SchemaPtr full;
  if (auto status = reader.GetSchema(&full); !status.ok()) return std::unexpected(arrow_error(path, status));
  arrow::FieldVector fields;
  if (columns.empty()) {
    for (const auto& field : full->fields()) fields.push_back(field->RemoveMetadata()->WithNullable(true));
  }
  for (const std::string& column : columns) {
    auto field = full->GetFieldByName(column);
    if (!field) return fail(ErrorCode::InvalidData, "There is no column \"" + column + "\".");
    fields.push_back(field->RemoveMetadata()->WithNullable(true));
  }
  return arrow::schema(std::move(fields));
}

std::uint64_t bytes_of(const arrow::RecordBatch& batch) {
  auto size = arrow::util::ReferencedBufferSize(batch);
  return size.ok() ? static_cast<std::uint64_t>(*size) : 0;
}

std::uint64_t estimate_bytes(const parquet::FileMetaData& footer, int row_group, const std::vector<int>& leaves) {
  std::uint64_t sum = 0;
  auto group = footer.RowGroup(row_group);
  for (int leaf : leaves) {
    auto chunk = group->ColumnChunk(leaf);
    std::uint64_t bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(chunk->total_uncompressed_size(), 0));
    // A dictionary-encoded text column expands by about the length of its values.
    if (chunk->type() == parquet::Type::BYTE_ARRAY) {
      bytes = std::max<std::uint64_t>(bytes, static_cast<std::uint64_t>(chunk->num_values()) * 16);
    }
    sum += bytes;
  }
  return sum;
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
    CANVASBACK_TRY(guard_parquet(options_.files[0].path, [&]() -> Status {
      CANVASBACK_ASSIGN(Opened opened, open_reader(options_.files[0], options_.columns, {}));
      CANVASBACK_ASSIGN(schema_, plain_schema(*opened.reader, options_.columns, options_.files[0].path));
      return {};
    }));
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
    row_bytes_ = bytes / static_cast<std::uint64_t>(std::max<std::int64_t>(batch->num_rows(), 1)) + 1;
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

  ReadSettings settings_for(const DataFile& file, const RowRange& range) {
    ReadSettings settings;
    auto footer = read_footer(file);
    if (!footer) return settings;
    const auto leaves = leaf_columns(**footer, options_.columns);
    const std::uint64_t rows = static_cast<std::uint64_t>(
        std::max<std::int64_t>(file.row_group_rows[static_cast<std::size_t>(range.row_group)], 1));
    const std::uint64_t estimate = estimate_bytes(**footer, range.row_group, leaves) / rows + 1;
    // What the batches before weighed is better known than what the footer says.
    const std::uint64_t row_bytes = std::max(estimate, row_bytes_.load());
    settings.batch_rows = std::clamp<std::int64_t>(static_cast<std::int64_t>(limits::kBatchBytesTarget / row_bytes), 16,
                                                   limits::kBatchRows);
    for (int leaf : leaves) {
      if ((*footer)->RowGroup(range.row_group)->ColumnChunk(leaf)->total_compressed_size() > kBufferedChunkBytes)
        settings.buffered = true;
    }
    return settings;
  }

  Status read_range(std::size_t index) {
    const RowRange& range = ranges_[index];
    const DataFile& file = options_.files[range.file];
    return guard_parquet(file.path, [&]() -> Status {
      CANVASBACK_ASSIGN(Opened opened, open_reader(file, options_.columns, settings_for(file, range)));
      auto made = opened.reader->GetRecordBatchReader({range.row_group}, opened.leaves);
      if (!made.ok()) return std::unexpected(arrow_error(file.path, made.status()));
      std::int64_t skip = range.skip;
      std::int64_t take = range.take;
      while (take > 0) {
        CANVASBACK_TRY(cancel_.check());
        std::shared_ptr<arrow::RecordBatch> batch;
        if (auto status = (*made)->ReadNext(&batch); !status.ok())
          return std::unexpected(arrow_error(file.path, status));
        if (!batch) return std::unexpected(parquet_error(file.path, "a row group is shorter than its footer says"));
        const std::int64_t skipped = std::min(skip, batch->num_rows());
        skip -= skipped;
        if (skipped == batch->num_rows()) continue;
        batch = batch->Slice(skipped, std::min(take, batch->num_rows() - skipped));
        take -= batch->num_rows();
        CANVASBACK_ASSIGN(BatchPtr arranged, arrange(*batch, schema_, file.path));
        if (!deliver(index, std::move(arranged))) return {};
      }
      return {};
    });
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
  std::atomic<std::uint64_t> row_bytes_ = 0;
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

Result<BatchPtr> read_row_group(const DataFile& file, int row_group, const std::vector<std::string>& columns,
                                int threads) {
  ReadSettings settings;
  settings.column_threads = threads > 1;
  CANVASBACK_ASSIGN(Opened opened, open_reader(file, columns, settings));
  return guard_parquet(file.path, [&]() -> Result<BatchPtr> {
    CANVASBACK_ASSIGN(SchemaPtr schema, plain_schema(*opened.reader, columns, file.path));
    auto table = opened.reader->ReadRowGroup(row_group, opened.leaves);
    if (!table.ok()) return std::unexpected(arrow_error(file.path, table.status()));
    auto joined = (*table)->CombineChunksToBatch();
    if (!joined.ok()) return std::unexpected(arrow_error(file.path, joined.status()));
    return arrange(**joined, schema, file.path);
  });
}

Result<std::uint64_t> row_group_bytes(const DataFile& file, int row_group, const std::vector<std::string>& columns) {
  CANVASBACK_ASSIGN(FooterPtr footer, read_footer(file));
  return guard_parquet(file.path, [&]() -> Result<std::uint64_t> {
    return estimate_bytes(*footer, row_group, leaf_columns(*footer, columns));
  });
}

}  // namespace canvasback
