#include "worker/roles/query/window_task.hpp"

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "storage/parquet/row_group_reader.hpp"
#include "worker/roles/query/row_gather.hpp"
#include "worker/roles/query/window_rows.hpp"

namespace canvasback {

namespace {

constexpr std::int64_t kGatherRows = 2048;  // gathered at once, so that wide rows do not pile up

std::unexpected<Error> lost() {
  return fail(ErrorCode::Unavailable, "The rows of the view were evicted from the cache.");
}

std::uint64_t bytes_of(const arrow::RecordBatch& batch) {
  const auto bytes = arrow::util::ReferencedBufferSize(batch);
  return bytes.ok() ? static_cast<std::uint64_t>(*bytes) : 0;
}

struct WindowRows {
  BatchPtr rows;
  bool more = false;                         // fewer than were asked for and are there
  std::vector<std::int64_t> positions = {};  // of the rows in the dataset, where the row ids are made from them
  std::vector<std::shared_ptr<TableFile>> tables = {};  // that the rows lie in, as long as they are needed
};

// Reads the rows of one window.
class WindowReader {
 public:
  WindowReader(TaskContext& context, const WindowWork& work) : context_(context), work_(work) {}

  // Where the view is the dataset itself, its parts hold the rows, its parts hold their positions.
  Result<WindowRows> read_dataset(const Dataset& dataset);
  Result<WindowRows> read_parts();
  Result<WindowRows> read_positions(const Dataset& dataset);

 private:
  Result<std::vector<std::int64_t>> positions();

  TaskContext& context_;
  const WindowWork& work_;
};

// Rows of the dataset in file order: without the engine where that can be.
Result<WindowRows> WindowReader::read_dataset(const Dataset& dataset) {
  const ViewWindow& window = work_.window;
  const std::int64_t available = dataset.rows >= 0 ? dataset.rows : window.to;
  const std::int64_t from = std::min(window.from, available);
  const std::int64_t rows = std::min(window.to, available) - from;
  std::unique_ptr<BatchStream> stream;
  WindowRows out;
  const bool in_order = RangeReader::can_read(dataset);
  if (!in_order || rows == 0) CANVASBACK_TRY(context_.files.check(dataset, context_.cancel));
  if (dataset.plain_scan && rows == 0) {
    CANVASBACK_ASSIGN(SchemaPtr schema, read_plain_schema(dataset.files[0], work_.columns));
    CANVASBACK_ASSIGN(out.rows, joined(schema, {}));
    return out;
  }
  if (in_order) {
    CANVASBACK_ASSIGN(stream,
                      context_.ranges.read(dataset, {work_.columns, from, rows}, context_.cancel, context_.metrics));
  } else {
    context_.metrics.method = "duckdb";
    CANVASBACK_TRY(context_.engine.define(dataset));
    Selection range;
    range.columns = work_.columns;
    range.offset = from;
    range.limit = rows;
    CANVASBACK_ASSIGN(SqlStatement statement, rows_sql(dataset, range, nullptr, false));
    CANVASBACK_ASSIGN(stream, context_.engine.execute(std::move(statement), context_.cancel));
  }
  std::vector<BatchPtr> batches;
  std::int64_t got = 0;
  for (std::uint64_t bytes = 0; got < rows && bytes <= limits::kWindowBytesMax;) {
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch) break;
    bytes += bytes_of(*batch);
    got += batch->num_rows();
    batches.push_back(std::move(batch));
  }
  out.more = got < rows;
  CANVASBACK_ASSIGN(out.rows, joined(stream->schema(), std::move(batches)));
  for (std::int64_t i = 0; window.row_ids && i < got; ++i) out.positions.push_back(from + i);
  return out;
}

Result<WindowRows> WindowReader::read_parts() {
  TaskMetrics& metrics = context_.metrics;
  const ViewWindow& window = work_.window;
  metrics.method = "view_rows";
  std::vector<BatchPtr> batches;
  WindowRows out;
  SchemaPtr schema;
  std::int64_t start = window.parts_from;
  std::uint64_t bytes = 0;
  std::int64_t got = 0;
  for (const ViewPart& part : window.parts) {
    if (out.more) break;
    auto table = context_.tables.find(part.key);
    if (!table || table->rows() != part.rows) return lost();
    metrics.blocks.push_back(part.key);
    schema = table->schema();
    for (BatchPtr& batch : table->slice(std::max<std::int64_t>(0, window.from - start), window.to - start)) {
      if (bytes > 2 * limits::kWindowBytesMax) {
        out.more = true;
        break;
      }
      bytes += bytes_of(*batch);
      got += batch->num_rows();
      batches.push_back(std::move(batch));
    }
    out.tables.push_back(std::move(table));
    start += part.rows;
  }
  if (!schema) return lost();
  for (BatchPtr& batch : batches) {
    CANVASBACK_ASSIGN(batch, selected(batch, work_.columns, window.places_in_parts ? 2 : 0));
  }
  if (batches.empty()) {
    CANVASBACK_ASSIGN(BatchPtr empty, joined(schema, {}));
    CANVASBACK_ASSIGN(empty, selected(empty, work_.columns, window.places_in_parts ? 2 : 0));
    batches.push_back(std::move(empty));
  }
  CANVASBACK_ASSIGN(out.rows, joined(batches[0]->schema(), batches));
  if (window.places_in_parts) {
    const int columns = out.rows->num_columns();
    auto fields = out.rows->schema()->fields();
    auto arrays = out.rows->columns();
    fields[static_cast<std::size_t>(columns) - 2] = virtual_field(kFileIndexColumn, arrow::int32(), "file_index");
    fields[static_cast<std::size_t>(columns) - 1] = virtual_field(kFileRowColumn, arrow::int64(), "file_row");
    if (!window.row_ids) {
      fields.resize(static_cast<std::size_t>(columns) - 2);
      arrays.resize(static_cast<std::size_t>(columns) - 2);
    }
    out.rows = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), out.rows->num_rows(), std::move(arrays));
  } else if (window.row_ids) {
    // The view is the file's rows as they come, or a statement's result.
    for (std::int64_t i = 0; i < got; ++i) out.positions.push_back(window.from + i);
  }
  return out;
}

Result<std::vector<std::int64_t>> WindowReader::positions() {
  const ViewWindow& window = work_.window;
  std::vector<std::int64_t> positions;
  std::int64_t start = window.parts_from;
  for (const ViewPart& part : window.parts) {
    auto table = context_.tables.find(part.key);
    if (!table || table->rows() != part.rows) return lost();
    context_.metrics.blocks.push_back(part.key);
    for (const BatchPtr& batch : table->slice(std::max<std::int64_t>(0, window.from - start), window.to - start)) {
      const auto append = [&](const auto& values) {
        positions.insert(positions.end(), values.raw_values(), values.raw_values() + values.length());
      };
      if (batch->column(0)->type_id() == arrow::Type::UINT32) {
        append(static_cast<const arrow::UInt32Array&>(*batch->column(0)));
      } else {
        append(static_cast<const arrow::Int64Array&>(*batch->column(0)));
      }
    }
    table->forget_pages();
    start += part.rows;
  }
  return positions;
}

Result<WindowRows> WindowReader::read_positions(const Dataset& dataset) {
  TaskMetrics& metrics = context_.metrics;
  metrics.method = "view_columns";
  WindowRows out;
  CANVASBACK_ASSIGN(std::vector<std::int64_t> positions, this->positions());
  if (std::ranges::any_of(positions, [&](std::int64_t at) { return at < 0 || at >= dataset.rows; })) {
    return fail(ErrorCode::Unavailable, "The dataset changed since the view was made.");
  }
  const GatherOptions options{work_.columns, context_.threads};
  std::vector<BatchPtr> batches;
  std::uint64_t bytes = 0;
  std::size_t at = 0;
  for (; at < positions.size() && bytes <= limits::kWindowBytesMax; at += static_cast<std::size_t>(kGatherRows)) {
    const auto some = std::span(positions).subspan(at, std::min<std::size_t>(kGatherRows, positions.size() - at));
    CANVASBACK_ASSIGN(Gathered gathered, gather_rows(dataset, some, options, context_.tables, context_.cancel));
    bytes += bytes_of(*gathered.rows);
    metrics.blocks.insert(metrics.blocks.end(), gathered.used.begin(), gathered.used.end());
    if (gathered.decoded) metrics.method = "view_decoded";
    batches.push_back(std::move(gathered.rows));
  }
  out.more = at < positions.size();
  SchemaPtr schema;
  if (batches.empty()) {
    CANVASBACK_ASSIGN(schema, read_plain_schema(dataset.files[0], work_.columns));
  } else {
    schema = batches[0]->schema();
  }
  CANVASBACK_ASSIGN(out.rows, joined(schema, std::move(batches)));
  if (work_.window.row_ids) out.positions = std::move(positions);
  return out;
}

}  // namespace

Status run_window(TaskContext& context, const WindowWork& work) {
  TaskMetrics& metrics = context.metrics;
  Stopwatch watch;
  const ViewWindow& window = work.window;
  const Dataset* dataset = context.datasets.find(work.dataset).value_or(nullptr);
  if (!window.version.empty() && (dataset == nullptr || dataset->version != window.version)) {
    return fail(ErrorCode::Unavailable, "The dataset changed since the view was made.");
  }
  WindowReader reader(context, work);
  WindowRows read;
  switch (window.method) {
    case ViewMethod::Direct: {
      if (dataset == nullptr) return fail(ErrorCode::DatasetNotFound, "There is no such dataset.");
      CANVASBACK_ASSIGN(read, reader.read_dataset(*dataset));
      break;
    }
    case ViewMethod::Rows: {
      CANVASBACK_ASSIGN(read, reader.read_parts());
      break;
    }
    case ViewMethod::Positions: {
      if (dataset == nullptr) return fail(ErrorCode::DatasetNotFound, "There is no such dataset.");
      CANVASBACK_TRY(context.files.begin_reading(*dataset));
      CANVASBACK_ASSIGN(read, reader.read_positions(*dataset));
      break;
    }
  }
  metrics.engine_ms += watch.elapsed_ms();
  watch.restart();
  if (window.row_ids && !read.positions.empty()) {
    CANVASBACK_ASSIGN(read.rows, with_places(read.rows, dataset, read.positions));
  }
  bool cut = false;
  if (window.cell_bytes > 0) {
    CANVASBACK_ASSIGN(read.rows, with_cut_cells(read.rows, window.cell_bytes, cut));
  }
  CANVASBACK_ASSIGN(read.rows, fitted(std::move(read.rows), read.more));
  auto buffer = arrow::io::BufferOutputStream::Create(64 * limits::kKiB);
  if (!buffer.ok()) return window_failed(buffer.status());
  auto writer = arrow::ipc::MakeStreamWriter(*buffer, read.rows->schema());
  if (!writer.ok()) return window_failed(writer.status());
  arrow::Status status;
  if (read.rows->num_rows() > 0) status = (*writer)->WriteRecordBatch(*read.rows);
  if (status.ok()) status = (*writer)->Close();
  if (!status.ok()) return window_failed(status);
  auto bytes = (*buffer)->Finish();
  if (!bytes.ok()) return window_failed(bytes.status());
  metrics.rows = read.rows->num_rows();
  metrics.encode_ms += watch.elapsed_ms();
  Json answer;
  answer.set("rows", metrics.rows);
  answer.set("more", read.more);
  answer.set("cut", cut);
  context.end.done.set("window", std::move(answer));
  const auto size = static_cast<std::size_t>((*bytes)->size());
  CANVASBACK_TRY(context.sink.write({reinterpret_cast<const char*>((*bytes)->data()), size}));
  for (const auto& table : read.tables) table->forget_pages();
  return context.sink.finish();
}

}  // namespace canvasback
