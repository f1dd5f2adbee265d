// ArrowSink: a ByteSink as the arrow::io::OutputStream that Arrow's and Parquet's writers want. Small pieces are
// gathered, large buffers pass through uncopied. Keeps the sink's own error, which an arrow::Status cannot carry.
// Single-threaded, as the sink is.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/status.h>

#include <optional>
#include <string>

#include "stream/byte_sink.hpp"

namespace canvasback {

class ArrowSink final : public arrow::io::OutputStream {
 public:
  explicit ArrowSink(ByteSink& sink) : sink_(sink) { set_mode(arrow::io::FileMode::WRITE); }

  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, std::int64_t size) override;
  arrow::Status Flush() override;  // passes on what was gathered
  arrow::Status Close() override { return Flush(); }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  bool closed() const override { return false; }

  // From here on every byte is refused: Parquet's writer would end its file when destroyed.
  void drop();
  // Our error for a status of a writer on this stream: the sink's own where that was the cause.
  Error error_from(const arrow::Status& status) const;

 private:
  arrow::Status send(std::string_view bytes);

  ByteSink& sink_;
  std::string gathered_;
  std::int64_t position_ = 0;
  std::optional<Error> error_;
  bool dropped_ = false;
};

}  // namespace canvasback
