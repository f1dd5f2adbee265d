#include "worker/roles/query/view_task.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "storage/parquet/row_group_reader.hpp"
#include "worker/roles/query/column_parts.hpp"
#include "worker/roles/query/row_gather.hpp"
#include "worker/roles/query/row_order.hpp"
#include "worker/roles/query/statement_stream.hpp"
#include "worker/roles/query/view_positions.hpp"
#include "worker/roles/query/view_rows.hpp"
#include "worker/write/view_writer.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kPositionsAtOnce = 1'048'576;  // written in one batch

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

std::unexpected<Error> lost() {
  return fail(ErrorCode::Unavailable, "The rows of the view were evicted from the cache; open it again.");
}

// Builds one view. The state is what is known of it so far; each step that adds to it sends it.
class ViewBuilder {
 public:
  ViewBuilder(TaskContext& context, const ViewWork& work) : context_(context), work_(work) {}

  // The result of the task's statement.
  Status build_statement(ViewState& state);
  // The task's selection of a dataset's rows.
  Status build_selection(const Dataset& dataset, ViewState& state);
  // Parts of a statement's result as a dataset to select from.
  Result<Dataset> define_parts();

 private:
  Status build_first(const Dataset& dataset, const Selection& selection, std::int64_t rows, ViewState& state);
  Status build_rows(const Dataset& dataset, const Selection& selection, ViewState& state);
  Status build_positions(const Dataset& dataset, const Selection& selection, ViewState& state);
  Status write_positions(const Dataset& dataset, const Selection& selection, ViewState& state);
  Result<bool> build_order(const Dataset& dataset, const Selection& selection, ViewState& state);
  Status build_columns(const Dataset& dataset);

  TaskContext& context_;
  const ViewWork& work_;
};

Status ViewBuilder::build_statement(ViewState& state) {
  CANVASBACK_ASSIGN(auto stream, open_statement(context_, work_.statement));
  state.method = ViewMethod::Rows;
  state.columns = view_columns(*stream->schema());
  CANVASBACK_TRY(send_state(context_, state));
  return write_rows(context_, *stream, work_.build, state);
}

// Parts of a statement's result as a relation of their own.
Result<Dataset> ViewBuilder::define_parts() {
  std::vector<std::shared_ptr<TableFile>> tables;
  Dataset dataset;
  dataset.name = work_.build.key;
  dataset.kind = DatasetKind::Arrow;
  dataset.rows = rows_of(work_.build.source);
  for (const ViewPart& part : work_.build.source) {
    tables.push_back(context_.tables.find(part.key));
    if (!tables.back()) return lost();
  }
  const SchemaPtr schema = tables.front()->schema();
  dataset.columns = view_columns(*schema);
  context_.engine.engine().define_stream(dataset.name, [schema, tables]() -> Result<std::unique_ptr<BatchStream>> {
    return std::make_unique<PartStream>(schema, tables);
  });
  return dataset;
}

Status ViewBuilder::build_selection(const Dataset& dataset, ViewState& state) {
  Selection selection = work_.selection;
  selection.filter = condition_of(work_, dataset);
  for (const std::string& name : names_of(dataset, selection.columns)) {
    const DatasetColumn* column = dataset.find_column(name);
    if (column == nullptr) return fail(ErrorCode::InvalidData, "There is no column \"" + name + "\".");
    state.columns.push_back(*column);
  }
  if (selection.filter.is_null() && dataset.rows >= 0) {
    state.rows = dataset.rows;
    state.rows_exact = true;
  }
  if (dataset.plain_scan) return build_positions(dataset, selection, state);
  return build_rows(dataset, selection, state);
}

// The first rows, in parts of their own until the others are there.
Status ViewBuilder::build_first(const Dataset& dataset, const Selection& selection, std::int64_t rows,
                                ViewState& state) {
  Selection top = selection;
  top.limit = rows;
  CANVASBACK_ASSIGN(SqlStatement statement, view_sql(dataset, top, false));
  CANVASBACK_ASSIGN(auto stream, context_.engine.execute(std::move(statement), context_.cancel));
  ViewWriter writer(context_.channel, context_.options.spill_folder, fmt::format("{} first {}", work_.build.key, rows),
                    nullptr);
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
  return send_state(context_, state);
}

Status ViewBuilder::build_rows(const Dataset& dataset, const Selection& selection, ViewState& state) {
  state.method = ViewMethod::Rows;
  if (!selection.sort.empty()) {
    context_.progress.begin_step(0, 0.3);
    CANVASBACK_TRY(build_first(dataset, selection, work_.build.first, state));
    context_.progress.begin_step(0.3, 0.7);
    if (rows_of(state.first) < work_.build.first) {
      std::swap(state.parts, state.first);
      return {};
    }
  }
  CANVASBACK_ASSIGN(SqlStatement statement, view_sql(dataset, selection, false));
  CANVASBACK_ASSIGN(auto stream, context_.engine.execute(std::move(statement), context_.cancel));
  const auto columns = state.columns;
  const Status status = write_rows(context_, *stream, work_.build, state);
  state.columns = columns;
  if (status || selection.sort.empty() || context_.cancel.cancelled()) return status;
  const ErrorCode code = status.error().code;
  if (code != ErrorCode::MemoryLimit && code != ErrorCode::StorageLimit) return status;
  // Too large to be put in order; its beginning is not.
  CANVASBACK_TRY(build_first(dataset, selection, limits::kViewFirstRowsMax, state));
  state.parts = std::exchange(state.first, {});
  state.limited = "The view is too large to sort; these are its first rows.";
  return {};
}

// The positions of the selection's rows, in its order, by the engine.
Status ViewBuilder::write_positions(const Dataset& dataset, const Selection& selection, ViewState& state) {
  std::vector<std::int64_t> file_starts{0};
  for (const DataFile& file : dataset.files) file_starts.push_back(file_starts.back() + file.rows);
  CANVASBACK_ASSIGN(SqlStatement statement, view_sql(dataset, selection, true));
  CANVASBACK_ASSIGN(auto stream, context_.engine.execute(std::move(statement), context_.cancel));
  PositionWriter writer(context_, work_.build, dataset, state);
  while (true) {
    CANVASBACK_TRY(context_.cancel.check());
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
Result<bool> ViewBuilder::build_order(const Dataset& dataset, const Selection& selection, ViewState& state) {
  CANVASBACK_ASSIGN(
      auto read,
      RowOrder::read(dataset, {selection.sort, context_.threads, context_.options.sort_bytes_max}, context_.cancel));
  if (!read) return false;
  context_.progress.begin_step(0.1, 0.3);
  const auto names = names_of(dataset, selection.columns);
  const std::vector<std::int64_t> first = read->first(static_cast<std::size_t>(work_.build.first));
  CANVASBACK_ASSIGN(Gathered gathered,
                    gather_rows(dataset, first, {names, context_.threads}, context_.tables, context_.cancel));
  CANVASBACK_ASSIGN(BatchPtr rows, with_places(gathered.rows, &dataset, first));
  ViewWriter writer(context_.channel, context_.options.spill_folder,
                    fmt::format("{} first {}", work_.build.key, work_.build.first), nullptr);
  CANVASBACK_TRY(writer.write(*rows));
  CANVASBACK_TRY(writer.end(rows->schema()));
  state.first = writer.parts();
  CANVASBACK_TRY(send_state(context_, state));
  if (static_cast<std::int64_t>(first.size()) == dataset.rows) {
    std::swap(state.parts, state.first);
    return true;
  }
  CANVASBACK_ASSIGN(std::vector<std::uint32_t> order, std::move(*read).all(context_.cancel));
  PositionWriter positions(context_, work_.build, dataset, state);
  for (std::size_t at = 0; at < order.size(); at += kPositionsAtOnce) {
    CANVASBACK_TRY(context_.cancel.check());
    const auto some = std::span(order).subspan(at, std::min(kPositionsAtOnce, order.size() - at));
    auto buffer = arrow::Buffer::Wrap(some.data(), some.size());
    const auto data = arrow::ArrayData::Make(arrow::uint32(), static_cast<std::int64_t>(some.size()),
                                             {nullptr, std::move(buffer)}, 0);
    CANVASBACK_ASSIGN(const bool more, positions.write(arrow::MakeArray(data)));
    if (!more) return true;
  }
  CANVASBACK_TRY(positions.finish());
  std::vector<std::uint32_t>().swap(order);
  context_.progress.begin_step(0.4, 0.6);
  if (has_room(work_, dataset, names)) CANVASBACK_TRY(build_columns(dataset));
  return true;
}

Status ViewBuilder::build_positions(const Dataset& dataset, const Selection& selection, ViewState& state) {
  const bool sorted = !selection.sort.empty();
  state.method = ViewMethod::Rows;
  const auto rows_max = static_cast<std::int64_t>(work_.build.bytes_max / position_bytes(dataset));
  if (sorted && selection.filter.is_null() && dataset.rows <= rows_max) {
    CANVASBACK_ASSIGN(const bool done, build_order(dataset, selection, state));
    if (done) return {};
  }
  context_.progress.begin_step(0, 0.3);
  CANVASBACK_TRY(build_first(dataset, selection, work_.build.first, state));
  if (rows_of(state.first) < work_.build.first) {
    std::swap(state.parts, state.first);
    return {};
  }
  context_.progress.begin_step(0.3, 0.4);
  if (sorted && dataset.rows > rows_max) {
    if (!state.rows_exact) {
      CANVASBACK_ASSIGN(state.rows, context_.engine.count(dataset, selection, context_.cancel));
      state.rows_exact = true;
    }
    if (state.rows > rows_max) {
      CANVASBACK_TRY(build_first(dataset, selection, limits::kViewFirstRowsMax, state));
      state.parts = std::exchange(state.first, {});
      state.limited = fmt::format(
          "The order of {} rows needs {} MB of the {} MB that a view may take of the cache; these "
          "are its first rows.",
          state.rows, state.rows * static_cast<std::int64_t>(position_bytes(dataset)) / 1'000'000,
          work_.build.bytes_max / 1'000'000);
      return {};
    }
  }
  ViewState positions = state;
  CANVASBACK_TRY(write_positions(dataset, selection, positions));
  if (!positions.limited.empty()) {
    state = std::move(positions);
    return {};
  }
  context_.progress.begin_step(0.7, 0.3);
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
    CANVASBACK_ASSIGN(auto rows, context_.engine.execute(std::move(all), context_.cancel));
    const auto columns = state.columns;
    ViewState quiet = state;
    CANVASBACK_TRY(write_rows(context_, *rows, work_.build, quiet));
    quiet.columns = columns;
    state = std::move(quiet);
    return {};
  }
  state = std::move(positions);
  return sorted && has_room(work_, dataset, names) ? build_columns(dataset) : Status();
}

// For windows of rows that lie anywhere.
Status ViewBuilder::build_columns(const Dataset& dataset) {
  ColumnPartsOptions options;
  options.columns = names_of(dataset, work_.selection.columns);
  options.threads = context_.threads;
  options.spill_folder = context_.options.spill_folder;
  options.progress = [&progress = context_.progress](double share) { progress.set_share(share); };
  return build_column_parts(dataset, options, context_.tables, context_.channel, context_.cancel);
}

}  // namespace

Status run_view(TaskContext& context, const ViewWork& work) {
  ViewBuilder builder(context, work);
  context.metrics.method = "view";
  ViewState state;
  if (!work.statement.sql.empty()) {
    CANVASBACK_TRY(builder.build_statement(state));
  } else if (!work.build.source.empty()) {
    CANVASBACK_ASSIGN(Dataset dataset, builder.define_parts());
    CANVASBACK_TRY(check_selection(work.selection, dataset));
    CANVASBACK_TRY(builder.build_selection(dataset, state));
  } else {
    CANVASBACK_ASSIGN(const Dataset* dataset, context.datasets.find(work.dataset));
    CANVASBACK_TRY(context.files.check(*dataset, context.cancel));
    CANVASBACK_TRY(context.engine.define(*dataset));
    CANVASBACK_TRY(check_selection(work.selection, *dataset));
    CANVASBACK_TRY(builder.build_selection(*dataset, state));
  }
  context.metrics.rows = state.rows;
  context.end.done.set("view", to_json(state));
  return {};
}

}  // namespace canvasback
