#include "worker/roles/query/rows_task.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <numeric>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/unique_fd.hpp"
#include "query/cursor.hpp"
#include "sql/sql_builder.hpp"
#include "storage/file_identity.hpp"
#include "worker/roles/query/answer.hpp"
#include "worker/roles/query/place_stream.hpp"

namespace canvasback {
namespace {

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

// Where a rows task's batches come from, and what is known for the end of a JSON answer.
struct Plan {
  std::unique_ptr<BatchStream> stream;
  std::function<Json()> tail;            // total_rows, total_exact, next
  const DataFile* whole_file = nullptr;  // the answer is this file as it is
};

Result<Plan> plan_engine(TaskContext& context, const RowsWork& work, const Dataset& dataset) {
  const Selection& selection = work.selection;
  CANVASBACK_TRY(context.files.check(dataset, context.cancel));
  std::optional<Cursor> cursor;
  if (!selection.after.empty()) {
    CANVASBACK_ASSIGN(cursor, checked_cursor(selection, dataset));
  }
  CANVASBACK_TRY(context.engine.define(dataset));
  const bool paged = context.task.output.format == "json" && selection.limit.has_value();
  // One row more than the page tells whether there is a next one.
  Selection asked = selection;
  if (paged) asked.limit = *selection.limit + 1;
  CANVASBACK_ASSIGN(SqlStatement statement, rows_sql(dataset, asked, cursor ? &*cursor : nullptr, paged));
  const int hidden_columns = statement.hidden_columns;
  CANVASBACK_ASSIGN(auto opened, context.engine.execute(std::move(statement), context.cancel));
  auto places = std::make_unique<PlaceStream>(std::move(opened), hidden_columns, paged ? *selection.limit : INT64_MAX);
  const PlaceStream* watched = places.get();
  const std::int64_t seen = cursor ? cursor->seen : selection.offset;
  Plan plan;
  plan.stream = std::move(places);
  plan.tail = [&context, &work, &dataset, watched, seen] {
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
      auto counted = context.engine.count(dataset, wanted, context.cancel);
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

Result<Plan> plan_rows(TaskContext& context, const RowsWork& work, const Dataset& dataset) {
  const Selection& selection = work.selection;
  if (!RangeReader::can_read(dataset) || !selection.in_file_order()) {
    context.metrics.method = "duckdb";
    return plan_engine(context, work, dataset);
  }
  std::int64_t offset = selection.offset;
  if (!selection.after.empty()) {
    CANVASBACK_ASSIGN(Cursor cursor, checked_cursor(selection, dataset));
    if (!cursor.offset) return fail(ErrorCode::InvalidData, "The cursor belongs to another selection.");
    offset = *cursor.offset;
  }
  const std::int64_t available = std::max<std::int64_t>(0, dataset.rows - offset);
  const std::int64_t rows = std::min(selection.limit.value_or(INT64_MAX), available);
  context.progress.expect_rows(rows);
  Plan plan;
  if (dataset.plain_scan && context.task.output.format == "parquet" && context.task.output.compression.empty() &&
      selection.columns.empty() && offset == 0 && rows == dataset.rows && dataset.files.size() == 1) {
    CANVASBACK_TRY(context.files.check(dataset, context.cancel));
    context.metrics.method = "file";
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
  CANVASBACK_ASSIGN(plan.stream,
                    context.ranges.read(dataset, {selection.columns, offset, rows}, context.cancel, context.metrics));
  return plan;
}

// The file as it is: the answer to `parquet` for all of a dataset of one file.
Status pass_file(TaskContext& context, const DataFile& file) {
  UniqueFd fd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !has_identity(file, info)) {
    return std::unexpected(changed_file(file.path));
  }
  std::string buffer(limits::kMiB, '\0');
  std::uint64_t left = file.bytes;
  while (left > 0) {
    CANVASBACK_TRY(context.cancel.check());
    const auto at = static_cast<off_t>(file.bytes - left);
    const ssize_t got = ::pread(fd.get(), buffer.data(), std::min<std::uint64_t>(buffer.size(), left), at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(ErrorCode::InvalidData, "The file " + file.path + " ended early.");
    CANVASBACK_TRY(context.sink.write({buffer.data(), static_cast<std::size_t>(got)}));
    left -= static_cast<std::uint64_t>(got);
    context.progress.set_bytes(context.sink.bytes());
    const double share = static_cast<double>(file.bytes - left) / static_cast<double>(file.bytes);
    context.progress.set_rows(static_cast<std::int64_t>(share * static_cast<double>(file.rows)));
  }
  context.metrics.rows = file.rows;
  return {};
}

}  // namespace

Status run_rows(TaskContext& context, const RowsWork& work) {
  CANVASBACK_ASSIGN(const Dataset* dataset, context.datasets.find(work.dataset));
  Stopwatch watch;
  CANVASBACK_ASSIGN(Plan plan, plan_rows(context, work, *dataset));
  context.metrics.engine_ms += watch.elapsed_ms();
  if (plan.whole_file != nullptr) return pass_file(context, *plan.whole_file);
  auto tail = [&] {
    Json out = plan.tail();
    if (out.at("total_exact").as_bool()) context.metrics.counted_total = out.at("total_rows").as_int();
    add_left_out(out, context.task.files.left_out);
    out.set("performance_metrics", metrics_json(context));
    return out;
  };
  return write_answer(context, *plan.stream, tail);
}

}  // namespace canvasback
