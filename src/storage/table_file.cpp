#include "storage/table_file.hpp"

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/unique_fd.hpp"

namespace canvasback {
namespace {

std::unexpected<Error> not_written(const arrow::Status& status) {
  return fail(ErrorCode::StorageLimit, "There is no room for the view in the data folder.", status.ToString());
}

class Writer final : public TableFileWriter {
 public:
  Status open(const std::string& path, SchemaPtr schema) {
    auto file = arrow::io::FileOutputStream::Open(path);
    if (!file.ok()) return not_written(file.status());
    file_ = *file;
    auto writer = arrow::ipc::MakeFileWriter(file_, std::move(schema));
    if (!writer.ok()) return not_written(writer.status());
    writer_ = *writer;
    return {};
  }
  Status write(const arrow::RecordBatch& batch) override {
    if (auto status = writer_->WriteRecordBatch(batch); !status.ok()) return not_written(status);
    rows_ += batch.num_rows();
    return {};
  }
  Status close() override {
    if (auto status = writer_->Close(); !status.ok()) return not_written(status);
    if (auto status = file_->Close(); !status.ok()) return not_written(status);
    return {};
  }
  std::int64_t rows() const override { return rows_; }
  std::uint64_t bytes() const override {
    const auto at = file_->Tell();
    return at.ok() ? static_cast<std::uint64_t>(*at) : 0;
  }

 private:
  std::shared_ptr<arrow::io::FileOutputStream> file_;  // shared: Arrow's writers ask for it so
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
  std::int64_t rows_ = 0;
};

class MappedTable final : public arrow::Buffer {
 public:
  static std::shared_ptr<arrow::Buffer> open(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0 || info.st_size == 0) return nullptr;
    const auto size = static_cast<std::size_t>(info.st_size);
    void* at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return nullptr;
    // A row here and a row there: without this each fault would map sixteen pages, and all would count as our memory.
    ::madvise(at, size, MADV_RANDOM);
    return std::make_shared<MappedTable>(static_cast<const std::uint8_t*>(at), info.st_size);
  }
  MappedTable(const std::uint8_t* at, std::int64_t size) : arrow::Buffer(at, size) {}
  ~MappedTable() override { ::munmap(const_cast<std::uint8_t*>(data()), static_cast<std::size_t>(size())); }
};

std::string table_path(const std::string& folder, const std::string& key) { return folder + "/" + key + ".arrow"; }

}  // namespace

Result<std::unique_ptr<TableFileWriter>> TableFileWriter::create(const std::string& path, SchemaPtr schema) {
  auto writer = std::make_unique<Writer>();
  CANVASBACK_TRY(writer->open(path, std::move(schema)));
  return writer;
}

std::shared_ptr<TableFile> TableFile::open(const std::string& path) {
  auto bytes = MappedTable::open(path);
  if (!bytes) return nullptr;
  // A batch is a few pointers: handing it to another thread would take many times as long.
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  auto reader = arrow::ipc::RecordBatchFileReader::Open(std::make_shared<arrow::io::BufferReader>(bytes), options);
  if (!reader.ok()) return nullptr;
  auto table = std::make_shared<TableFile>();
  table->bytes_ = std::move(bytes);
  table->schema_ = (*reader)->schema();
  table->starts_.push_back(0);
  for (int i = 0; i < (*reader)->num_record_batches(); ++i) {
    auto batch = (*reader)->ReadRecordBatch(i);
    if (!batch.ok()) return nullptr;
    table->starts_.push_back(table->starts_.back() + (*batch)->num_rows());
    table->batches_.push_back(std::move(*batch));
  }
  return table;
}

std::pair<std::size_t, std::int64_t> TableFile::locate(std::int64_t row) const {
  const auto behind = std::ranges::upper_bound(starts_, row);
  const auto index = static_cast<std::size_t>(behind - starts_.begin()) - 1;
  return {index, row - starts_[index]};
}

std::vector<BatchPtr> TableFile::slice(std::int64_t from, std::int64_t to) const {
  std::vector<BatchPtr> out;
  to = std::min(to, rows());
  while (from < to) {
    const auto [index, row] = locate(from);
    const std::int64_t take = std::min(to - from, batches_[index]->num_rows() - row);
    out.push_back(batches_[index]->Slice(row, take));
    from += take;
  }
  return out;
}

void TableFile::forget_pages() const {
  ::madvise(const_cast<std::uint8_t*>(bytes_->data()), static_cast<std::size_t>(bytes_->size()), MADV_DONTNEED);
}

std::shared_ptr<TableFile> TableMap::find(const std::string& key) {
  auto found = std::ranges::find(entries_, key, &Entry::key);
  if (found != entries_.end() && !has(key)) {
    // Its place was needed; the disk gets it back only now.
    entries_.erase(found);
    return nullptr;
  }
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
    return entries_.front().table;
  }
  auto table = TableFile::open(table_path(cache_folder_, key));
  if (!table) return nullptr;
  entries_.push_front({key, table});
  if (entries_.size() > limits::kTablesMappedMax) entries_.pop_back();
  return table;
}

bool TableMap::has(const std::string& key) const { return ::access(table_path(cache_folder_, key).c_str(), R_OK) == 0; }

std::string column_part_key(const std::string& dataset_version, const std::string& column, std::int64_t part) {
  return sha256_hex(fmt::format("column\n{}\n{}\n{}", dataset_version, part, column));
}

}  // namespace canvasback
