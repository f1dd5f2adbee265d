#include "storage/block_cache.hpp"

#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <fmt/format.h>

#include "base/hash.hpp"

namespace canvasback {
namespace {

std::string block_path(const std::string& folder, const std::string& key) { return folder + "/" + key + ".arrow"; }

}  // namespace

std::string block_key(const DataFile& file, int row_group, const std::vector<std::string>& columns) {
  std::string text = fmt::format("{}\n{} {} {} {}\n", file.path, file.bytes, file.modified_ns, file.inode, row_group);
  for (const std::string& column : columns) text += fmt::format("{}:{}\n", column.size(), column);
  return sha256_hex(text);
}

BatchPtr find_block(const std::string& cache_folder, const std::string& key) {
  auto mapped = arrow::io::MemoryMappedFile::Open(block_path(cache_folder, key), arrow::io::FileMode::READ);
  if (!mapped.ok()) return nullptr;
  auto reader = arrow::ipc::RecordBatchFileReader::Open(*mapped);
  if (!reader.ok() || (*reader)->num_record_batches() != 1) return nullptr;
  auto batch = (*reader)->ReadRecordBatch(0);
  return batch.ok() ? *batch : nullptr;
}

Status write_block(const std::string& path, const arrow::RecordBatch& batch) {
  auto failed = [](const arrow::Status& status) {
    return fail(ErrorCode::DataProcessing, "A block could not be written to the spill folder.", status.ToString());
  };
  auto file = arrow::io::FileOutputStream::Open(path);
  if (!file.ok()) return failed(file.status());
  auto writer = arrow::ipc::MakeFileWriter(*file, batch.schema());
  if (!writer.ok()) return failed(writer.status());
  if (auto status = (*writer)->WriteRecordBatch(batch); !status.ok()) return failed(status);
  if (auto status = (*writer)->Close(); !status.ok()) return failed(status);
  if (auto status = (*file)->Close(); !status.ok()) return failed(status);
  return {};
}

}  // namespace canvasback
