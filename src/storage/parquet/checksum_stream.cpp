#include "storage/parquet/checksum_stream.hpp"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/checksum.hpp"
#include "storage/parquet/file_checksums.hpp"

namespace canvasback {
namespace {

arrow::Status read_at(int fd, std::int64_t offset, std::string& out) {
  for (std::size_t at = 0; at < out.size();) {
    const ssize_t got = ::pread(fd, out.data() + at, out.size() - at, offset + static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return arrow::Status::IOError("what was written cannot be read: ", std::strerror(errno));
    at += static_cast<std::size_t>(got);
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Status ChecksumStream::Write(const void* data, std::int64_t bytes) {
  if (bytes == 0) return arrow::Status::OK();
  marks_[writes_++ % marks_.size()] = {position_, checksum_};
  checksum_ = crc32_of({static_cast<const char*>(data), static_cast<std::size_t>(bytes)}, checksum_);
  position_ += bytes;
  return next_->Write(data, bytes);
}

arrow::Status ChecksumStream::write_checksums(int fd) const {
  std::string end(kFooterEndBytes, '\0');
  ARROW_RETURN_NOT_OK(read_at(fd, position_ - static_cast<std::int64_t>(end.size()), end));
  const auto length = static_cast<std::int64_t>(footer_bytes(end, static_cast<std::uint64_t>(position_)));
  const std::int64_t begin = position_ - length;
  const auto mark = std::ranges::find(marks_, begin, &Mark::position);
  if (length == 0 || mark == marks_.end()) return arrow::Status::UnknownError("the footer is not where it should be");
  std::string footer(static_cast<std::size_t>(length), '\0');
  ARROW_RETURN_NOT_OK(read_at(fd, begin, footer));
  const std::size_t at = find_checksums(footer);
  if (at == std::string::npos) return arrow::Status::UnknownError("the footer has no room for checksums");
  FileChecksums checksums{mark->checksum, 0};
  footer.replace(at, to_text(checksums).size(), to_text(checksums));
  checksums.footer = footer_checksum(footer, at);
  const std::string text = to_text(checksums);
  for (std::size_t done = 0; done < text.size();) {
    const off_t offset = begin + static_cast<off_t>(at + done);
    const ssize_t written = ::pwrite(fd, text.data() + done, text.size() - done, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return arrow::Status::IOError("the checksums could not be written: ", std::strerror(errno));
    done += static_cast<std::size_t>(written);
  }
  return arrow::Status::OK();
}

}  // namespace canvasback
