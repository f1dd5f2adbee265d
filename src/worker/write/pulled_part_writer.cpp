#include "worker/write/pulled_part_writer.hpp"

#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api.h>

#include <algorithm>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "storage/table/pulled/row_hashes.hpp"
#include "task/pull_task.hpp"

namespace canvasback {
namespace {

constexpr int kZstdLevel = 1;
constexpr std::int64_t kSampleRows = 4'096;

Error from_arrow(const arrow::Status& status) {
  return Error{ErrorCode::DataProcessing, "Rows could not be selected.", status.ToString(), {}, {}};
}

bool is_range(std::span<const std::int64_t> numbers) {
  return !numbers.empty() && numbers.back() - numbers.front() + 1 == static_cast<std::int64_t>(numbers.size());
}

// Columns of which more than half of the first values are different ones.
Result<std::vector<std::string>> varied_columns(const arrow::RecordBatch& batch) {
  std::vector<std::string> out;
  const std::int64_t rows = std::min(batch.num_rows(), kSampleRows);
  for (int i = 0; i < batch.num_columns(); ++i) {
    const auto field = batch.schema()->field(i);
    const auto sample = arrow::RecordBatch::Make(arrow::schema({field}), rows, {batch.column(i)->Slice(0, rows)});
    CANVASBACK_ASSIGN(auto hashes, row_hashes(*sample));
    std::ranges::sort(hashes);
    const auto repeated = std::ranges::unique(hashes);
    if (2 * static_cast<std::int64_t>(repeated.begin() - hashes.begin()) > rows) out.push_back(field->name());
  }
  return out;
}

// The footer's info (kPartInfoKey).
std::string part_info(std::int64_t rows) {
  Json info;
  info.set("pulled", true);
  info.set("records", rows);
  return info.dump();
}

}  // namespace

Result<BatchPtr> take_rows(const arrow::RecordBatch& batch, std::span<const std::int64_t> numbers) {
  arrow::Int64Builder builder;
  arrow::Status appended = builder.AppendValues(numbers.data(), static_cast<std::int64_t>(numbers.size()));
  if (!appended.ok()) return std::unexpected(from_arrow(appended));
  auto indices = builder.Finish();
  if (!indices.ok()) return std::unexpected(from_arrow(indices.status()));
  arrow::ArrayVector columns;
  for (const auto& column : batch.columns()) {
    auto taken = arrow::compute::Take(*column, **indices, arrow::compute::TakeOptions::NoBoundsCheck());
    if (!taken.ok()) return std::unexpected(from_arrow(taken.status()));
    columns.push_back(std::move(*taken));
  }
  return arrow::RecordBatch::Make(batch.schema(), static_cast<std::int64_t>(numbers.size()), std::move(columns));
}

Result<PulledRows> PulledRows::take(std::span<const std::int64_t> numbers) const {
  PulledRows out;
  if (is_range(numbers)) {
    out.values = values->Slice(numbers.front(), static_cast<std::int64_t>(numbers.size()));
  } else {
    CANVASBACK_ASSIGN(out.values, take_rows(*values, numbers));
  }
  for (const std::int64_t number : numbers) {
    const auto row = static_cast<std::size_t>(number);
    out.keys.push(keys[row]);
    out.changed_us.push_back(changed_us[row]);
    out.hashes.push_back(hashes[row]);
    out.period_of.push_back(period_of[row]);
  }
  out.periods = periods;
  return out;
}

Result<std::unique_ptr<PulledPartWriter>> PulledPartWriter::open(std::uint64_t number, std::string period,
                                                                 SchemaPtr schema, int threads, WorkFeed& feed,
                                                                 const CancelToken& cancel) {
  std::unique_ptr<PulledPartWriter> out(new PulledPartWriter(feed, cancel));
  out->part_.number = number;
  out->part_.period = std::move(period);
  Json request;
  request.set("name", kNeedPulledPart);
  request.set("number", number);
  request.set("period", out->part_.period);
  CANVASBACK_ASSIGN(out->file_, feed.need_file(request, cancel));
  out->schema_ = std::move(schema);
  out->threads_ = threads;
  return out;
}

Status PulledPartWriter::begin(const arrow::RecordBatch& first) {
  PartWriterOptions options;
  options.zstd_level = kZstdLevel;
  options.threads = threads_;
  options.row_group_rows = limits::kPartRowGroupRows;
  options.decimals_as_integers = true;
  CANVASBACK_ASSIGN(options.varied_columns, varied_columns(first));
  CANVASBACK_ASSIGN(writer_, PartWriter::open(file_.get(), schema_, std::move(options)));
  return {};
}

Status PulledPartWriter::add(const PulledRows& rows) {
  if (!writer_) CANVASBACK_TRY(begin(*rows.values));
  CANVASBACK_TRY(writer_->write_batch(*rows.values));
  for (std::size_t row = 0; row < rows.keys.size(); ++row) {
    keys_.add(rows.keys[row], rows.changed_us[row], rows.hashes[row]);
  }
  if (part_.period != kRecent) return {};
  std::vector<std::int64_t> counts(rows.periods.size());
  for (const std::uint32_t period : rows.period_of) ++counts[period];
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) part_.periods[rows.periods[i]] += counts[i];
  }
  return {};
}

Result<PulledPart> PulledPartWriter::finish() {
  if (!writer_) return fail(ErrorCode::DataProcessing, "A part has no rows.");
  CANVASBACK_ASSIGN(WrittenPart written, writer_->finish(part_info(keys_.rows())));
  if (written.rows != keys_.rows()) return fail(ErrorCode::DataProcessing, "A part has other rows than its key map.");
  Json request;
  request.set("name", kNeedKeyMap);
  request.set("number", part_.number);
  CANVASBACK_ASSIGN(const UniqueFd map, feed_.need_file(request, cancel_));
  CANVASBACK_ASSIGN(part_.key_map_bytes, keys_.finish(map.get()));
  part_.rows = written.rows;
  part_.bytes = written.bytes;
  part_.row_group_rows = std::move(written.row_group_rows);
  part_.least = keys_.least();
  part_.greatest = keys_.greatest();
  return std::move(part_);
}

}  // namespace canvasback
