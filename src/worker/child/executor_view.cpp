// The part of Executor that makes views: the first rows by a top-N query, then the order, as rows where they are few or
// there is no other way to reach them again, as positions where they are many (docs/decisions/0011).
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <span>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "storage/parquet/row_group_reader.hpp"
#include "storage/parquet/scan.hpp"
#include "stream/type_name.hpp"
#include "worker/child/executor.hpp"
#include "worker/child/view_writer.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kPartPeriodNs = 500'000'000;  // rows that are there are given out, though the part is not full
constexpr std::int64_t kColumnBatchRows = 131'072;
constexpr std::size_t kColumnsAtOnce = 128;  // decoded side by side: each has a file open

std::vector<DatasetColumn> columns_of(const arrow::Schema& schema) {
  std::vector<DatasetColumn> columns;
  for (const auto& field : schema.fields()) {
    if (field->name() == kFileIndexColumn || field->name() == kFileRowColumn) continue;
    DatasetColumn column;
    column.name = field->name();
    column.type = sql_type_name(*field);
    columns.push_back(std::move(column));
  }
  return columns;
}

std::vector<std::string> names_of(const Dataset& dataset, const std::vector<std::string>& wanted) {
  if (!wanted.empty()) return wanted;
  std::vector<std::string> names;
  for (const DatasetColumn& column : dataset.columns) names.push_back(column.name);
  return names;
}

// The filter, and the search as part of it.
Json condition_of(const Task& task, const Dataset& dataset) {
  if (task.view.search.empty()) return task.selection.filter;
  Json search = search_filter(names_of(dataset, task.selection.columns), task.view.search);
  if (task.selection.filter.is_null()) return search;
  Json both;
  both.set("and", Json::Array{task.selection.filter, std::move(search)});
  return both;
}

// Bytes of a row when decoded, from the first row group.
double row_bytes(const Dataset& dataset, const std::vector<std::string>& columns) {
  for (const DataFile& file : dataset.files) {
    if (file.row_group_rows.empty() || file.row_group_rows[0] == 0) continue;
    const auto bytes = row_group_bytes(file, 0, columns);
    if (bytes) return static_cast<double>(*bytes) / static_cast<double>(file.row_group_rows[0]);
  }
  return 0;
}

// The rows of table files, one part after the other; what was read is given back.
class PartStream final : public BatchStream {
 public:
  PartStream(SchemaPtr schema, std::vector<std::shared_ptr<TableFile>> tables)
      : schema_(std::move(schema)), tables_(std::move(tables)) {}
  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override {
    while (table_ < tables_.size()) {
      if (batch_ < tables_[table_]->batches()) return tables_[table_]->batch(batch_++);
      tables_[table_++]->forget_pages();
      batch_ = 0;
    }
    return BatchPtr();
  }

 private:
  SchemaPtr schema_;
  std::vector<std::shared_ptr<TableFile>> tables_;
  std::size_t table_ = 0;
  std::size_t batch_ = 0;
};

// A table file for each column of a stream, in the spill folder; gone again unless kept.
class ColumnFiles {
 public:
  // A path is used once: the front takes the file away when it comes to it.
  ColumnFiles(const std::string& folder, std::span<const std::string> keys) {
    for (const std::string& key : keys) paths_.push_back(fmt::format("{}/{}.part", folder, key));
  }
  ~ColumnFiles() {
    for (const std::string& path : paths_) ::unlink(path.c_str());
  }
  ColumnFiles(const ColumnFiles&) = delete;
  ColumnFiles& operator=(const ColumnFiles&) = delete;

  Status write(BatchStream& stream, const CancelToken& cancel) {
    std::vector<std::unique_ptr<TableFileWriter>> writers;
    std::vector<SchemaPtr> schemas;
    for (const std::string& path : paths_) {
      schemas.push_back(arrow::schema({stream.schema()->field(static_cast<int>(schemas.size()))}));
      CANVASBACK_ASSIGN(auto writer, TableFileWriter::create(path, schemas.back()));
      writers.push_back(std::move(writer));
    }
    // Few large batches: whoever opens the file looks at each.
    std::vector<BatchPtr> pending;
    std::int64_t rows = 0;
    std::uint64_t bytes = 0;
    for (bool end = false; !end;) {
      CANVASBACK_TRY(cancel.check());
      CANVASBACK_ASSIGN(BatchPtr batch, stream.next());
      end = !batch;
      if (batch) {
        rows += batch->num_rows();
        const auto size = arrow::util::ReferencedBufferSize(*batch);
        bytes += size.ok() ? static_cast<std::uint64_t>(*size) : 0;
        pending.push_back(std::move(batch));
      }
      if (pending.empty() || (!end && rows < kColumnBatchRows && bytes < limits::kViewPartBytesMax)) continue;
      const auto joined = arrow::ConcatenateRecordBatches(pending);
      if (!joined.ok())
        return fail(ErrorCode::MemoryLimit, "There is no memory for the view.", joined.status().ToString());
      for (std::size_t i = 0; i < writers.size(); ++i) {
        const auto& column = (*joined)->column(static_cast<int>(i));
        CANVASBACK_TRY(writers[i]->write(*arrow::RecordBatch::Make(schemas[i], rows, {column})));
      }
      pending.clear();
      rows = 0;
      bytes = 0;
    }
    for (const auto& writer : writers) CANVASBACK_TRY(writer->close());
    return {};
  }
  const std::string& path(std::size_t column) const { return paths_[column]; }
  void keep() { paths_.clear(); }

 private:
  std::vector<std::string> paths_;
};

std::unexpected<Error> lost() {
  return fail(ErrorCode::Unavailable, "The rows of the view had to make room for others; open it again.");
}

}  // namespace

Status Executor::say(const ViewState& state) { return channel_.send(FrameKind::Head, to_json(state)); }

Status Executor::run_view(const Task& task, const CancelToken& cancel, TaskMetrics& metrics, Json& done) {
  metrics.method = "view";
  ViewState state;
  if (!task.sql.empty()) {
    CANVASBACK_TRY(build_statement(task, cancel, metrics, state));
  } else if (!task.view.source.empty()) {
    CANVASBACK_ASSIGN(Dataset dataset, define_parts(task.view));
    CANVASBACK_TRY(check_selection(task.selection, dataset));
    CANVASBACK_TRY(build_selection(task, dataset, cancel, state));
  } else {
    const auto found = catalog_.find(task.dataset);
    if (found == catalog_.end()) {
      return fail(ErrorCode::DatasetNotFound, "There is no dataset \"" + task.dataset + "\".");
    }
    CANVASBACK_TRY(define(found->second));
    CANVASBACK_TRY(check_selection(task.selection, found->second));
    CANVASBACK_TRY(build_selection(task, found->second, cancel, state));
  }
  metrics.rows = state.rows;
  done.set("view", to_json(state));
  return {};
}

// Everything that a stream gives, as parts of rows. Past the bytes that a view may have it is cut and says so.
Status Executor::write_rows(BatchStream& stream, const Task& task, ViewState& state, const CancelToken& cancel) {
  state.method = ViewMethod::Rows;
  state.columns = columns_of(*stream.schema());
  const std::int64_t known_rows = state.rows;
  std::int64_t said_ns = monotonic_ns();
  ViewWriter* parts = nullptr;
  ViewWriter writer(channel_, options_.spill_folder, task.view.key, [&]() -> Status {
    said_ns = monotonic_ns();
    state.parts = parts->parts();
    if (known_rows < 0) state.rows = parts->rows();
    return say(state);
  });
  parts = &writer;
  while (true) {
    CANVASBACK_TRY(cancel.check());
    CANVASBACK_ASSIGN(BatchPtr batch, stream.next());
    if (!batch) break;
    CANVASBACK_TRY(writer.write(*batch));
    rows_sent_ = writer.rows();
    const bool begun = writer.parts().empty() && state.first.empty();
    if (begun || monotonic_ns() - said_ns > kPartPeriodNs) CANVASBACK_TRY(writer.end_part());
    if (writer.bytes() <= task.view.bytes_max) continue;
    CANVASBACK_TRY(writer.end_part());
    state.limited = fmt::format(
        "The view needs more than the {} MB that it may take of the cache; these are its first "
        "{} rows.",
        task.view.bytes_max / 1'000'000, writer.rows());
    return {};
  }
  CANVASBACK_TRY(writer.end(stream.schema()));
  state.parts = writer.parts();
  state.rows = writer.rows();
  state.rows_exact = true;
  return {};
}

Status Executor::build_statement(const Task& task, const CancelToken& cancel, TaskMetrics& metrics, ViewState& state) {
  CANVASBACK_ASSIGN(auto stream, open_statement(task, cancel, metrics));
  state.method = ViewMethod::Rows;
  state.columns = columns_of(*stream->schema());
  CANVASBACK_TRY(say(state));
  return write_rows(*stream, task, state, cancel);
}

// Parts of a statement's result as a relation of their own.
Result<Dataset> Executor::define_parts(const ViewBuild& build) {
  std::vector<std::shared_ptr<TableFile>> tables;
  Dataset dataset;
  dataset.name = build.key;
  dataset.kind = DatasetKind::Arrow;
  dataset.rows = rows_of(build.source);
  for (const ViewPart& part : build.source) {
    tables.push_back(tables_.find(part.key));
    if (!tables.back()) return lost();
  }
  const SchemaPtr schema = tables.front()->schema();
  dataset.columns = columns_of(*schema);
  engine_->define_stream(dataset.name, [schema, tables]() -> Result<std::unique_ptr<BatchStream>> {
    return std::make_unique<PartStream>(schema, tables);
  });
  return dataset;
}

Status Executor::build_selection(const Task& task, const Dataset& dataset, const CancelToken& cancel,
                                 ViewState& state) {
  Selection selection = task.selection;
  selection.filter = condition_of(task, dataset);
  for (const std::string& name : names_of(dataset, selection.columns)) {
    const DatasetColumn* column = dataset.find_column(name);
    if (column == nullptr) return fail(ErrorCode::InvalidData, "There is no column \"" + name + "\".");
    state.columns.push_back(*column);
  }
  if (selection.filter.is_null() && dataset.rows >= 0) {
    state.rows = dataset.rows;
    state.rows_exact = true;
  }
  if (dataset.plain_scan) return build_positions(task, dataset, selection, cancel, state);
  return build_rows(task, dataset, selection, cancel, state);
}

// The first rows, in parts of their own until the others are there.
Status Executor::build_first(const Task& task, const Dataset& dataset, const Selection& selection, std::int64_t rows,
                             const CancelToken& cancel, ViewState& state) {
  Selection top = selection;
  top.limit = rows;
  CANVASBACK_ASSIGN(SqlStatement statement, view_sql(dataset, top, false));
  CANVASBACK_ASSIGN(auto stream, execute_made(std::move(statement), cancel));
  ViewWriter writer(channel_, options_.spill_folder, fmt::format("{} first {}", task.view.key, rows), nullptr);
  std::int64_t last_row = -1;
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch) break;
    CANVASBACK_TRY(writer.write(*batch));
    if (dataset.plain_scan && selection.sort.empty()) {
      const int columns = batch->num_columns();
      const std::int64_t at = batch->num_rows() - 1;
      const auto file = static_cast<const arrow::Int32Array&>(*batch->column(columns - 2)).Value(at);
      last_row = static_cast<const arrow::Int64Array&>(*batch->column(columns - 1)).Value(at);
      for (std::int32_t i = 0; i < file; ++i) last_row += dataset.files[static_cast<std::size_t>(i)].rows;
    }
  }
  CANVASBACK_TRY(writer.end(stream->schema()));
  state.first = writer.parts();
  if (writer.rows() < rows) {
    state.rows = writer.rows();
    state.rows_exact = true;
  } else if (state.rows < 0 && last_row >= 0) {
    // As if the rest were like what was read.
    state.rows =
        std::max(rows, static_cast<std::int64_t>(static_cast<double>(rows) / static_cast<double>(last_row + 1) *
                                                 static_cast<double>(dataset.rows)));
  }
  return say(state);
}

Status Executor::build_rows(const Task& task, const Dataset& dataset, const Selection& selection,
                            const CancelToken& cancel, ViewState& state) {
  state.method = ViewMethod::Rows;
  if (!selection.sort.empty()) {
    share_weight_ = 0.3;
    CANVASBACK_TRY(build_first(task, dataset, selection, task.view.first, cancel, state));
    share_from_ = 0.3;
    share_weight_ = 0.7;
    if (rows_of(state.first) < task.view.first) {
      std::swap(state.parts, state.first);
      return {};
    }
  }
  CANVASBACK_ASSIGN(SqlStatement statement, view_sql(dataset, selection, false));
  CANVASBACK_ASSIGN(auto stream, execute_made(std::move(statement), cancel));
  const auto columns = state.columns;
  const Status status = write_rows(*stream, task, state, cancel);
  state.columns = columns;
  if (status || selection.sort.empty() || cancel.cancelled()) return status;
  const ErrorCode code = status.error().code;
  if (code != ErrorCode::MemoryLimit && code != ErrorCode::StorageLimit) return status;
  // Too large to be put in order; its beginning is not.
  CANVASBACK_TRY(build_first(task, dataset, selection, limits::kViewFirstRowsMax, cancel, state));
  state.parts = std::exchange(state.first, {});
  state.limited = "The view is too large to be put in order; these are its first rows.";
  return {};
}

// The positions of the selection's rows, in its order.
Status Executor::write_positions(const Task& task, const Dataset& dataset, const Selection& selection,
                                 const CancelToken& cancel, ViewState& state) {
  std::vector<std::int64_t> file_starts{0};
  for (const DataFile& file : dataset.files) file_starts.push_back(file_starts.back() + file.rows);
  CANVASBACK_ASSIGN(SqlStatement statement, view_sql(dataset, selection, true));
  CANVASBACK_ASSIGN(auto stream, execute_made(std::move(statement), cancel));
  const auto schema = arrow::schema({arrow::field("position", arrow::int64(), false)});
  state.method = ViewMethod::Positions;
  std::int64_t said_ns = monotonic_ns();
  ViewWriter* parts = nullptr;
  ViewWriter writer(channel_, options_.spill_folder, task.view.key + " positions", [&]() -> Status {
    said_ns = monotonic_ns();
    state.parts = parts->parts();
    if (!state.rows_exact) state.rows = std::max(state.rows, parts->rows());
    return say(state);
  });
  parts = &writer;
  while (true) {
    CANVASBACK_TRY(cancel.check());
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch) break;
    const auto& files = static_cast<const arrow::Int32Array&>(*batch->column(0));
    const auto& rows = static_cast<const arrow::Int64Array&>(*batch->column(1));
    arrow::Int64Builder builder;
    auto status = builder.Reserve(batch->num_rows());
    if (!status.ok()) return fail(ErrorCode::MemoryLimit, "There is no memory for the view.", status.ToString());
    for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
      builder.UnsafeAppend(file_starts[static_cast<std::size_t>(files.Value(i))] + rows.Value(i));
    }
    auto array = builder.Finish();
    if (!array.ok()) return fail(ErrorCode::MemoryLimit, "There is no memory for the view.", array.status().ToString());
    CANVASBACK_TRY(writer.write(*arrow::RecordBatch::Make(schema, batch->num_rows(), {*array})));
    if (monotonic_ns() - said_ns > kPartPeriodNs) CANVASBACK_TRY(writer.end_part());
    if (writer.bytes() <= task.view.bytes_max) continue;
    CANVASBACK_TRY(writer.end_part());
    state.limited = fmt::format(
        "The view needs more than the {} MB that it may take of the cache; these are its "
        "first {} rows.",
        task.view.bytes_max / 1'000'000, writer.rows());
    return {};
  }
  stream.reset();
  CANVASBACK_TRY(writer.end_part());
  state.parts = writer.parts();
  state.rows = writer.rows();
  state.rows_exact = true;
  return say(state);
}

Status Executor::build_positions(const Task& task, const Dataset& dataset, const Selection& selection,
                                 const CancelToken& cancel, ViewState& state) {
  const bool sorted = !selection.sort.empty();
  state.method = ViewMethod::Rows;
  share_weight_ = 0.3;
  CANVASBACK_TRY(build_first(task, dataset, selection, task.view.first, cancel, state));
  if (rows_of(state.first) < task.view.first) {
    std::swap(state.parts, state.first);
    return {};
  }
  share_from_ = 0.3;
  share_weight_ = 0.4;
  const auto rows_max = static_cast<std::int64_t>(task.view.bytes_max / sizeof(std::int64_t));
  if (sorted && dataset.rows > rows_max) {
    if (!state.rows_exact) {
      CANVASBACK_ASSIGN(state.rows, count(dataset, selection, cancel));
      state.rows_exact = true;
    }
    if (state.rows > rows_max) {
      CANVASBACK_TRY(build_first(task, dataset, selection, limits::kViewFirstRowsMax, cancel, state));
      state.parts = std::exchange(state.first, {});
      state.limited = fmt::format(
          "The order of {} rows needs {} MB of the {} MB that a view may take of the cache; these "
          "are its first rows.",
          state.rows, state.rows * 8 / 1'000'000, task.view.bytes_max / 1'000'000);
      return {};
    }
  }
  ViewState positions = state;
  CANVASBACK_TRY(write_positions(task, dataset, selection, cancel, positions));
  if (!positions.limited.empty()) {
    state = std::move(positions);
    return {};
  }
  share_from_ = 0.7;
  share_weight_ = 0.3;
  const auto names = names_of(dataset, selection.columns);
  const double bytes = row_bytes(dataset, names);
  const bool few = !selection.filter.is_null() &&
                   bytes * static_cast<double>(positions.rows) < static_cast<double>(limits::kViewRowsBytesMax);
  if (few) {
    // Few of many rows lie far apart: kept as they are they need not be looked for again.
    state.rows = positions.rows;
    state.rows_exact = true;
    state.first.clear();
    CANVASBACK_ASSIGN(SqlStatement all, view_sql(dataset, selection, false));
    CANVASBACK_ASSIGN(auto rows, execute_made(std::move(all), cancel));
    const auto columns = state.columns;
    ViewState quiet = state;
    CANVASBACK_TRY(write_rows(*rows, task, quiet, cancel));
    quiet.columns = columns;
    state = std::move(quiet);
    return {};
  }
  state = std::move(positions);
  const bool room = bytes * static_cast<double>(dataset.rows) < static_cast<double>(task.view.bytes_max);
  return sorted && room ? build_columns(task, dataset, cancel) : Status();
}

// Decoded columns, for windows of rows that lie anywhere. They are the dataset's: the next order finds them there.
Status Executor::build_columns(const Task& task, const Dataset& dataset, const CancelToken& cancel) {
  const auto names = names_of(dataset, task.selection.columns);
  const std::int64_t parts = (dataset.rows + limits::kColumnPartRows - 1) / limits::kColumnPartRows;
  for (std::int64_t part = 0; part < parts; ++part) {
    share_done_ = static_cast<double>(part) / static_cast<double>(parts);
    std::vector<std::string> missing;
    for (const std::string& name : names) {
      if (!tables_.has(column_part_key(dataset.version, name, part))) missing.push_back(name);
      if (missing.size() < kColumnsAtOnce) continue;
      CANVASBACK_TRY(build_column_part(dataset, missing, part, cancel));
      missing.clear();
    }
    if (!missing.empty()) CANVASBACK_TRY(build_column_part(dataset, missing, part, cancel));
  }
  return {};
}

Status Executor::build_column_part(const Dataset& dataset, const std::vector<std::string>& columns, std::int64_t part,
                                   const CancelToken& cancel) {
  ScanOptions options{dataset.files, columns, part * limits::kColumnPartRows, limits::kColumnPartRows, threads_};
  CANVASBACK_ASSIGN(auto scan, make_parquet_scan(std::move(options), cancel));
  std::vector<std::string> keys;
  for (const std::string& column : columns) keys.push_back(column_part_key(dataset.version, column, part));
  ColumnFiles files(options_.spill_folder, keys);
  CANVASBACK_TRY(files.write(*scan, cancel));
  for (std::size_t i = 0; i < keys.size(); ++i) CANVASBACK_TRY(offer_to_cache(channel_, keys[i], files.path(i)));
  files.keep();
  return {};
}

}  // namespace canvasback
