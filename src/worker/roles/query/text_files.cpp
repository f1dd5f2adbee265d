#include "worker/roles/query/text_files.hpp"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <mutex>
#include <optional>

#include "base/limits.hpp"
#include "base/work_pieces.hpp"
#include "record/text_reading.hpp"
#include "source/delimited/delimited_file.hpp"
#include "source/records/json_file.hpp"
#include "sql/shape_sql.hpp"
#include "storage/file_identity.hpp"
#include "storage/partition.hpp"

namespace canvasback {
namespace {

// Smaller files are read side by side, each by one thread; larger ones one after the other, by all of them.
constexpr std::uint64_t kSmallFileBytes = 4 * limits::kMiB;

// Whether the file is to blame, and not the task.
bool is_of_file(ErrorCode code) {
  return code != ErrorCode::Cancelled && code != ErrorCode::QueryTimeout && code != ErrorCode::MemoryLimit &&
         code != ErrorCode::Unavailable;
}

struct FileScan {
  std::optional<DelimitedScan> csv;
  std::optional<JsonScan> json;
  std::optional<Error> error;
  std::string edges;

  TextFileReading& reading() { return csv ? csv->reading : json->reading; }
};

// The first pass over all files of a dataset.
class Inspection {
 public:
  Inspection(Dataset& dataset, const ScanWork& work)
      : dataset_(dataset),
        work_(work),
        settings_(dataset.text ? dataset.text->settings : TextSettings()),
        scans_(dataset.files.size()) {}

  Status run() {
    CANVASBACK_TRY(scan_all());
    take_out_unreadable();
    if (scans_.empty()) {
      const LeftOutFile& first = dataset_.left_out[0];
      return fail(ErrorCode::InvalidData, fmt::format("{}: {}", first.path, first.reason));
    }
    TextReading reading;
    reading.settings = settings_;
    CANVASBACK_TRY(set_columns(reading));
    if (dataset_.columns.empty()) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("{}: The file is empty: it has no row, not even one with the names of its columns.",
                              dataset_.files[0].path));
    }
    dataset_.rows = 0;
    for (std::size_t i = 0; i < scans_.size(); ++i) {
      reading.files.push_back(std::move(scans_[i].reading()));
      reading.files[i].edges = std::move(scans_[i].edges);
      dataset_.files[i].rows = reading.files[i].rows;
      dataset_.rows += reading.files[i].rows;
    }
    dataset_.text = std::make_shared<const TextReading>(std::move(reading));
    return {};
  }

 private:
  Status scan_all() {
    std::vector<std::size_t> small;
    std::vector<std::size_t> large;
    for (std::size_t i = 0; i < dataset_.files.size(); ++i) {
      (dataset_.files[i].bytes <= kSmallFileBytes ? small : large).push_back(i);
    }
    CANVASBACK_TRY(work_pieces(work_.threads, small.size(),
                               [&](std::size_t i, std::size_t) -> Status { return scan(small[i], 1); }));
    for (std::size_t i : large) CANVASBACK_TRY(scan(i, work_.threads));
    return {};
  }

  // Errors: those that end all.
  Status scan(std::size_t i, int threads) {
    CANVASBACK_TRY(work_.cancel.check());
    ScanWork own = work_;
    own.threads = threads;
    std::uint64_t before = 0;
    std::mutex mutex;
    own.on_progress = [&](std::uint64_t bytes) {
      std::scoped_lock lock(mutex);
      if (bytes <= before) return;
      const std::uint64_t done = done_.fetch_add(bytes - before) + bytes - before;
      before = bytes;
      if (work_.on_progress) work_.on_progress(done);
    };
    const std::string& path = dataset_.files[i].path;
    FileScan& out = scans_[i];
    CANVASBACK_ASSIGN(out.edges, file_edges(path, dataset_.files[i].bytes));
    if (dataset_.kind == DatasetKind::Csv) {
      auto found = scan_delimited(path, settings_, own);
      if (found) {
        out.csv = std::move(*found);
      } else {
        out.error = found.error();
      }
    } else {
      auto found = scan_json(path, settings_, own);
      if (found) {
        out.json = std::move(*found);
      } else {
        out.error = found.error();
      }
    }
    if (out.error && !is_of_file(out.error->code)) return std::unexpected(*out.error);
    struct stat info {};
    const bool is_same = ::stat(path.c_str(), &info) == 0 &&
                         (has_identity(dataset_.files[i], info) || has_grown(dataset_.files[i], out.edges, info));
    return is_same ? Status() : std::unexpected(changed_file(path));
  }

  void take_out_unreadable() {
    std::vector<DataFile> files;
    std::vector<FileScan> scans;
    for (std::size_t i = 0; i < scans_.size(); ++i) {
      if (scans_[i].error) {
        dataset_.left_out.push_back({dataset_.files[i].path, scans_[i].error->message});
        continue;
      }
      files.push_back(std::move(dataset_.files[i]));
      scans.push_back(std::move(scans_[i]));
    }
    dataset_.files = std::move(files);
    scans_ = std::move(scans);
  }

  Status set_columns(TextReading& reading) {
    if (dataset_.kind == DatasetKind::Csv) {
      std::vector<DelimitedScan> scans;
      for (FileScan& scan : scans_) scans.push_back(std::move(*scan.csv));
      auto columns = decide_columns(scans, settings_);
      for (std::size_t i = 0; i < scans.size(); ++i) scans_[i].csv = std::move(scans[i]);
      if (!columns) return std::unexpected(columns.error());
      reading.columns = std::move(*columns);
    } else {
      Kinds kinds;
      for (const FileScan& scan : scans_) kinds.merge(scan.json->kinds);
      reading.kinds = column_kinds(kinds);
      reading.columns = json_columns(reading.kinds);
    }
    for (const DataFile& file : dataset_.files) {
      for (const auto& [key, value] : file.partition) {
        if (std::ranges::find(reading.hive, key, &TextColumn::name) != reading.hive.end()) continue;
        reading.hive.push_back({key, partition_type(dataset_.files, key), ""});
      }
    }
    std::vector<std::string> names;
    for (const auto* columns : {&reading.columns, &reading.hive}) {
      for (const TextColumn& column : *columns) names.push_back(column.name);
    }
    // No two that SQL would take for one.
    names = engine_names(names);
    dataset_.columns.clear();
    for (const auto* columns : {&reading.columns, &reading.hive}) {
      for (const TextColumn& column : *columns) {
        DatasetColumn& added = dataset_.columns.emplace_back();
        added.name = names[dataset_.columns.size() - 1];
        added.type = column.type;
      }
    }
    return {};
  }

  Dataset& dataset_;
  const ScanWork& work_;
  TextSettings settings_;
  std::vector<FileScan> scans_;
  std::atomic<std::uint64_t> done_ = 0;
};

std::shared_ptr<arrow::DataType> hive_type(const TextColumn& column) {
  if (column.type == "BIGINT") return arrow::int64();
  return column.type == "DATE" ? arrow::date32() : arrow::utf8();
}

// partition_type() looked at the values: they are of their type.
std::shared_ptr<arrow::Scalar> hive_value(const TextColumn& column, const std::optional<std::string>& value) {
  const auto type = hive_type(column);
  if (!value) return arrow::MakeNullScalar(type);
  const auto number = [&](std::size_t at, std::size_t count) {
    std::int64_t out = 0;
    std::from_chars(value->data() + at, value->data() + std::min(value->size(), at + count), out);
    return out;
  };
  if (column.type == "BIGINT") return std::make_shared<arrow::Int64Scalar>(number(0, value->size()));
  if (column.type == "VARCHAR") return std::make_shared<arrow::StringScalar>(*value);
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(number(0, 4))),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2))));
  return std::make_shared<arrow::Date32Scalar>(
      static_cast<std::int32_t>(std::chrono::sys_days(date).time_since_epoch().count()));
}

// Another source with the columns of the folders behind its own.
class HiveSource final : public PartSource {
 public:
  HiveSource(std::unique_ptr<PartSource> inner, const Dataset& dataset) : inner_(std::move(inner)) {
    arrow::FieldVector fields = inner_->schema()->fields();
    for (const TextColumn& column : dataset.text->hive) fields.push_back(arrow::field(column.name, hive_type(column)));
    schema_ = arrow::schema(std::move(fields));
    for (const DataFile& file : dataset.files) {
      auto& values = values_.emplace_back();
      for (const TextColumn& column : dataset.text->hive) {
        const auto found = std::ranges::find(file.partition, column.name, [](const auto& part) { return part.first; });
        values.push_back(hive_value(column, found == file.partition.end() ? std::nullopt : found->second));
      }
    }
  }

  SchemaPtr schema() const override { return schema_; }
  const std::vector<Part>& parts() const override { return inner_->parts(); }
  bool is_sequential() const override { return inner_->is_sequential(); }

  Result<std::unique_ptr<Reader>> open(std::vector<int> columns, CancelToken cancel) const override {
    const int own = inner_->schema()->num_fields();
    std::vector<int> inner;
    for (int column : columns) {
      if (column < own) inner.push_back(column);
    }
    CANVASBACK_ASSIGN(auto reader, inner_->open(std::move(inner), std::move(cancel)));
    return std::make_unique<HiveReader>(*this, std::move(reader), std::move(columns));
  }

 private:
  struct HiveReader final : Reader {
    HiveReader(const HiveSource& of, std::unique_ptr<Reader> reader, std::vector<int> wanted)
        : source(of), inner(std::move(reader)), columns(std::move(wanted)) {}

    Result<BatchPtr> read(std::size_t part) override {
      CANVASBACK_ASSIGN(const BatchPtr batch, inner->read(part));
      const int own = source.inner_->schema()->num_fields();
      const auto& values = source.values_[static_cast<std::size_t>(source.parts()[part].file)];
      arrow::FieldVector fields;
      arrow::ArrayVector arrays;
      int next = 0;
      for (int column : columns) {
        fields.push_back(source.schema_->field(column));
        if (column < own) {
          arrays.push_back(batch->column(next++));
          continue;
        }
        auto constant = arrow::MakeArrayFromScalar(*values[static_cast<std::size_t>(column - own)], batch->num_rows());
        if (!constant.ok()) return fail(ErrorCode::MemoryLimit, "There is no memory for a column of a folder's value.");
        arrays.push_back(*constant);
      }
      return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(), std::move(arrays));
    }

    const HiveSource& source;
    std::unique_ptr<Reader> inner;
    std::vector<int> columns;
  };

  std::unique_ptr<PartSource> inner_;
  SchemaPtr schema_;
  std::vector<std::vector<std::shared_ptr<arrow::Scalar>>> values_;  // of each file, of each column
};

}  // namespace

Status inspect_text_files(Dataset& dataset, const ScanWork& work) { return Inspection(dataset, work).run(); }

Result<std::shared_ptr<const PartSource>> open_text_files(const Dataset& dataset) {
  std::vector<std::string> paths;
  for (const DataFile& file : dataset.files) paths.push_back(file.path);
  std::unique_ptr<PartSource> source;
  if (dataset.kind == DatasetKind::Csv) {
    CANVASBACK_ASSIGN(source, open_delimited(std::move(paths), *dataset.text));
  } else {
    CANVASBACK_ASSIGN(source, open_json(std::move(paths), *dataset.text));
  }
  if (!dataset.text->hive.empty()) source = std::make_unique<HiveSource>(std::move(source), dataset);
  return std::shared_ptr<const PartSource>(std::move(source));
}

}  // namespace canvasback
