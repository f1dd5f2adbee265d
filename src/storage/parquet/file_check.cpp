#include "storage/parquet/file_check.hpp"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/io/memory.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/checksum.hpp"
#include "base/limits.hpp"
#include "base/unique_fd.hpp"
#include "storage/file_identity.hpp"
#include "storage/parquet/file_checksums.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/parquet/guard.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kPieceBytes = limits::kMiB;

std::unexpected<Error> damaged(const std::string& path, std::string_view what) {
  return fail(ErrorCode::InvalidData, fmt::format("The file {} is damaged: {}.", path, what));
}

// Exactly so many bytes.
Status read_at(int fd, const std::string& path, std::uint64_t offset, char* out, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t got = ::pread(fd, out, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return fail(ErrorCode::InvalidData, fmt::format("The file {} cannot be read: {}.", path, std::strerror(errno)));
    }
    if (got == 0) return damaged(path, "it ends early");
    out += got;
    offset += static_cast<std::uint64_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
  return {};
}

// What Arrow reads a descriptor of ours through; it is not closed.
class DescriptorFile final : public arrow::io::RandomAccessFile {
 public:
  DescriptorFile(int fd, const DataFile& file) : fd_(fd), file_(file) {}

  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  arrow::Status Seek(std::int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<std::int64_t> GetSize() override { return static_cast<std::int64_t>(file_.bytes); }
  arrow::Result<std::int64_t> Read(std::int64_t bytes, void* out) override {
    const std::int64_t left = std::max<std::int64_t>(0, static_cast<std::int64_t>(file_.bytes) - position_);
    bytes = std::min(bytes, left);
    const Status status = read_at(fd_, file_.path, static_cast<std::uint64_t>(position_), static_cast<char*>(out),
                                  static_cast<std::size_t>(bytes));
    if (!status) return arrow::Status::IOError(status.error().message);
    position_ += bytes;
    return bytes;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t bytes) override {
    const std::int64_t left = std::max<std::int64_t>(0, static_cast<std::int64_t>(file_.bytes) - position_);
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(std::min(bytes, left)));
    ARROW_ASSIGN_OR_RAISE(const std::int64_t got, Read(buffer->size(), buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  const int fd_;
  const DataFile& file_;
  std::int64_t position_ = 0;
};

// The pages of one column chunk, as bytes: nothing is decompressed.
Status check_chunk(const std::shared_ptr<DescriptorFile>& bytes, const parquet::ColumnChunkMetaData& chunk,
                   std::int64_t group_rows, bool flat, const CancelToken& cancel) {
  std::int64_t begin = chunk.data_page_offset();
  if (chunk.has_dictionary_page() && chunk.dictionary_page_offset() > 0) {
    begin = std::min(begin, chunk.dictionary_page_offset());
  }
  parquet::ReaderProperties properties;
  properties.set_page_checksum_verification(true);
  properties.enable_buffered_stream();
  properties.set_buffer_size(static_cast<std::int64_t>(kPieceBytes));
  auto stream = properties.GetStream(bytes, begin, chunk.total_compressed_size());
  const auto pages =
      parquet::PageReader::Open(stream, chunk.num_values(), arrow::Compression::UNCOMPRESSED, properties);
  std::int64_t values = 0;
  while (auto page = pages->NextPage()) {
    CANVASBACK_TRY(cancel.check());
    if (page->type() != parquet::PageType::DATA_PAGE && page->type() != parquet::PageType::DATA_PAGE_V2) continue;
    values += static_cast<const parquet::DataPage&>(*page).num_values();
  }
  if (values == chunk.num_values() && (!flat || values == group_rows)) return {};
  throw parquet::ParquetException(fmt::format("{} values are there, {} should be", values, chunk.num_values()));
}

Status check_pages(int fd, const DataFile& file, const CancelToken& cancel) {
  const auto bytes = std::make_shared<DescriptorFile>(fd, file);
  std::string at = "its footer cannot be read";
  try {
    const auto footer = parquet::ParquetFileReader::Open(bytes)->metadata();
    std::int64_t rows = 0;
    for (int group = 0; group < footer->num_row_groups(); ++group) {
      const auto entry = footer->RowGroup(group);
      rows += entry->num_rows();
      for (int leaf = 0; leaf < entry->num_columns(); ++leaf) {
        const auto* column = footer->schema()->Column(leaf);
        at = fmt::format("column {} in row group {}", column->path()->ToDotString(), group);
        const bool flat = column->max_repetition_level() == 0;
        CANVASBACK_TRY(check_chunk(bytes, *entry->ColumnChunk(leaf), entry->num_rows(), flat, cancel));
      }
    }
    if (rows == footer->num_rows()) return {};
    return damaged(file.path, fmt::format("its footer says {} rows, its row groups {}", footer->num_rows(), rows));
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::MemoryLimit, "Reading the file needs more memory than a worker has.");
  } catch (const std::exception& error) {
    return damaged(file.path, fmt::format("{}: {}", at, error.what()));
  }
}

struct Footer {
  std::string bytes;  // with what is behind it
  std::optional<FileChecksums> checksums;
};

// The footer as it stands there, and compared with its checksum where it has one.
Result<Footer> read_checked_footer(int fd, const DataFile& file) {
  char end[kFooterEndBytes] = {};
  if (file.bytes < kFooterEndBytes) return damaged(file.path, "it is too short to be Parquet");
  CANVASBACK_TRY(read_at(fd, file.path, file.bytes - kFooterEndBytes, end, sizeof end));
  const std::uint64_t length = footer_bytes({end, sizeof end}, file.bytes);
  if (length == 0) return damaged(file.path, "it does not end as Parquet does");
  Footer out;
  out.bytes.resize(static_cast<std::size_t>(length));
  CANVASBACK_TRY(read_at(fd, file.path, file.bytes - length, out.bytes.data(), out.bytes.size()));
  const std::size_t at = find_checksums(out.bytes);
  if (at == std::string::npos) return out;
  out.checksums = checksums_in(out.bytes);
  if (out.checksums && footer_checksum(out.bytes, at) == out.checksums->footer) return out;
  return damaged(file.path, "its footer is not the one that was written");
}

Result<UniqueFd> open_listed(const DataFile& file) {
  UniqueFd fd(::open(file.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd) {
    return fail(ErrorCode::InvalidData, fmt::format("The file {} cannot be opened.", file.path), std::strerror(errno));
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0 || !has_identity(file, info)) return std::unexpected(changed_file(file.path));
  return fd;
}

}  // namespace

Status check_file(int fd, const DataFile& file, const CancelToken& cancel) {
  CANVASBACK_ASSIGN(const Footer footer, read_checked_footer(fd, file));
  if (!footer.checksums) return check_pages(fd, file, cancel);
  const std::uint64_t body_bytes = file.bytes - footer.bytes.size();
  static_cast<void>(::posix_fadvise(fd, 0, static_cast<off_t>(body_bytes), POSIX_FADV_SEQUENTIAL));
  std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, body_bytes)), '\0');
  std::uint32_t checksum = 0;
  for (std::uint64_t at = 0; at < body_bytes; at += piece.size()) {
    CANVASBACK_TRY(cancel.check());
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), body_bytes - at)));
    CANVASBACK_TRY(read_at(fd, file.path, at, piece.data(), piece.size()));
    checksum = crc32_of(piece, checksum);
  }
  if (checksum == footer.checksums->body) return {};
  CANVASBACK_TRY(check_pages(fd, file, cancel));
  return damaged(file.path, "what stands between its pages is not what was written");
}

Status check_file(const DataFile& file, const CancelToken& cancel) {
  CANVASBACK_ASSIGN(const UniqueFd fd, open_listed(file));
  return check_file(fd.get(), file, cancel);
}

Status check_footer(const DataFile& file) {
  CANVASBACK_ASSIGN(const UniqueFd fd, open_listed(file));
  CANVASBACK_ASSIGN(const Footer footer, read_checked_footer(fd.get(), file));
  return {};
}

}  // namespace canvasback
