#include "source/delimited/content_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/limits.hpp"

namespace canvasback::delimited {
namespace {

std::unexpected<Error> unreadable(const std::string& path) {
  return fail(ErrorCode::InvalidData, fmt::format("The file {} cannot be read.", path), std::strerror(errno));
}

std::unexpected<Error> shorter(const std::string& path) {
  return fail(ErrorCode::InvalidData, fmt::format("The file {} has changed: it is shorter now.", path));
}

Result<std::size_t> read_some(int file, char* to, std::size_t bytes, const std::string& path) {
  while (true) {
    const ssize_t got = ::read(file, to, bytes);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return unreadable(path);
  }
}

// A file that was served is one of the owner's: it may grow as far as its disk and the limit of a row let it.
// Small pieces: each is decompressed whole.
constexpr std::size_t kCompressedPieceBytes = 16 * limits::kKiB;
constexpr std::size_t kAnyRatio = std::numeric_limits<std::size_t>::max();

}  // namespace

Result<ContentReader> ContentReader::open(const std::string& path) {
  ContentReader out;
  out.path_ = path;
  out.file_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!out.file_) return unreadable(path);
  ::posix_fadvise(out.file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  CANVASBACK_TRY(out.fill(kCompressedPieceBytes));
  const std::string_view begin = out.waiting_;
  const bool gzip = begin.starts_with("\x1F\x8B");
  if (!gzip && !begin.starts_with("\x28\xB5\x2F\xFD")) return out;
  CANVASBACK_ASSIGN(out.decompressor_, make_decompressor(gzip ? "gzip" : "zstd", kAnyRatio));
  std::string compressed = std::exchange(out.waiting_, {});
  const auto keep = [&](std::string_view bytes) {
    out.waiting_ += bytes;
    return Status();
  };
  Status status = out.decompressor_->add(compressed, keep);
  if (status && out.ended_) status = out.decompressor_->end();
  if (!status) return fail(out.named(status.error()));
  return out;
}

Error ContentReader::named(const Error& error) const {
  Error out = error;
  out.message = fmt::format("The file {} cannot be read: {}", path_, error.message);
  return out;
}

// Reads on until so many bytes wait, or the content ends.
Status ContentReader::fill(std::size_t bytes) {
  while (waiting_.size() < bytes && !ended_) {
    if (!decompressor_) {
      const std::size_t before = waiting_.size();
      const std::size_t more = bytes - before;
      waiting_.resize(before + more);
      const Result<std::size_t> got = read_some(file_.get(), waiting_.data() + before, more, path_);
      waiting_.resize(before + got.value_or(0));
      if (!got) return fail(got.error());
      file_bytes_ += *got;
      ended_ = *got == 0;
      continue;
    }
    piece_.resize(kCompressedPieceBytes);
    CANVASBACK_ASSIGN(const std::size_t got, read_some(file_.get(), piece_.data(), piece_.size(), path_));
    file_bytes_ += got;
    ended_ = got == 0;
    const auto keep = [&](std::string_view content) {
      waiting_ += content;
      return Status();
    };
    const Status status =
        ended_ ? decompressor_->end() : decompressor_->add(std::string_view(piece_).substr(0, got), keep);
    if (!status) return fail(named(status.error()));
  }
  return {};
}

Result<std::string_view> ContentReader::head(std::size_t bytes) {
  CANVASBACK_TRY(fill(bytes));
  return std::string_view(waiting_).substr(0, bytes);
}

Status ContentReader::skip(std::uint64_t bytes) {
  if (!decompressor_ && bytes > waiting_.size()) {
    const auto to = static_cast<off_t>(position_ + bytes);
    if (::lseek(file_.get(), to, SEEK_SET) < 0) return unreadable(path_);
    waiting_.clear();
    position_ += bytes;
    file_bytes_ = position_;
    ended_ = false;
    return {};
  }
  while (bytes > 0) {
    CANVASBACK_TRY(fill(1));
    if (waiting_.empty()) return shorter(path_);
    const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, waiting_.size()));
    waiting_.erase(0, some);
    position_ += some;
    bytes -= some;
  }
  return {};
}

Status ContentReader::next(std::size_t bytes, Encoding encoding, std::string& out) {
  CANVASBACK_TRY(fill(bytes));
  std::size_t whole = whole_characters(encoding, waiting_);
  if (ended_) whole = waiting_.size();
  out.swap(waiting_);
  waiting_.assign(out, whole, std::string::npos);
  out.resize(whole);
  position_ += whole;
  return {};
}

Status ContentReader::take(std::uint64_t bytes, std::string& out) {
  CANVASBACK_TRY(fill(bytes));
  if (waiting_.size() < bytes) return shorter(path_);
  out.assign(waiting_, 0, bytes);
  waiting_.erase(0, bytes);
  position_ += bytes;
  return {};
}

Status read_content(int file, std::uint64_t begin, std::uint64_t end, const std::string& path, std::string& out) {
  out.resize(end - begin);
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t got = ::pread(file, out.data() + have, out.size() - have, static_cast<off_t>(begin + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path);
    if (got == 0) return shorter(path);
    have += static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace canvasback::delimited
