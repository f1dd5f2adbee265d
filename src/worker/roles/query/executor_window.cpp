// The part of Executor that reads windows of views: some rows, from anywhere, as one Arrow stream of bounded size.
#include <arrow/array.h>
#include <arrow/builder.h>
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
#include "worker/roles/query/executor.hpp"
#include "worker/roles/query/row_gather.hpp"

namespace canvasback {

struct Executor::WindowRows {
  BatchPtr rows;
  bool more = false;                         // fewer than were asked for and are there
  std::vector<std::int64_t> positions = {};  // of the rows in the dataset, where the row ids are made from them
  std::vector<std::shared_ptr<TableFile>> tables = {};  // that the rows lie in, as long as they are needed
};

namespace {

constexpr std::int64_t kGatherRows = 2048;  // gathered at once, so that wide rows do not pile up

std::unexpected<Error> lost() {
  return fail(ErrorCode::Unavailable, "The rows of the view were evicted from the cache.");
}

std::unexpected<Error> broken(const arrow::Status& status) {
  return fail(ErrorCode::DataProcessing, "The window could not be put together.", status.ToString());
}

std::uint64_t bytes_of(const arrow::RecordBatch& batch) {
  const auto bytes = arrow::util::ReferencedBufferSize(batch);
  return bytes.ok() ? static_cast<std::uint64_t>(*bytes) : 0;
}

Result<BatchPtr> joined(const SchemaPtr& schema, std::vector<BatchPtr> batches) {
  if (batches.size() == 1) return batches[0];
  if (batches.empty()) {
    auto empty = arrow::RecordBatch::MakeEmpty(schema);
    if (!empty.ok()) return broken(empty.status());
    return *empty;
  }
  auto one = arrow::ConcatenateRecordBatches(batches);
  if (!one.ok()) return broken(one.status());
  return *one;
}

// The longest prefix of at most so many bytes that does not cut a character.
std::string_view cut_text(std::string_view text, std::size_t bytes_max) {
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

struct CutColumn {
  std::shared_ptr<arrow::Array> values;
  std::shared_ptr<arrow::Array> whole_bytes;  // where a value was cut; nullptr where none was
};

template <class ArrayType, class Builder>
Result<CutColumn> cut_values(const std::shared_ptr<arrow::Array>& column, std::int64_t bytes_max, bool is_text) {
  const auto& values = static_cast<const ArrayType&>(*column);
  bool any = false;
  for (std::int64_t i = 0; i < values.length() && !any; ++i) {
    any = !values.IsNull(i) && static_cast<std::int64_t>(values.GetView(i).size()) > bytes_max;
  }
  if (!any) return CutColumn{column, nullptr};
  Builder builder;
  arrow::Int64Builder bytes;
  arrow::Status status;
  for (std::int64_t i = 0; i < values.length() && status.ok(); ++i) {
    if (values.IsNull(i)) {
      status = builder.AppendNull();
      if (status.ok()) status = bytes.AppendNull();
      continue;
    }
    const std::string_view value = values.GetView(i);
    const bool cut = static_cast<std::int64_t>(value.size()) > bytes_max;
    const auto limit = static_cast<std::size_t>(bytes_max);
    status = builder.Append(!cut ? value : is_text ? cut_text(value, limit) : value.substr(0, limit));
    if (status.ok()) status = cut ? bytes.Append(static_cast<std::int64_t>(value.size())) : bytes.AppendNull();
  }
  CutColumn out;
  if (status.ok()) status = builder.Finish(&out.values);
  if (status.ok()) status = bytes.Finish(&out.whole_bytes);
  if (!status.ok()) return broken(status);
  return out;
}

Result<BatchPtr> with_cut_cells(const BatchPtr& batch, std::int64_t bytes_max, bool& cut) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (int i = 0; i < batch->num_columns(); ++i) {
    const auto& field = batch->schema()->field(i);
    CutColumn column{batch->column(i), nullptr};
    switch (field->type()->id()) {
      case arrow::Type::STRING: {
        CANVASBACK_ASSIGN(column,
                          (cut_values<arrow::StringArray, arrow::StringBuilder>(column.values, bytes_max, true)));
        break;
      }
      case arrow::Type::BINARY: {
        CANVASBACK_ASSIGN(column,
                          (cut_values<arrow::BinaryArray, arrow::BinaryBuilder>(column.values, bytes_max, false)));
        break;
      }
      default: break;
    }
    fields.push_back(field);
    arrays.push_back(std::move(column.values));
    if (!column.whole_bytes) continue;
    cut = true;
    fields.push_back(virtual_field("__bytes_" + field->name(), arrow::int64(), "cell_bytes"));
    arrays.push_back(std::move(column.whole_bytes));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(), std::move(arrays));
}

// As many of the rows as a frame may hold, at least one.
Result<BatchPtr> fitted(BatchPtr batch, bool& more) {
  while (batch->num_rows() > 0) {
    std::int64_t bytes = 0;
    if (auto status = arrow::ipc::GetRecordBatchSize(*batch, &bytes); !status.ok()) return broken(status);
    if (bytes <= static_cast<std::int64_t>(limits::kWindowBytesMax)) break;
    if (batch->num_rows() == 1) {
      if (bytes <= static_cast<std::int64_t>(limits::kWindowRowBytesMax)) break;
      return fail(
          ErrorCode::PayloadTooLarge,
          fmt::format("A row of {} MB does not fit a frame of {} MB; ask with cell_bytes, or for fewer columns.",
                      bytes / 1'000'000, limits::kWindowRowBytesMax / 1'000'000));
    }
    const double share = static_cast<double>(limits::kWindowBytesMax) / static_cast<double>(bytes);
    const auto rows = static_cast<std::int64_t>(share * static_cast<double>(batch->num_rows()));
    batch = batch->Slice(0, std::clamp<std::int64_t>(rows, 1, batch->num_rows() - 1));
    more = true;
  }
  return batch;
}

Result<BatchPtr> selected(const BatchPtr& batch, const std::vector<std::string>& columns, int virtual_columns) {
  const int visible = batch->num_columns() - virtual_columns;
  std::vector<int> indices;
  for (const std::string& name : columns) {
    const int index = batch->schema()->GetFieldIndex(name);
    if (index < 0 || index >= visible) {
      // A name that is there twice means the first of them.
      const auto all = batch->schema()->GetAllFieldIndices(name);
      if (all.empty() || all.front() >= visible) {
        return fail(ErrorCode::InvalidData, "The view has no column \"" + name.substr(0, 256) + "\".");
      }
      indices.push_back(*std::ranges::min_element(all));
      continue;
    }
    indices.push_back(index);
  }
  if (columns.empty()) {
    for (int i = 0; i < visible; ++i) indices.push_back(i);
  }
  for (int i = visible; i < batch->num_columns(); ++i) indices.push_back(i);
  auto out = batch->SelectColumns(indices);
  if (!out.ok()) return broken(out.status());
  return *out;
}

}  // namespace

Status Executor::run_window(const WindowWork& work, const CancelToken& cancel, FrameSink& sink, TaskMetrics& metrics,
                            Json& done) {
  Stopwatch watch;
  const ViewWindow& window = work.window;
  const auto found = catalog_.find(work.dataset);
  const Dataset* dataset = found == catalog_.end() ? nullptr : &found->second;
  if (!window.version.empty() && (dataset == nullptr || dataset->version != window.version)) {
    return fail(ErrorCode::Unavailable, "The dataset changed since the view was made.");
  }
  WindowRows read;
  switch (window.method) {
    case ViewMethod::Direct: {
      if (dataset == nullptr) return fail(ErrorCode::DatasetNotFound, "There is no such dataset.");
      CANVASBACK_ASSIGN(read, read_dataset(work, *dataset, cancel, metrics));
      break;
    }
    case ViewMethod::Rows: {
      CANVASBACK_ASSIGN(read, read_parts(work, metrics));
      break;
    }
    case ViewMethod::Positions: {
      if (dataset == nullptr) return fail(ErrorCode::DatasetNotFound, "There is no such dataset.");
      CANVASBACK_TRY(begin_reading(*dataset));
      CANVASBACK_ASSIGN(read, read_positions(work, *dataset, cancel, metrics));
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
  if (!buffer.ok()) return broken(buffer.status());
  auto writer = arrow::ipc::MakeStreamWriter(*buffer, read.rows->schema());
  if (!writer.ok()) return broken(writer.status());
  arrow::Status status;
  if (read.rows->num_rows() > 0) status = (*writer)->WriteRecordBatch(*read.rows);
  if (status.ok()) status = (*writer)->Close();
  if (!status.ok()) return broken(status);
  auto bytes = (*buffer)->Finish();
  if (!bytes.ok()) return broken(bytes.status());
  metrics.rows = read.rows->num_rows();
  metrics.encode_ms += watch.elapsed_ms();
  Json answer;
  answer.set("rows", metrics.rows);
  answer.set("more", read.more);
  answer.set("cut", cut);
  done.set("window", std::move(answer));
  const auto size = static_cast<std::size_t>((*bytes)->size());
  CANVASBACK_TRY(sink.write({reinterpret_cast<const char*>((*bytes)->data()), size}));
  for (const auto& table : read.tables) table->forget_pages();
  return sink.finish();
}

// Rows of the dataset in file order: without the engine where that can be.
Result<Executor::WindowRows> Executor::read_dataset(const WindowWork& work, const Dataset& dataset,
                                                    const CancelToken& cancel, TaskMetrics& metrics) {
  const ViewWindow& window = work.window;
  const std::int64_t available = dataset.rows >= 0 ? dataset.rows : window.to;
  const std::int64_t from = std::min(window.from, available);
  const std::int64_t rows = std::min(window.to, available) - from;
  std::unique_ptr<BatchStream> stream;
  WindowRows out;
  const bool in_order = dataset.plain_scan || dataset.text;
  if (!in_order || rows == 0) CANVASBACK_TRY(check_files(dataset, cancel));
  if (dataset.plain_scan && rows == 0) {
    CANVASBACK_ASSIGN(SchemaPtr schema, read_plain_schema(dataset.files[0], work.columns));
    CANVASBACK_ASSIGN(out.rows, joined(schema, {}));
    return out;
  }
  if (in_order) {
    CANVASBACK_ASSIGN(stream, plan_range(dataset, work.columns, from, rows, cancel, metrics));
  } else {
    metrics.method = "duckdb";
    CANVASBACK_TRY(define(dataset));
    Selection range;
    range.columns = work.columns;
    range.offset = from;
    range.limit = rows;
    CANVASBACK_ASSIGN(SqlStatement statement, rows_sql(dataset, range, nullptr, false));
    CANVASBACK_ASSIGN(stream, execute_made(std::move(statement), cancel));
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

Result<Executor::WindowRows> Executor::read_parts(const WindowWork& work, TaskMetrics& metrics) {
  const ViewWindow& window = work.window;
  metrics.method = "view_rows";
  std::vector<BatchPtr> batches;
  WindowRows out;
  SchemaPtr schema;
  std::int64_t start = window.parts_from;
  std::uint64_t bytes = 0;
  std::int64_t got = 0;
  for (const ViewPart& part : window.parts) {
    if (out.more) break;
    auto table = tables_.find(part.key);
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
    CANVASBACK_ASSIGN(batch, selected(batch, work.columns, window.places_in_parts ? 2 : 0));
  }
  if (batches.empty()) {
    CANVASBACK_ASSIGN(BatchPtr empty, joined(schema, {}));
    CANVASBACK_ASSIGN(empty, selected(empty, work.columns, window.places_in_parts ? 2 : 0));
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

Result<std::vector<std::int64_t>> Executor::positions_of(const ViewWindow& window, TaskMetrics& metrics) {
  std::vector<std::int64_t> positions;
  std::int64_t start = window.parts_from;
  for (const ViewPart& part : window.parts) {
    auto table = tables_.find(part.key);
    if (!table || table->rows() != part.rows) return lost();
    metrics.blocks.push_back(part.key);
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

Result<Executor::WindowRows> Executor::read_positions(const WindowWork& work, const Dataset& dataset,
                                                      const CancelToken& cancel, TaskMetrics& metrics) {
  metrics.method = "view_columns";
  WindowRows out;
  CANVASBACK_ASSIGN(std::vector<std::int64_t> positions, positions_of(work.window, metrics));
  if (std::ranges::any_of(positions, [&](std::int64_t at) { return at < 0 || at >= dataset.rows; })) {
    return fail(ErrorCode::Unavailable, "The dataset changed since the view was made.");
  }
  const GatherOptions options{work.columns, threads_};
  std::vector<BatchPtr> batches;
  std::uint64_t bytes = 0;
  std::size_t at = 0;
  for (; at < positions.size() && bytes <= limits::kWindowBytesMax; at += static_cast<std::size_t>(kGatherRows)) {
    const auto some = std::span(positions).subspan(at, std::min<std::size_t>(kGatherRows, positions.size() - at));
    CANVASBACK_ASSIGN(Gathered gathered, gather_rows(dataset, some, options, tables_, cancel));
    bytes += bytes_of(*gathered.rows);
    metrics.blocks.insert(metrics.blocks.end(), gathered.used.begin(), gathered.used.end());
    if (gathered.decoded) metrics.method = "view_decoded";
    batches.push_back(std::move(gathered.rows));
  }
  out.more = at < positions.size();
  SchemaPtr schema;
  if (batches.empty()) {
    CANVASBACK_ASSIGN(schema, read_plain_schema(dataset.files[0], work.columns));
  } else {
    schema = batches[0]->schema();
  }
  CANVASBACK_ASSIGN(out.rows, joined(schema, std::move(batches)));
  if (work.window.row_ids) out.positions = std::move(positions);
  return out;
}

}  // namespace canvasback
