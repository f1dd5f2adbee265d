#include "worker/roles/query/column_parts.hpp"

#include <arrow/array.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/limits.hpp"
#include "base/work_pieces.hpp"
#include "storage/parquet/column_scan.hpp"
#include "storage/parquet/row_group_reader.hpp"
#include "storage/parquet/scan.hpp"
#include "storage/stored_column.hpp"
#include "worker/write/view_writer.hpp"

namespace canvasback {
namespace {

// One column of one part on its way into a table file, gone again unless kept. Values of many bytes are written as
// they come; all others at the end, in as few bytes as they need.
class PartFile {
 public:
  // A path is used once: the front takes the file away when it comes to it.
  PartFile(const std::string& folder, const std::string& key, const std::shared_ptr<arrow::Field>& field)
      : path_(fmt::format("{}/{}.part", folder, key)), field_(field) {}
  ~PartFile() {
    writer_.reset();
    if (!kept_) ::unlink(path_.c_str());
  }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  Status add(std::shared_ptr<arrow::Array> chunk) {
    const auto bytes = arrow::util::ReferencedBufferSize(*chunk);
    bytes_ += bytes.ok() ? static_cast<std::uint64_t>(*bytes) : 0;
    chunks_.push_back(std::move(chunk));
    return bytes_ < limits::kViewPartBytesMax ? Status() : write_plain();
  }
  Status finish() {
    if (writer_) {
      CANVASBACK_TRY(write_plain());
    } else {
      CANVASBACK_ASSIGN(StoredColumn stored, store_column(*field_, chunks_));
      CANVASBACK_TRY(write(stored.field, stored.values));
    }
    return writer_->close();
  }
  const std::string& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  Status write_plain() {
    CANVASBACK_ASSIGN(auto values, plain_column(*field_, chunks_));
    CANVASBACK_TRY(write(arrow::field(field_->name(), field_->type()), values));
    chunks_.clear();
    bytes_ = 0;
    return {};
  }
  Status write(const std::shared_ptr<arrow::Field>& field, const std::shared_ptr<arrow::Array>& values) {
    const auto schema = arrow::schema({field});
    if (!writer_) {
      CANVASBACK_ASSIGN(writer_, TableFileWriter::create(path_, schema));
    }
    if (values->length() == 0) return {};
    return writer_->write(*arrow::RecordBatch::Make(schema, values->length(), {values}));
  }

  const std::string path_;
  const std::shared_ptr<arrow::Field> field_;
  arrow::ArrayVector chunks_;
  std::uint64_t bytes_ = 0;
  std::unique_ptr<TableFileWriter> writer_;
  bool kept_ = false;
};

class Build {
 public:
  Build(const Dataset& dataset, const ColumnPartsOptions& options, Channel& channel, const CancelToken& cancel)
      : dataset_(dataset), options_(options), channel_(channel), cancel_(cancel), parts_(dataset) {}

  Status run(const TableMap& tables) {
    CANVASBACK_ASSIGN(schema_, read_plain_schema(dataset_.files[0], options_.columns));
    for (std::size_t part = 0; part < parts_.count(); ++part) {
      for (int column = 0; column < schema_->num_fields(); ++column) {
        std::string key =
            column_part_key(dataset_.version, schema_->field(column)->name(), static_cast<std::int64_t>(part));
        if (!tables.has(key)) jobs_.push_back({part, column, std::move(key)});
      }
    }
    return work_pieces(options_.threads, jobs_.size(), [this](std::size_t i, std::size_t) -> Status {
      CANVASBACK_TRY(make(jobs_[i]));
      options_.progress(static_cast<double>(++done_) / static_cast<double>(jobs_.size()));
      return {};
    });
  }

 private:
  struct Job {
    std::size_t part;
    int column;
    std::string key;
  };

  Status make(const Job& job) {
    const auto& field = schema_->field(job.column);
    PartFile file(options_.spill_folder, job.key, field);
    std::unique_ptr<ColumnReader> reader;
    std::size_t open = dataset_.files.size();
    for (const RowRange& range : locate_rows(dataset_.files, parts_.start(job.part), parts_.rows(job.part))) {
      CANVASBACK_TRY(cancel_.check());
      const DataFile& data = dataset_.files[range.file];
      if (range.take < data.row_group_rows[static_cast<std::size_t>(range.row_group)]) {
        CANVASBACK_TRY(add_piece(data, range, field->name(), file));
        continue;
      }
      if (range.file != open) {
        CANVASBACK_ASSIGN(reader, ColumnReader::open(data, field->name()));
        open = range.file;
        if (!reader->type()->Equals(*field->type())) {
          return fail(ErrorCode::InvalidData, "The file " + data.path + " has other columns than the first.");
        }
      }
      CANVASBACK_TRY(reader->read(range.row_group,
                                  [&](const arrow::Array& array) { return file.add(arrow::MakeArray(array.data())); }));
    }
    CANVASBACK_TRY(file.finish());
    CANVASBACK_TRY(offer_to_cache(channel_, job.key, file.path()));
    file.keep();
    return {};
  }

  // Of a row group that is larger than a part.
  Status add_piece(const DataFile& data, const RowRange& range, const std::string& column, PartFile& file) const {
    CANVASBACK_ASSIGN(auto reader, open_row_group(data, {column}, {range.row_group, range.skip, range.take}));
    while (true) {
      CANVASBACK_TRY(cancel_.check());
      CANVASBACK_ASSIGN(BatchPtr batch, reader->next());
      if (!batch) return {};
      CANVASBACK_TRY(file.add(batch->column(0)));
    }
  }

  const Dataset& dataset_;
  const ColumnPartsOptions& options_;
  Channel& channel_;
  const CancelToken& cancel_;
  const ColumnParts parts_;
  SchemaPtr schema_;
  std::vector<Job> jobs_;
  std::atomic<std::size_t> done_ = 0;
};

}  // namespace

ColumnParts::ColumnParts(const Dataset& dataset) : starts_{0} {
  std::int64_t end = 0;
  for (const DataFile& file : dataset.files) {
    for (std::int64_t rows : file.row_group_rows) {
      if (end > starts_.back() && end + rows - starts_.back() > limits::kColumnPartRows) starts_.push_back(end);
      for (; rows > limits::kColumnPartRows; rows -= limits::kColumnPartRows) {
        end += limits::kColumnPartRows;
        starts_.push_back(end);
      }
      end += rows;
    }
  }
  if (end > starts_.back()) starts_.push_back(end);
}

std::size_t ColumnParts::at(std::int64_t row) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(starts_, row) - starts_.begin()) - 1;
}

Status build_column_parts(const Dataset& dataset, const ColumnPartsOptions& options, const TableMap& tables,
                          Channel& channel, const CancelToken& cancel) {
  return Build(dataset, options, channel, cancel).run(tables);
}

}  // namespace canvasback
