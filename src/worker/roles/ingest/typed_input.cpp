#include "worker/roles/ingest/typed_input.hpp"

#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>

#include "storage/parquet/open_stream.hpp"

namespace canvasback {
namespace {

std::unexpected<Error> broken(const arrow::Status& status) {
  if (status.IsOutOfMemory()) return fail(ErrorCode::MemoryLimit, "The file needs more memory than a worker has.");
  return fail(ErrorCode::InvalidData, "The file cannot be read as Arrow: " + status.message());
}

Status take_valid(const BatchPtr& batch, const TakeBatch& take) {
  // Whatever the file says of offsets and lengths is checked before it is believed.
  if (const auto status = batch->ValidateFull(); !status.ok()) return broken(status);
  return take(batch);
}

Status read_arrow(const std::shared_ptr<arrow::io::ReadableFile>& file, const TakeBatch& take) {
  std::array<char, 6> magic{};
  const auto got = file->ReadAt(0, magic.size(), magic.data());
  if (got.ok() && *got == 6 && std::string_view(magic.data(), 6) == "ARROW1") {
    auto reader = arrow::ipc::RecordBatchFileReader::Open(file);
    if (!reader.ok()) return broken(reader.status());
    for (int i = 0; i < (*reader)->num_record_batches(); ++i) {
      auto batch = (*reader)->ReadRecordBatch(i);
      if (!batch.ok()) return broken(batch.status());
      CANVASBACK_TRY(take_valid(*batch, take));
    }
    return {};
  }
  // Reading at a place leaves a file without one of its own.
  if (const auto status = file->Seek(0); !status.ok()) return broken(status);
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(file);
  if (!reader.ok()) return broken(reader.status());
  while (true) {
    BatchPtr batch;
    if (const auto status = (*reader)->ReadNext(&batch); !status.ok()) return broken(status);
    if (!batch) return {};
    CANVASBACK_TRY(take_valid(batch, take));
  }
}

}  // namespace

Status read_typed_file(int fd, InputFormat format, const TakeBatch& take) {
  auto file = arrow::io::ReadableFile::Open(::dup(fd));
  if (!file.ok()) return broken(file.status());
  if (format == InputFormat::Arrow) return read_arrow(*file, take);
  CANVASBACK_ASSIGN(auto stream, open_parquet_stream(*file));
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch) return {};
    CANVASBACK_TRY(take_valid(batch, take));
  }
}

}  // namespace canvasback
