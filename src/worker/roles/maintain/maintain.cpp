#include "worker/roles/maintain/maintain.hpp"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <set>

#include "base/iso_week.hpp"
#include "base/limits.hpp"
#include "base/work_pieces.hpp"
#include "sql/column_names.hpp"
#include "sql/record_range_sql.hpp"
#include "sql/sql_builder.hpp"
#include "storage/dataset.hpp"
#include "storage/parquet/file_check.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/parquet/part_writer.hpp"
#include "storage/parquet/scan.hpp"
#include "storage/table/part_info.hpp"
#include "storage/table/pulled/key_map.hpp"
#include "storage/table/pulled/pulled_table.hpp"
#include "stream/named_batches.hpp"
#include "task/collection_task.hpp"
#include "worker/write/key_writer.hpp"

namespace canvasback {
namespace {

constexpr const char* kTimeColumn = "canvasback_record_time";
constexpr int kPartZstdLevel = 3;

std::int64_t time_at(const arrow::RecordBatch& batch, std::int64_t row) {
  // The last column: the record time in microseconds.
  return static_cast<const arrow::Int64Array&>(*batch.column(batch.num_columns() - 1)).Value(row);
}

KeyWriter key_writer(const RecordSchema& schema, const std::string& key_secret, WorkFeed& feed,
                     const CancelToken& cancel) {
  return KeyWriter(KeyColumns(schema, key_secret), [&feed, &cancel] { return feed.need_file(kNeedKeys, cancel); });
}

class Merge {
 public:
  Merge(const MergeWork& work, Engine& engine, WorkFeed& feed, int threads, const CancelToken& cancel)
      : work_(work), engine_(engine), feed_(feed), threads_(threads), cancel_(cancel) {}

  Result<std::vector<MergedPart>> run() {
    const Dataset& dataset = work_.files;
    // Just before the engine reads them: a page that was read is in memory then.
    CANVASBACK_TRY(work_pieces(threads_, dataset.files.size(),
                               [&](std::size_t i, std::size_t) { return check_file(dataset.files[i], cancel_); }));
    if (work_.schema) keys_.emplace(key_writer(*work_.schema, work_.key_secret, feed_, cancel_));
    std::vector<std::string> names;  // as they are to stand in the file, whatever the engine makes of them
    const Kinds& kinds = dataset.file_kinds ? dataset.file_kinds->all : work_.info.kinds;
    for (const KindColumn& column : columns_of_members(kinds)) names.push_back(column.name);
    const std::string time_sql = record_time_sql(record_time_columns(work_.info.kinds), ColumnNames(names));
    const std::string from = relation_sql(dataset);
    engine_.use_threads(threads_);
    CANVASBACK_TRY(find_weeks(from, time_sql));
    SqlRequest request;
    // By its place: a record may have a field of any name.
    request.sql =
        fmt::format("SELECT *, epoch_us({}) AS {} FROM {} ORDER BY {}", time_sql, kTimeColumn, from, names.size() + 1);
    request.convert_threads = threads_;
    CANVASBACK_ASSIGN(auto opened, engine_.execute(request, cancel_));
    if (static_cast<std::size_t>(opened->schema()->num_fields()) != names.size() + 1) {
      return fail(ErrorCode::DataProcessing, "A merge found other columns than there are.");
    }
    const auto stream = std::make_unique<NamedBatches>(std::move(opened), names);
    while (true) {
      CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
      if (!batch) break;
      CANVASBACK_TRY(write(*batch));
    }
    if (weeks_.empty()) {
      // Nothing is left of the records, but what the files say beside them has to be kept.
      weeks_.push_back(week_number_of(work_.info.time_us));
      CANVASBACK_TRY(begin_part(*stream->schema(), weeks_[0]));
    }
    CANVASBACK_TRY(end_part());
    if (keys_) CANVASBACK_TRY(keys_->finish());
    if (parts_.size() != weeks_.size()) {
      return fail(ErrorCode::DataProcessing, "A merge found other weeks than there are.");
    }
    return std::move(parts_);
  }

 private:
  // The parts of a merge name each other, so all weeks must be known before the first is written.
  Status find_weeks(const std::string& from, const std::string& time_sql) {
    SqlRequest request;
    request.sql =
        fmt::format("SELECT DISTINCT epoch_us(date_trunc('week', {})) AS week FROM {} ORDER BY week", time_sql, from);
    CANVASBACK_ASSIGN(auto stream, engine_.execute(request, cancel_));
    while (true) {
      CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
      if (!batch) return {};
      for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
        weeks_.push_back(week_number_of(static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(row)));
      }
    }
  }

  std::string id_of(std::int64_t week) const { return fmt::format("{}-{}", work_.id, week); }

  Status write(const arrow::RecordBatch& batch) {
    for (std::int64_t begin = 0; begin < batch.num_rows();) {
      const std::int64_t week = week_number_of(time_at(batch, begin));
      std::int64_t end = begin + 1;
      // Sorted by time: a batch that ends in the week is all of it.
      if (week_number_of(time_at(batch, batch.num_rows() - 1)) == week) {
        end = batch.num_rows();
      } else {
        while (end < batch.num_rows() && week_number_of(time_at(batch, end)) == week) ++end;
      }
      if (!writer_ || week != week_) {
        CANVASBACK_TRY(end_part());
        CANVASBACK_TRY(begin_part(*batch.schema(), week));
      }
      auto columns = batch.columns();
      columns.pop_back();
      const auto rows = arrow::RecordBatch::Make(schema_, batch.num_rows(), columns)->Slice(begin, end - begin);
      CANVASBACK_TRY(writer_->write_batch(*rows));
      if (keys_) CANVASBACK_TRY(keys_->add(*schema_, rows->columns(), rows->num_rows()));
      CANVASBACK_TRY(cancel_.check());
      begin = end;
    }
    return {};
  }

  Status begin_part(const arrow::Schema& with_time, std::int64_t week) {
    week_ = week;
    auto fields = with_time.fields();
    fields.pop_back();
    schema_ = arrow::schema(fields);
    const IsoWeek iso = iso_week_of(week);
    Json request;
    request.set("name", kNeedPart);
    request.set("year", iso.year);
    request.set("week", iso.week);
    CANVASBACK_ASSIGN(file_, feed_.need_file(request, cancel_));
    PartWriterOptions options;
    options.zstd_level = kPartZstdLevel;
    options.threads = threads_;
    options.row_group_rows = limits::kPartRowGroupRows;
    std::vector<std::string> keys;
    if (work_.schema) keys = single_keys(*work_.schema);
    options.bloom_columns = filtered_columns(*schema_, keys);
    CANVASBACK_ASSIGN(writer_, PartWriter::open(file_.get(), schema_, std::move(options)));
    return {};
  }

  Status end_part() {
    if (!writer_) return {};
    PartInfo info = work_.info;
    info.records = writer_->rows();
    info.id = id_of(week_);
    for (std::int64_t week : weeks_) info.together.push_back(id_of(week));
    // What is told once stands in the first of them.
    if (!parts_.empty()) {
      info.requests.clear();
      info.conflicts.clear();
    }
    CANVASBACK_ASSIGN(WrittenPart written, writer_->finish(to_json(info).dump()));
    writer_.reset();
    file_.reset();
    const IsoWeek iso = iso_week_of(week_);
    parts_.push_back(
        {iso.year, iso.week, written.rows, written.bytes, std::move(written.row_group_rows), std::move(info)});
    return {};
  }

  const MergeWork& work_;
  Engine& engine_;
  WorkFeed& feed_;
  const int threads_;
  const CancelToken& cancel_;
  std::vector<std::int64_t> weeks_;
  std::int64_t week_ = 0;
  SchemaPtr schema_;
  UniqueFd file_;
  std::unique_ptr<PartWriter> writer_;
  std::optional<KeyWriter> keys_;
  std::vector<MergedPart> parts_;
};

// Reads all of a file, so that every page's checksum and value is looked at.
Status read_whole(const DataFile& file, const CancelToken& cancel) {
  ScanOptions options;
  options.files.push_back(file);
  CANVASBACK_ASSIGN(auto stream, make_parquet_scan(std::move(options), cancel));
  std::int64_t rows = 0;
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch) break;
    rows += batch->num_rows();
  }
  if (rows == file.rows) return {};
  return fail(ErrorCode::InvalidData, fmt::format("The footer says {} rows, {} are there.", file.rows, rows));
}

Result<ExaminedFile> examine(DataFile file, bool deep, const CancelToken& cancel) {
  CANVASBACK_TRY(deep ? check_file(file, cancel) : check_footer(file));
  Dataset dataset;
  dataset.kind = DatasetKind::Parquet;
  dataset.files.push_back(std::move(file));
  CANVASBACK_TRY(add_parquet_footers(dataset));
  CANVASBACK_ASSIGN(std::string info, read_part_info(dataset.files[0]));
  if (info.empty()) return fail(ErrorCode::InvalidData, "The file does not belong to a collection.");
  CANVASBACK_ASSIGN(Json parsed, Json::parse(info, 128));
  if (parsed.at("records").as_int(-1) != dataset.files[0].rows) {
    return fail(ErrorCode::InvalidData, "The file does not hold the records it was written with.");
  }
  if (deep) CANVASBACK_TRY(read_whole(dataset.files[0], cancel));
  return ExaminedFile{dataset.files[0].rows, dataset.files[0].row_group_rows, part_info_from_json(parsed), {}};
}

}  // namespace

Result<std::vector<MergedPart>> run_merge(const MergeWork& work, Engine& engine, WorkFeed& feed, int threads,
                                          const CancelToken& cancel) {
  return Merge(work, engine, feed, threads, cancel).run();
}

Status run_keys(const KeysWork& work, WorkFeed& feed, const CancelToken& cancel) {
  const Dataset& listed = work.files;
  KeyWriter keys = key_writer(work.schema, work.key_secret, feed, cancel);
  for (std::size_t i = 0; i < listed.files.size() && i < work.columns.size(); ++i) {
    if (listed.files[i].rows == 0) continue;
    ScanOptions options;
    options.files.push_back(listed.files[i]);
    options.columns = work.columns[i];
    const auto scan = [&]() -> Status {
      CANVASBACK_ASSIGN(auto stream, make_parquet_scan(std::move(options), cancel));
      while (true) {
        CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
        if (!batch) return {};
        CANVASBACK_TRY(keys.add(*batch->schema(), batch->columns(), batch->num_rows()));
      }
    };
    if (Status scanned = scan(); !scanned) {
      // Whoever cannot have the keys has to know of which file.
      Error error = scanned.error();
      const std::string name = listed.files[i].path.substr(listed.files[i].path.rfind('/') + 1);
      error.message = fmt::format("{}: {}", name, error.message);
      return std::unexpected(std::move(error));
    }
  }
  return keys.finish();
}

Result<std::vector<ExaminedFile>> run_examine(const ExamineWork& work, const CancelToken& cancel) {
  std::vector<ExaminedFile> files;
  for (const DataFile& file : work.files.files) {
    CANVASBACK_TRY(cancel.check());
    auto examined = examine(file, work.deep, cancel);
    if (examined) {
      files.push_back(std::move(*examined));
    } else {
      files.emplace_back().error = examined.error();
    }
  }
  return files;
}

namespace {

// A part, or the key map of one of a pulled table.
Status check_given(int fd, const DataFile& file, const CancelToken& cancel) {
  if (!file.path.ends_with(kKeyMapSuffix)) return check_file(fd, file, cancel);
  auto map = KeyMap::open(fd);
  const Status checked = map ? (*map)->check_all() : Status(std::unexpected(map.error()));
  if (checked) return {};
  Error error = checked.error();
  error.message = fmt::format("The file {} is damaged: {}", file.path, error.message);
  return std::unexpected(std::move(error));
}

}  // namespace

Status run_check(const CheckWork& work, WorkFeed& feed, const CancelToken& cancel) {
  const Dataset& listed = work.files;
  for (std::size_t i = 0; i < listed.files.size(); ++i) {
    if (!work.given) {
      CANVASBACK_TRY(check_file(listed.files[i], cancel));
      continue;
    }
    Json request;
    request.set("name", kNeedInput);
    request.set("index", static_cast<std::uint64_t>(i));
    CANVASBACK_ASSIGN(const UniqueFd fd, feed.need_file(request, cancel));
    CANVASBACK_TRY(check_given(fd.get(), listed.files[i], cancel));
  }
  return {};
}

}  // namespace canvasback
