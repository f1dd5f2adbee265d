// ChecksumStream: in front of the stream that a file of a collection is written to: sums up what passes, and at the end
// writes the checksums into the footer's metadata (file_checksums.hpp), which libparquet has written with zeros.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <array>
#include <cstdint>
#include <memory>

namespace canvasback {

// Used by one thread.
class ChecksumStream final : public arrow::io::OutputStream {
 public:
  explicit ChecksumStream(std::shared_ptr<arrow::io::OutputStream> next) : next_(std::move(next)) {}

  arrow::Status Close() override { return arrow::Status::OK(); }  // the stream behind has its own end
  bool closed() const override { return false; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, std::int64_t bytes) override;

  // Once the file is whole and in `fd`, which may be read and written at any position.
  arrow::Status write_checksums(int fd) const;

 private:
  // The sums at the last few writes: libparquet writes the footer, its length and PAR1 each by itself.
  struct Mark {
    std::int64_t position = 0;
    std::uint32_t checksum = 0;
  };

  std::shared_ptr<arrow::io::OutputStream> next_;  // shared: as Arrow's streams are
  std::int64_t position_ = 0;
  std::uint32_t checksum_ = 0;
  std::array<Mark, 4> marks_;
  std::size_t writes_ = 0;
};

}  // namespace canvasback
