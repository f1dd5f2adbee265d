#include "storage/block_cache.hpp"

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/byte_size.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/unique_fd.hpp"

namespace canvasback {
namespace {

std::string block_path(const std::string& folder, const std::string& key) { return folder + "/" + key + ".arrow"; }

// A file's bytes, mapped. (Arrow's own mapped file asks the kernel at every read to read ahead, which takes longer for
// a cached block than the read.)
class MappedFile final : public arrow::Buffer {
 public:
  static std::shared_ptr<arrow::Buffer> open(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0 || info.st_size == 0) return nullptr;
    void* at = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return nullptr;
    return std::make_shared<MappedFile>(static_cast<const std::uint8_t*>(at), info.st_size);
  }
  MappedFile(const std::uint8_t* at, std::int64_t size) : arrow::Buffer(at, size) {}
  ~MappedFile() override { ::munmap(const_cast<std::uint8_t*>(data()), static_cast<std::size_t>(size())); }
};

}  // namespace

std::string block_key(const DataFile& file, int row_group, const std::vector<std::string>& columns) {
  std::string text = fmt::format("{}\n{} {} {} {} {}\n", file.path, file.bytes, file.modified_ns, file.changed_ns,
                                 file.inode, row_group);
  for (const std::string& column : columns) text += fmt::format("{}:{}\n", column.size(), column);
  return sha256_hex(text);
}

BatchPtr find_block(const std::string& cache_folder, const std::string& key) {
  auto bytes = MappedFile::open(block_path(cache_folder, key));
  if (!bytes) return nullptr;
  auto reader = arrow::ipc::RecordBatchFileReader::Open(std::make_shared<arrow::io::BufferReader>(std::move(bytes)));
  if (!reader.ok() || (*reader)->num_record_batches() != 1) return nullptr;
  auto batch = (*reader)->ReadRecordBatch(0);
  return batch.ok() ? *batch : nullptr;
}

BatchPtr BlockMap::find(const std::string& key) {
  auto found = std::ranges::find(mapped_, key, &Mapped::key);
  if (found != mapped_.end()) {
    mapped_.splice(mapped_.begin(), mapped_, found);
    Mapped& entry = mapped_.front();
    if (entry.own_memory) {
      if (BatchPtr block = find_block(cache_folder_, key)) {
        entry.block = std::move(block);
        entry.own_memory = false;
      }
    }
    return entry.block;
  }
  BatchPtr block = find_block(cache_folder_, key);
  if (block) insert(key, block, false);
  return block;
}

void BlockMap::put(const std::string& key, BatchPtr block) { insert(key, std::move(block), true); }

void BlockMap::insert(const std::string& key, BatchPtr block, bool own_memory) {
  auto bytes = arrow::util::ReferencedBufferSize(*block);
  mapped_.push_front({key, std::move(block), bytes.ok() ? static_cast<std::uint64_t>(*bytes) : 0, own_memory});
  std::uint64_t sum = 0;
  for (auto entry = mapped_.begin(); entry != mapped_.end();) {
    sum += entry->bytes;
    // The one at hand stays, whatever its size.
    entry = sum > limits::kBlocksMappedBytesMax && entry != mapped_.begin() ? mapped_.erase(entry) : std::next(entry);
  }
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
