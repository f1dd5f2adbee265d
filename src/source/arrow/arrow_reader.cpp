#include "source/arrow/arrow_reader.hpp"

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <fmt/format.h>

#include <set>

#include "stream/portable_batches.hpp"

namespace canvasback {
namespace {

Error unreadable(const std::string& path, std::string_view reason) {
  return Error{ErrorCode::InvalidData, fmt::format("The Arrow file {} cannot be read: {}", path, reason), {}, {}, 0};
}
Error unreadable(const std::string& path, const arrow::Status& status) { return unreadable(path, status.message()); }

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
  ArrowFiles(std::vector<std::string> paths, std::vector<std::string> fine, CancelToken cancel)
      : paths_(std::move(paths)), fine_(std::move(fine)), cancel_(std::move(cancel)) {}

  Status start() {
    if (paths_.empty()) return fail(ErrorCode::InvalidData, "There is no file to read.");
    CANVASBACK_TRY(open_next());
    if (schema_->num_fields() == 0) return std::unexpected(unreadable(paths_[0], "it has no columns"));
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
      auto portable = portable_batch(*batch, schema_);
      if (!portable) return std::unexpected(unreadable(paths_[position_ - 1], portable.error().message));
      return portable;
    }
    return BatchPtr();
  }

 private:
  Status open_next() {
    CANVASBACK_ASSIGN(OpenFile file, OpenFile::open(paths_[position_++]));
    const SchemaPtr schema = portable_schema(*file.schema(), fine_);
    if (schema_ && !schema->Equals(*schema_)) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("The Arrow file {} has another schema than the first file.", paths_[position_ - 1]));
    }
    schema_ = schema;
    file_ = std::make_unique<OpenFile>(std::move(file));
    return {};
  }

  std::vector<std::string> paths_;
  std::vector<std::string> fine_;
  CancelToken cancel_;
  std::size_t position_ = 0;
  std::unique_ptr<OpenFile> file_;
  SchemaPtr schema_;
};

}  // namespace

Result<std::unique_ptr<BatchStream>> open_arrow_files(std::vector<std::string> paths, std::vector<std::string> fine,
                                                      CancelToken cancel) {
  auto files = std::make_unique<ArrowFiles>(std::move(paths), std::move(fine), std::move(cancel));
  CANVASBACK_TRY(files->start());
  return files;
}

Result<ArrowFileFacts> look_into_arrow_file(const std::string& path, const CancelToken& cancel) {
  CANVASBACK_ASSIGN(OpenFile file, OpenFile::open(path));
  ArrowFileFacts facts;
  facts.schema = file.schema();
  std::set<std::string> fine;
  while (true) {
    CANVASBACK_TRY(cancel.check());
    CANVASBACK_ASSIGN(BatchPtr batch, file.next());
    if (!batch) break;
    facts.rows += batch->num_rows();
    for (int i = 0; i < batch->num_columns(); ++i) {
      const std::string& name = facts.schema->field(i)->name();
      if (!fine.contains(name) && has_fine_values(*batch->column(i))) fine.insert(name);
    }
  }
  facts.fine.assign(fine.begin(), fine.end());
  return facts;
}

}  // namespace canvasback
