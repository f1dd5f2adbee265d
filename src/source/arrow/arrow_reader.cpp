#include "source/arrow/arrow_reader.hpp"

#include <arrow/compute/cast.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <fmt/format.h>

namespace canvasback {
namespace {

Error unreadable(const std::string& path, const arrow::Status& status) {
  return Error{
      ErrorCode::InvalidData, fmt::format("The Arrow file {} cannot be read: {}", path, status.message()), {}, {}, 0};
}

SchemaPtr decoded_schema(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    auto type = field->type();
    if (type->id() == arrow::Type::DICTIONARY) type = static_cast<const arrow::DictionaryType&>(*type).value_type();
    fields.push_back(arrow::field(field->name(), type));
  }
  return arrow::schema(std::move(fields));
}

// One open file, whichever of the two formats it has.
class OpenFile {
 public:
  static Result<OpenFile> open(const std::string& path) {
    OpenFile file;
    file.path_ = path;
    auto mapped = arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ);
    if (!mapped.ok()) return std::unexpected(unreadable(path, mapped.status()));
    auto magic = (*mapped)->ReadAt(0, 6);
    if (!magic.ok()) return std::unexpected(unreadable(path, magic.status()));
    if ((*magic)->ToString() == "ARROW1") {
      auto reader = arrow::ipc::RecordBatchFileReader::Open(*mapped);
      if (!reader.ok()) return std::unexpected(unreadable(path, reader.status()));
      file.file_ = *reader;
    } else {
      auto reader = arrow::ipc::RecordBatchStreamReader::Open(*mapped);
      if (!reader.ok()) return std::unexpected(unreadable(path, reader.status()));
      file.stream_ = *reader;
    }
    return file;
  }

  SchemaPtr schema() const { return file_ ? file_->schema() : stream_->schema(); }

  Result<BatchPtr> next() {
    if (file_) {
      if (index_ >= file_->num_record_batches()) return BatchPtr();
      auto batch = file_->ReadRecordBatch(index_++);
      if (!batch.ok()) return std::unexpected(unreadable(path_, batch.status()));
      return validated(*batch);
    }
    BatchPtr batch;
    if (auto status = stream_->ReadNext(&batch); !status.ok()) return std::unexpected(unreadable(path_, status));
    if (!batch) return batch;
    return validated(std::move(batch));
  }

 private:
  // Offsets and lengths come from outside: a damaged file must not lead a later reader astray.
  Result<BatchPtr> validated(BatchPtr batch) {
    if (auto status = batch->ValidateFull(); !status.ok()) return std::unexpected(unreadable(path_, status));
    // Without a column nothing else speaks against it.
    if (batch->num_rows() < 0) {
      return std::unexpected(unreadable(path_, arrow::Status::Invalid("a batch of fewer than no rows")));
    }
    return batch;
  }

  std::string path_;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> stream_;
  int index_ = 0;
};

class ArrowFiles final : public BatchStream {
 public:
  ArrowFiles(std::vector<std::string> paths, CancelToken cancel)
      : paths_(std::move(paths)), cancel_(std::move(cancel)) {}

  Status start() {
    if (paths_.empty()) return fail(ErrorCode::InvalidData, "There is no file to read.");
    CANVASBACK_TRY(open_next());
    schema_ = decoded_schema(*file_->schema());
    return {};
  }

  SchemaPtr schema() const override { return schema_; }

  Result<BatchPtr> next() override {
    while (file_) {
      CANVASBACK_TRY(cancel_.check());
      CANVASBACK_ASSIGN(BatchPtr batch, file_->next());
      if (!batch) {
        file_.reset();
        if (position_ < paths_.size()) CANVASBACK_TRY(open_next());
        continue;
      }
      if (batch->num_rows() == 0) continue;
      return decode(*batch);
    }
    return BatchPtr();
  }

 private:
  Status open_next() {
    CANVASBACK_ASSIGN(OpenFile file, OpenFile::open(paths_[position_++]));
    if (schema_ && !decoded_schema(*file.schema())->Equals(*schema_)) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("The Arrow file {} has another schema than the first file.", paths_[position_ - 1]));
    }
    file_ = std::make_unique<OpenFile>(std::move(file));
    return {};
  }

  Result<BatchPtr> decode(const arrow::RecordBatch& batch) const {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (int i = 0; i < batch.num_columns(); ++i) {
      auto column = batch.column(i);
      if (column->type_id() == arrow::Type::DICTIONARY) {
        auto decoded = arrow::compute::Cast(*column, schema_->field(i)->type());
        if (!decoded.ok()) return std::unexpected(unreadable(paths_[position_ - 1], decoded.status()));
        column = *decoded;
      }
      columns.push_back(std::move(column));
    }
    return arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(columns));
  }

  std::vector<std::string> paths_;
  CancelToken cancel_;
  std::size_t position_ = 0;
  std::unique_ptr<OpenFile> file_;
  SchemaPtr schema_;
};

}  // namespace

Result<std::unique_ptr<BatchStream>> open_arrow_files(std::vector<std::string> paths, CancelToken cancel) {
  auto files = std::make_unique<ArrowFiles>(std::move(paths), std::move(cancel));
  CANVASBACK_TRY(files->start());
  return files;
}

Result<std::int64_t> count_arrow_rows(const std::string& path) {
  CANVASBACK_ASSIGN(OpenFile file, OpenFile::open(path));
  std::int64_t rows = 0;
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, file.next());
    if (!batch) return rows;
    rows += batch->num_rows();
  }
}

}  // namespace canvasback
