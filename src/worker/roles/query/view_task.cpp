// The part of Executor that makes views: the first rows, then the order, as rows where they are few or
// there is no other way to reach them again, as positions where they are many (docs/decisions/0011).
#include <arrow/array.h>
#include <arrow/builder.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <span>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "record/type_name.hpp"
#include "storage/parquet/row_group_reader.hpp"
#include "worker/roles/query/column_parts.hpp"
#include "worker/roles/query/executor.hpp"
#include "worker/roles/query/row_gather.hpp"
#include "worker/roles/query/row_order.hpp"
#include "worker/write/view_writer.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kPositionsAtOnce = 1'048'576;  // written in one batch
constexpr std::int64_t kPartPeriodNs = 500'000'000;  // rows that are there are given out, though the part is not full

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
Json condition_of(const ViewWork& work, const Dataset& dataset) {
  if (work.build.search.empty()) return work.selection.filter;
  Json search = search_filter(names_of(dataset, work.selection.columns), work.build.search);
  if (work.selection.filter.is_null()) return search;
  Json both;
  both.set("and", Json::Array{work.selection.filter, std::move(search)});
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

// Whether the dataset's decoded columns may stand in the cache beside the view's own parts.
bool has_room(const ViewWork& work, const Dataset& dataset, const std::vector<std::string>& columns) {
  return row_bytes(dataset, columns) * static_cast<double>(dataset.rows) < static_cast<double>(work.build.bytes_max);
}

bool has_short_positions(const Dataset& dataset) { return dataset.rows <= UINT32_MAX; }
std::size_t position_bytes(const Dataset& dataset) { return has_short_positions(dataset) ? 4 : 8; }
std::shared_ptr<arrow::DataType> position_type(const Dataset& dataset) {
  return has_short_positions(dataset) ? arrow::uint32() : arrow::int64();
}

template <class Builder>
Result<std::shared_ptr<arrow::Array>> built_positions(std::span<const std::int64_t> positions) {
  Builder builder;
  auto status = builder.Reserve(static_cast<std::int64_t>(positions.size()));
  for (std::size_t i = 0; status.ok() && i < positions.size(); ++i) {
    builder.UnsafeAppend(static_cast<typename Builder::value_type>(positions[i]));
  }
  std::shared_ptr<arrow::Array> array;
  if (status.ok()) status = builder.Finish(&array);
  if (!status.ok()) return fail(ErrorCode::MemoryLimit, "There is no memory for the view.", status.ToString());
  return array;
}

Result<std::shared_ptr<arrow::Array>> position_array(const Dataset& dataset, std::span<const std::int64_t> positions) {
  return has_short_positions(dataset) ? built_positions<arrow::UInt32Builder>(positions)
                                      : built_positions<arrow::Int64Builder>(positions);
}

std::unexpected<Error> lost() {
  return fail(ErrorCode::Unavailable, "The rows of the view were evicted from the cache; open it again.");
}

}  // namespace

Status Executor::say(const ViewState& state) { return channel_.send(FrameKind::Head, to_json(state)); }

Status Executor::run_view(const Task& task, const ViewWork& work, const CancelToken& cancel, TaskMetrics& metrics,
                          Json& done) {
  metrics.method = "view";
  ViewState state;
  if (!work.statement.sql.empty()) {
    CANVASBACK_TRY(build_statement(task, work, cancel, metrics, state));
  } else if (!work.build.source.empty()) {
    CANVASBACK_ASSIGN(Dataset dataset, define_parts(work.build));
    CANVASBACK_TRY(check_selection(work.selection, dataset));
    CANVASBACK_TRY(build_selection(work, dataset, cancel, state));
  } else {
    const auto found = catalog_.find(work.dataset);
    if (found == catalog_.end()) {
      return fail(ErrorCode::DatasetNotFound, "There is no dataset \"" + work.dataset + "\".");
    }
    CANVASBACK_TRY(check_files(found->second, cancel));
    CANVASBACK_TRY(define(found->second));
    CANVASBACK_TRY(check_selection(work.selection, found->second));
    CANVASBACK_TRY(build_selection(work, found->second, cancel, state));
  }
  metrics.rows = state.rows;
  done.set("view", to_json(state));
  return {};
}

// Everything that a stream gives, as parts of rows. Past the bytes that a view may have it is cut and says so.
Status Executor::write_rows(BatchStream& stream, const ViewBuild& build, ViewState& state, const CancelToken& cancel) {
  state.method = ViewMethod::Rows;
  state.columns = columns_of(*stream.schema());
  const std::int64_t known_rows = state.rows;
  std::int64_t said_ns = monotonic_ns();
  ViewWriter* parts = nullptr;
  ViewWriter writer(channel_, options_.spill_folder, build.key, [&]() -> Status {
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
    if (writer.bytes() <= build.bytes_max) continue;
    CANVASBACK_TRY(writer.end_part());
    state.limited = fmt::format(
        "The view needs more than the {} MB that it may take of the cache; these are its first "
        "{} rows.",
        build.bytes_max / 1'000'000, writer.rows());
    return {};
  }
  CANVASBACK_TRY(writer.end(stream.schema()));
  state.parts = writer.parts();
  state.rows = writer.rows();
  state.rows_exact = true;
  return {};
}

Status Executor::build_statement(const Task& task, const ViewWork& work, const CancelToken& cancel,
                                 TaskMetrics& metrics, ViewState& state) {
  CANVASBACK_ASSIGN(auto stream, open_statement(task, work.statement, cancel, metrics));
  state.method = ViewMethod::Rows;
  state.columns = columns_of(*stream->schema());
  CANVASBACK_TRY(say(state));
  return write_rows(*stream, work.build, state, cancel);
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

Status Executor::build_selection(const ViewWork& work, const Dataset& dataset, const CancelToken& cancel,
                                 ViewState& state) {
  Selection selection = work.selection;
  selection.filter = condition_of(work, dataset);
  for (const std::string& name : names_of(dataset, selection.columns)) {
    const DatasetColumn* column = dataset.find_column(name);
    if (column == nullptr) return fail(ErrorCode::InvalidData, "There is no column \"" + name + "\".");
    state.columns.push_back(*column);
  }
  if (selection.filter.is_null() && dataset.rows >= 0) {
    state.rows = dataset.rows;
    state.rows_exact = true;
  }
  if (dataset.plain_scan) return build_positions(work, dataset, selection, cancel, state);
  return build_rows(work, dataset, selection, cancel, state);
}

// The first rows, in parts of their own until the others are there.
Status Executor::build_first(const ViewWork& work, const Dataset& dataset, const Selection& selection,
                             std::int64_t rows, const CancelToken& cancel, ViewState& state) {
  Selection top = selection;
  top.limit = rows;
  CANVASBACK_ASSIGN(SqlStatement statement, view_sql(dataset, top, false));
  CANVASBACK_ASSIGN(auto stream, execute_made(std::move(statement), cancel));
  ViewWriter writer(channel_, options_.spill_folder, fmt::format("{} first {}", work.build.key, rows), nullptr);
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

Status Executor::build_rows(const ViewWork& work, const Dataset& dataset, const Selection& selection,
                            const CancelToken& cancel, ViewState& state) {
  state.method = ViewMethod::Rows;
  if (!selection.sort.empty()) {
    share_weight_ = 0.3;
    CANVASBACK_TRY(build_first(work, dataset, selection, work.build.first, cancel, state));
    share_from_ = 0.3;
    share_weight_ = 0.7;
    if (rows_of(state.first) < work.build.first) {
      std::swap(state.parts, state.first);
      return {};
    }
  }
  CANVASBACK_ASSIGN(SqlStatement statement, view_sql(dataset, selection, false));
  CANVASBACK_ASSIGN(auto stream, execute_made(std::move(statement), cancel));
  const auto columns = state.columns;
  const Status status = write_rows(*stream, work.build, state, cancel);
  state.columns = columns;
  if (status || selection.sort.empty() || cancel.cancelled()) return status;
  const ErrorCode code = status.error().code;
  if (code != ErrorCode::MemoryLimit && code != ErrorCode::StorageLimit) return status;
  // Too large to be put in order; its beginning is not.
  CANVASBACK_TRY(build_first(work, dataset, selection, limits::kViewFirstRowsMax, cancel, state));
  state.parts = std::exchange(state.first, {});
  state.limited = "The view is too large to sort; these are its first rows.";
  return {};
}

// Writes positions as they come, in parts; what is known of the view goes along with each.
class Executor::PositionWriter {
 public:
  PositionWriter(Executor& executor, const ViewWork& work, const Dataset& dataset, ViewState& state)
      : executor_(executor),
        state_(state),
        bytes_max_(work.build.bytes_max),
        schema_(arrow::schema({arrow::field("position", position_type(dataset), false)})),
        writer_(executor.channel_, executor.options_.spill_folder, work.build.key + " positions",
                [this] { return part_written(); }) {
    state_.method = ViewMethod::Positions;
  }

  // The next ones, of position_type(). False where the view may have no more: it says so.
  Result<bool> write(const std::shared_ptr<arrow::Array>& positions) {
    CANVASBACK_TRY(writer_.write(*arrow::RecordBatch::Make(schema_, positions->length(), {positions})));
    if (monotonic_ns() - said_ns_ > kPartPeriodNs) CANVASBACK_TRY(writer_.end_part());
    if (writer_.bytes() <= bytes_max_) return true;
    CANVASBACK_TRY(writer_.end_part());
    state_.limited = fmt::format(
        "The view needs more than the {} MB that it may take of the cache; these are its "
        "first {} rows.",
        bytes_max_ / 1'000'000, writer_.rows());
    return false;
  }
  Status finish() {
    CANVASBACK_TRY(writer_.end_part());
    state_.parts = writer_.parts();
    state_.rows = writer_.rows();
    state_.rows_exact = true;
    return executor_.say(state_);
  }

 private:
  Status part_written() {
    said_ns_ = monotonic_ns();
    state_.parts = writer_.parts();
    if (!state_.rows_exact) state_.rows = std::max(state_.rows, writer_.rows());
    return executor_.say(state_);
  }

  Executor& executor_;
  ViewState& state_;
  const std::uint64_t bytes_max_;
  const SchemaPtr schema_;
  ViewWriter writer_;
  std::int64_t said_ns_ = monotonic_ns();
};

// The positions of the selection's rows, in its order, by the engine.
Status Executor::write_positions(const ViewWork& work, const Dataset& dataset, const Selection& selection,
                                 const CancelToken& cancel, ViewState& state) {
  std::vector<std::int64_t> file_starts{0};
  for (const DataFile& file : dataset.files) file_starts.push_back(file_starts.back() + file.rows);
  CANVASBACK_ASSIGN(SqlStatement statement, view_sql(dataset, selection, true));
  CANVASBACK_ASSIGN(auto stream, execute_made(std::move(statement), cancel));
  PositionWriter writer(*this, work, dataset, state);
  while (true) {
    CANVASBACK_TRY(cancel.check());
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch) break;
    const auto& files = static_cast<const arrow::Int32Array&>(*batch->column(0));
    const auto& rows = static_cast<const arrow::Int64Array&>(*batch->column(1));
    std::vector<std::int64_t> positions(static_cast<std::size_t>(batch->num_rows()));
    for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
      positions[static_cast<std::size_t>(i)] = file_starts[static_cast<std::size_t>(files.Value(i))] + rows.Value(i);
    }
    CANVASBACK_ASSIGN(auto array, position_array(dataset, positions));
    CANVASBACK_ASSIGN(const bool more, writer.write(array));
    if (!more) return {};
  }
  stream.reset();
  return writer.finish();
}

// The order of all rows without the engine, its first rows first. False where that cannot be.
Result<bool> Executor::build_order(const ViewWork& work, const Dataset& dataset, const Selection& selection,
                                   const CancelToken& cancel, ViewState& state) {
  CANVASBACK_ASSIGN(auto read, RowOrder::read(dataset, {selection.sort, threads_, options_.sort_bytes_max}, cancel));
  if (!read) return false;
  share_from_ = 0.1;
  share_weight_ = 0.3;
  const auto names = names_of(dataset, selection.columns);
  const std::vector<std::int64_t> first = read->first(static_cast<std::size_t>(work.build.first));
  CANVASBACK_ASSIGN(Gathered gathered, gather_rows(dataset, first, {names, threads_}, tables_, cancel));
  CANVASBACK_ASSIGN(BatchPtr rows, with_places(gathered.rows, &dataset, first));
  ViewWriter writer(channel_, options_.spill_folder, fmt::format("{} first {}", work.build.key, work.build.first),
                    nullptr);
  CANVASBACK_TRY(writer.write(*rows));
  CANVASBACK_TRY(writer.end(rows->schema()));
  state.first = writer.parts();
  CANVASBACK_TRY(say(state));
  if (static_cast<std::int64_t>(first.size()) == dataset.rows) {
    std::swap(state.parts, state.first);
    return true;
  }
  CANVASBACK_ASSIGN(std::vector<std::uint32_t> order, std::move(*read).all(cancel));
  PositionWriter positions(*this, work, dataset, state);
  for (std::size_t at = 0; at < order.size(); at += kPositionsAtOnce) {
    CANVASBACK_TRY(cancel.check());
    const auto some = std::span(order).subspan(at, std::min(kPositionsAtOnce, order.size() - at));
    auto buffer = arrow::Buffer::Wrap(some.data(), some.size());
    const auto data = arrow::ArrayData::Make(arrow::uint32(), static_cast<std::int64_t>(some.size()),
                                             {nullptr, std::move(buffer)}, 0);
    CANVASBACK_ASSIGN(const bool more, positions.write(arrow::MakeArray(data)));
    if (!more) return true;
  }
  CANVASBACK_TRY(positions.finish());
  std::vector<std::uint32_t>().swap(order);
  share_from_ = 0.4;
  share_weight_ = 0.6;
  if (has_room(work, dataset, names)) CANVASBACK_TRY(build_columns(work, dataset, cancel));
  return true;
}

Status Executor::build_positions(const ViewWork& work, const Dataset& dataset, const Selection& selection,
                                 const CancelToken& cancel, ViewState& state) {
  const bool sorted = !selection.sort.empty();
  state.method = ViewMethod::Rows;
  const auto rows_max = static_cast<std::int64_t>(work.build.bytes_max / position_bytes(dataset));
  if (sorted && selection.filter.is_null() && dataset.rows <= rows_max) {
    CANVASBACK_ASSIGN(const bool done, build_order(work, dataset, selection, cancel, state));
    if (done) return {};
  }
  share_weight_ = 0.3;
  CANVASBACK_TRY(build_first(work, dataset, selection, work.build.first, cancel, state));
  if (rows_of(state.first) < work.build.first) {
    std::swap(state.parts, state.first);
    return {};
  }
  share_from_ = 0.3;
  share_weight_ = 0.4;
  if (sorted && dataset.rows > rows_max) {
    if (!state.rows_exact) {
      CANVASBACK_ASSIGN(state.rows, count(dataset, selection, cancel));
      state.rows_exact = true;
    }
    if (state.rows > rows_max) {
      CANVASBACK_TRY(build_first(work, dataset, selection, limits::kViewFirstRowsMax, cancel, state));
      state.parts = std::exchange(state.first, {});
      state.limited = fmt::format(
          "The order of {} rows needs {} MB of the {} MB that a view may take of the cache; these "
          "are its first rows.",
          state.rows, state.rows * static_cast<std::int64_t>(position_bytes(dataset)) / 1'000'000,
          work.build.bytes_max / 1'000'000);
      return {};
    }
  }
  ViewState positions = state;
  CANVASBACK_TRY(write_positions(work, dataset, selection, cancel, positions));
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
    CANVASBACK_TRY(write_rows(*rows, work.build, quiet, cancel));
    quiet.columns = columns;
    state = std::move(quiet);
    return {};
  }
  state = std::move(positions);
  return sorted && has_room(work, dataset, names) ? build_columns(work, dataset, cancel) : Status();
}

// For windows of rows that lie anywhere.
Status Executor::build_columns(const ViewWork& work, const Dataset& dataset, const CancelToken& cancel) {
  ColumnPartsOptions options;
  options.columns = names_of(dataset, work.selection.columns);
  options.threads = threads_;
  options.spill_folder = options_.spill_folder;
  options.progress = [this](double share) { share_done_ = share; };
  return build_column_parts(dataset, options, tables_, channel_, cancel);
}

}  // namespace canvasback
