// The part of Executor that answers a rows task: which way the rows are found, and what is said at the end.
#include <arrow/table.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <numeric>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/unique_fd.hpp"
#include "query/cursor.hpp"
#include "sql/sql_builder.hpp"
#include "storage/block_cache.hpp"
#include "storage/file_identity.hpp"
#include "storage/parquet/row_group_reader.hpp"
#include "storage/parquet/scan.hpp"
#include "worker/roles/query/executor.hpp"
#include "worker/roles/query/place_stream.hpp"
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

std::int64_t rows_before(const Dataset& dataset, std::int64_t file_index) {
  std::int64_t rows = 0;
  for (std::int64_t i = 0; i < file_index && i < static_cast<std::int64_t>(dataset.files.size()); ++i) {
    rows += dataset.files[static_cast<std::size_t>(i)].rows;
  }
  return rows;
}

// The cursor of a request, if it belongs to this dataset as it is now and to this selection.
Result<Cursor> checked_cursor(const Selection& selection, const Dataset& dataset) {
  CANVASBACK_ASSIGN(Cursor cursor, decode_cursor(selection.after));
  if (cursor.version != dataset.version) {
    return fail(ErrorCode::CursorExpired, "The dataset changed since `after` was given: begin again without it.");
  }
  if (cursor.signature != signature_of(selection)) {
    return fail(ErrorCode::InvalidData, "The cursor belongs to another sort order, filter or sample.");
  }
  return cursor;
}

Json totals(std::int64_t rows, bool exact) {
  Json out;
  out.set("total_rows", rows >= 0 ? Json(rows) : Json());
  out.set("total_exact", exact && rows >= 0);
  return out;
}

}  // namespace

Status Executor::run_rows(const Task& task, const RowsWork& work, const CancelToken& cancel, FrameSink& sink,
                          TaskMetrics& metrics) {
  auto found = catalog_.find(work.dataset);
  if (found == catalog_.end()) return fail(ErrorCode::DatasetNotFound, "There is no dataset \"" + work.dataset + "\".");
  const Dataset& dataset = found->second;
  Stopwatch watch;
  CANVASBACK_ASSIGN(Plan plan, plan_rows(task, work, dataset, cancel, metrics));
  metrics.engine_ms += watch.elapsed_ms();
  if (plan.whole_file != nullptr) return pass_file(*plan.whole_file, cancel, sink, metrics);
  auto tail = [&] {
    Json out = plan.tail();
    if (out.at("total_exact").as_bool()) metrics.counted_total = out.at("total_rows").as_int();
    add_left_out(out, task.files.left_out);
    out.set("performance_metrics", metrics_json(task, sink, metrics));
    return out;
  };
  return encode(task, *plan.stream, tail, sink, metrics, cancel);
}

Result<Executor::Plan> Executor::plan_rows(const Task& task, const RowsWork& work, const Dataset& dataset,
                                           const CancelToken& cancel, TaskMetrics& metrics) {
  const Selection& selection = work.selection;
  if (!(dataset.plain_scan || dataset.text) || !selection.in_file_order()) {
    metrics.method = "duckdb";
    return plan_engine(task, work, dataset, cancel);
  }
  std::int64_t offset = selection.offset;
  if (!selection.after.empty()) {
    CANVASBACK_ASSIGN(Cursor cursor, checked_cursor(selection, dataset));
    if (!cursor.offset) return fail(ErrorCode::InvalidData, "The cursor belongs to another selection.");
    offset = *cursor.offset;
  }
  const std::int64_t available = std::max<std::int64_t>(0, dataset.rows - offset);
  const std::int64_t rows = std::min(selection.limit.value_or(INT64_MAX), available);
  rows_expected_ = rows;
  Plan plan;
  if (dataset.plain_scan && task.output.format == "parquet" && task.output.compression.empty() &&
      selection.columns.empty() && offset == 0 && rows == dataset.rows && dataset.files.size() == 1) {
    CANVASBACK_TRY(check_files(dataset, cancel));
    metrics.method = "file";
    plan.whole_file = &dataset.files[0];
    return plan;
  }
  plan.tail = [&dataset, offset, rows] {
    Json out = totals(dataset.rows, true);
    Cursor next;
    next.version = dataset.version;
    next.offset = offset + rows;
    next.seen = offset + rows;
    out.set("next", offset + rows < dataset.rows ? Json(encode_cursor(next)) : Json());
    return out;
  };
  CANVASBACK_ASSIGN(plan.stream, plan_range(dataset, selection.columns, offset, rows, cancel, metrics));
  return plan;
}

// A range of rows without the engine. Precondition: dataset.plain_scan or dataset.text, and there are so many rows.
Result<std::unique_ptr<BatchStream>> Executor::plan_range(const Dataset& dataset,
                                                          const std::vector<std::string>& columns, std::int64_t offset,
                                                          std::int64_t rows, const CancelToken& cancel,
                                                          TaskMetrics& metrics) {
  CANVASBACK_TRY(check_files(dataset, cancel, offset, rows));
  if (dataset.text) {
    metrics.method = "plain_scan";
    return plan_text_range(dataset, columns, offset, rows, cancel);
  }
  if (rows <= limits::kPageRowsMax) {
    CANVASBACK_ASSIGN(auto page, plan_page(dataset, columns, offset, rows, metrics));
    if (page) return page;
  }
  metrics.method = "plain_scan";
  return make_parquet_scan({dataset.files, columns, offset, rows, threads_}, cancel);
}

Result<std::unique_ptr<BatchStream>> Executor::plan_text_range(const Dataset& dataset,
                                                               const std::vector<std::string>& columns,
                                                               std::int64_t offset, std::int64_t rows,
                                                               const CancelToken& cancel) {
  TextRange range{{}, offset, rows, threads_};
  for (std::size_t i = 0; columns.empty() && i < dataset.columns.size(); ++i) {
    range.columns.push_back(static_cast<int>(i));
  }
  for (const std::string& name : columns) {
    const DatasetColumn* column = dataset.find_column(name);
    if (column == nullptr) return fail(ErrorCode::InvalidData, "There is no column \"" + name + "\".");
    range.columns.push_back(static_cast<int>(column - dataset.columns.data()));
  }
  CANVASBACK_ASSIGN(auto source, text_source(dataset));
  CANVASBACK_ASSIGN(auto stream, read_text_range(std::move(source), range, cancel));
  return with_names(std::move(stream), dataset, range.columns);
}

// nullptr where the engine has to answer: the files are none that are read in order, or a name is spelled in another
// way than the file has it.
Result<std::unique_ptr<BatchStream>> Executor::plan_plain_select(const PlainSelect& select, const CancelToken& cancel,
                                                                 TaskMetrics& metrics) {
  const Dataset* dataset = find_table(select.table);
  if (!dataset || !(dataset->plain_scan || dataset->text)) return std::unique_ptr<BatchStream>();
  for (const std::string& column : select.columns) {
    if (!dataset->find_column(column)) return std::unique_ptr<BatchStream>();
  }
  const std::int64_t available = std::max<std::int64_t>(0, dataset->rows - select.offset);
  const std::int64_t rows = std::min(select.limit.value_or(INT64_MAX), available);
  rows_expected_ = rows;
  return plan_range(*dataset, select.columns, select.offset, rows, cancel, metrics);
}

// A page out of decoded row groups that are cached, or of just the rows it wants, whose row group is then decoded for
// its neighbours behind the answer; nullptr where the rows are too large to hold at once.
Result<std::unique_ptr<BatchStream>> Executor::plan_page(const Dataset& dataset,
                                                         const std::vector<std::string>& columns, std::int64_t offset,
                                                         std::int64_t limit, TaskMetrics& metrics) {
  metrics.method = "cached_block";
  std::vector<BatchPtr> batches;
  const std::vector<RowRange> ranges = locate_rows(dataset.files, offset, limit);
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
    if (bytes <= limits::kCacheEntryBytesMax && !rows_alone_ && (block_writer_->take(key) || threads_ == 1)) {
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
    if (bytes <= limits::kCacheEntryBytesMax) block_writer_->want({key, file, range.row_group, columns});
  }
  SchemaPtr schema = batches[0]->schema();
  return std::make_unique<Ready>(std::move(schema), std::move(batches));
}

Result<Executor::Plan> Executor::plan_engine(const Task& task, const RowsWork& work, const Dataset& dataset,
                                             const CancelToken& cancel) {
  const Selection& selection = work.selection;
  CANVASBACK_TRY(check_files(dataset, cancel));
  std::optional<Cursor> cursor;
  if (!selection.after.empty()) {
    CANVASBACK_ASSIGN(cursor, checked_cursor(selection, dataset));
  }
  CANVASBACK_TRY(define(dataset));
  const bool paged = task.output.format == "json" && selection.limit.has_value();
  // One row more than the page tells whether there is a next one.
  Selection asked = selection;
  if (paged) asked.limit = *selection.limit + 1;
  CANVASBACK_ASSIGN(SqlStatement statement, rows_sql(dataset, asked, cursor ? &*cursor : nullptr, paged));
  const int hidden_columns = statement.hidden_columns;
  CANVASBACK_ASSIGN(auto opened, execute_made(std::move(statement), cancel));
  auto places = std::make_unique<PlaceStream>(std::move(opened), hidden_columns, paged ? *selection.limit : INT64_MAX);
  const PlaceStream* watched = places.get();
  const std::int64_t seen = cursor ? cursor->seen : selection.offset;
  Plan plan;
  plan.stream = std::move(places);
  plan.tail = [this, &work, &dataset, watched, seen, cancel] {
    const Selection& wanted = work.selection;
    const bool more = watched->more() && watched->rows() > 0;
    Json out;
    if (wanted.filter.is_null() && !wanted.sample && dataset.rows >= 0) {
      out = totals(dataset.rows, true);
    } else if (work.known_total) {
      out = totals(*work.known_total, true);
    } else if (!more && (watched->rows() > 0 || seen == 0)) {
      out = totals(seen + watched->rows(), true);
    } else if (!wanted.sort.empty() && !wanted.sample) {
      // The sort has read everything already; one more pass over the filter's columns makes the number exact.
      auto counted = count(dataset, wanted, cancel);
      out = totals(counted ? *counted : -1, counted.has_value());
    } else if (watched->last().file_index >= 0 && dataset.rows > 0 && !wanted.sample) {
      const double read =
          static_cast<double>(rows_before(dataset, watched->last().file_index) + watched->last().file_row + 1);
      const double share = static_cast<double>(seen + watched->rows()) / read;
      out = totals(static_cast<std::int64_t>(share * static_cast<double>(dataset.rows)), false);
    } else {
      out = totals(seen + watched->rows(), false);
    }
    Cursor next = watched->last();
    next.version = dataset.version;
    next.signature = signature_of(wanted);
    next.seen = seen + watched->rows();
    if (next.file_index < 0) next.offset = next.seen;
    out.set("next", more ? Json(encode_cursor(next)) : Json());
    return out;
  };
  return plan;
}

// The file as it is: the answer to `parquet` for all of a dataset of one file.
Status Executor::pass_file(const DataFile& file, const CancelToken& cancel, FrameSink& sink, TaskMetrics& metrics) {
  UniqueFd fd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !has_identity(file, info)) {
    return std::unexpected(changed_file(file.path));
  }
  std::string buffer(limits::kMiB, '\0');
  std::uint64_t left = file.bytes;
  while (left > 0) {
    CANVASBACK_TRY(cancel.check());
    const auto at = static_cast<off_t>(file.bytes - left);
    const ssize_t got = ::pread(fd.get(), buffer.data(), std::min<std::uint64_t>(buffer.size(), left), at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(ErrorCode::InvalidData, "The file " + file.path + " ended early.");
    CANVASBACK_TRY(sink.write({buffer.data(), static_cast<std::size_t>(got)}));
    left -= static_cast<std::uint64_t>(got);
    bytes_sent_ = sink.bytes();
    const double share = static_cast<double>(file.bytes - left) / static_cast<double>(file.bytes);
    rows_sent_ = static_cast<std::int64_t>(share * static_cast<double>(file.rows));
  }
  metrics.rows = file.rows;
  return {};
}

}  // namespace canvasback
