#include "worker/roles/query/range_reader.hpp"

#include "base/limits.hpp"
#include "storage/parquet/row_group_reader.hpp"
#include "storage/parquet/scan.hpp"
#include "worker/roles/query/text_files.hpp"

namespace canvasback {
namespace {

// Batches that are there already.
class Ready final : public BatchStream {
 public:
  Ready(SchemaPtr schema, std::vector<BatchPtr> batches) : schema_(std::move(schema)), batches_(std::move(batches)) {}
  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override { return next_ < batches_.size() ? batches_[next_++] : BatchPtr(); }

 private:
  SchemaPtr schema_;
  std::vector<BatchPtr> batches_;
  std::size_t next_ = 0;
};

// The dataset's names of columns, which no two have alike.
class Renamed final : public BatchStream {
 public:
  Renamed(std::unique_ptr<BatchStream> inner, SchemaPtr schema)
      : inner_(std::move(inner)), schema_(std::move(schema)) {}
  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override {
    CANVASBACK_ASSIGN(BatchPtr batch, inner_->next());
    if (!batch) return batch;
    return arrow::RecordBatch::Make(schema_, batch->num_rows(), batch->columns());
  }

 private:
  std::unique_ptr<BatchStream> inner_;
  SchemaPtr schema_;
};

std::unique_ptr<BatchStream> with_names(std::unique_ptr<BatchStream> inner, const Dataset& dataset,
                                        const std::vector<int>& columns) {
  arrow::FieldVector fields = inner->schema()->fields();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    fields[i] = fields[i]->WithName(dataset.columns[static_cast<std::size_t>(columns[i])].name);
  }
  auto schema = arrow::schema(std::move(fields));
  return std::make_unique<Renamed>(std::move(inner), std::move(schema));
}

}  // namespace

void RangeReader::begin(const Task& task, int threads) {
  block_writer_.stay_idle();
  threads_ = threads;
  rows_alone_ = std::holds_alternative<WindowWork>(task.work);
  decoded_.clear();
}

Result<std::unique_ptr<BatchStream>> RangeReader::read(const Dataset& dataset, const RangeRequest& range,
                                                       const CancelToken& cancel, TaskMetrics& metrics) {
  CANVASBACK_TRY(files_.check(dataset, cancel, range.offset, range.rows));
  if (dataset.text) {
    metrics.method = "plain_scan";
    return read_text(dataset, range, cancel);
  }
  if (range.rows <= limits::kPageRowsMax) {
    CANVASBACK_ASSIGN(auto page, read_page(dataset, range, metrics));
    if (page) return page;
  }
  metrics.method = "plain_scan";
  return make_parquet_scan({dataset.files, range.columns, range.offset, range.rows, threads_}, cancel);
}

Result<std::unique_ptr<BatchStream>> RangeReader::read_text(const Dataset& dataset, const RangeRequest& asked,
                                                            const CancelToken& cancel) {
  TextRange range{{}, asked.offset, asked.rows, threads_};
  for (std::size_t i = 0; asked.columns.empty() && i < dataset.columns.size(); ++i) {
    range.columns.push_back(static_cast<int>(i));
  }
  for (const std::string& name : asked.columns) {
    const DatasetColumn* column = dataset.find_column(name);
    if (column == nullptr) return fail(ErrorCode::InvalidData, "There is no column \"" + name + "\".");
    range.columns.push_back(static_cast<int>(column - dataset.columns.data()));
  }
  CANVASBACK_ASSIGN(auto source, datasets_.text_source(dataset));
  CANVASBACK_ASSIGN(auto stream, read_text_range(std::move(source), range, cancel));
  return with_names(std::move(stream), dataset, range.columns);
}

// A page out of decoded row groups that are cached, or of just the rows it wants, whose row group is then decoded for
// its neighbours behind the answer; nullptr where the rows are too large to hold at once.
Result<std::unique_ptr<BatchStream>> RangeReader::read_page(const Dataset& dataset, const RangeRequest& page,
                                                            TaskMetrics& metrics) {
  const std::vector<std::string>& columns = page.columns;
  metrics.method = "cached_block";
  std::vector<BatchPtr> batches;
  const std::vector<RowRange> ranges = locate_rows(dataset.files, page.offset, page.rows);
  if (ranges.empty()) return std::unique_ptr<BatchStream>();
  std::uint64_t page_bytes = 0;
  for (const RowRange& range : ranges) {
    const DataFile& file = dataset.files[range.file];
    const std::string key = block_key(file, range.row_group, columns);
    if (BatchPtr block = blocks_.find(key)) {
      if (block->num_rows() < range.skip + range.take)
        return fail(ErrorCode::InvalidData, "A row group is shorter than its footer says.");
      metrics.blocks.push_back(key);
      batches.push_back(block->Slice(range.skip, range.take));
      continue;
    }
    const std::int64_t group_rows = file.row_group_rows[static_cast<std::size_t>(range.row_group)];
    CANVASBACK_ASSIGN(std::uint64_t bytes, row_group_bytes(file, range.row_group, columns));
    page_bytes += bytes / static_cast<std::uint64_t>(group_rows) * static_cast<std::uint64_t>(range.take);
    if (page_bytes > limits::kPageBytesMax) return std::unique_ptr<BatchStream>();
    metrics.method = "decoded_rows";
    if (bytes <= limits::kCacheEntryBytesMax && !rows_alone_ && (block_writer_.take(key) || threads_ == 1)) {
      // A second page of it, or others wait for the cores: decoding the neighbours along is less work than decoding for
      // each of them.
      CANVASBACK_ASSIGN(BatchPtr block, read_rows(file, columns, {range.row_group, 0, group_rows}, threads_));
      batches.push_back(block->Slice(range.skip, range.take));
      blocks_.put(key, block);
      decoded_.emplace_back(key, std::move(block));
      continue;
    }
    CANVASBACK_ASSIGN(BatchPtr rows, read_rows(file, columns, {range.row_group, range.skip, range.take}, threads_));
    batches.push_back(std::move(rows));
    if (bytes <= limits::kCacheEntryBytesMax) block_writer_.want({key, file, range.row_group, columns});
  }
  SchemaPtr schema = batches[0]->schema();
  return std::make_unique<Ready>(std::move(schema), std::move(batches));
}

void RangeReader::store_decoded() {
  for (const auto& [key, block] : decoded_) block_writer_.store(key, *block);
  decoded_.clear();
}

}  // namespace canvasback
