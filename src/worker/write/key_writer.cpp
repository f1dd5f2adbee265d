#include "worker/write/key_writer.hpp"

#include <errno.h>
#include <unistd.h>

#include "base/limits.hpp"

namespace canvasback {

std::vector<std::string> single_keys(const RecordSchema& schema) {
  std::vector<std::string> out;
  for (const auto& key : schema.keys()) {
    if (key.size() == 1 && key[0] != kIdColumn) out.push_back(key[0]);
  }
  return out;
}

Status KeyWriter::add(const arrow::Schema& schema, const arrow::ArrayVector& columns, std::int64_t rows) {
  CANVASBACK_TRY(columns_.append(schema, columns, rows, entries_));
  return entries_.size() < limits::kMiB ? Status() : write();
}

Status KeyWriter::write() {
  if (entries_.empty()) return {};
  if (!file_) {
    CANVASBACK_ASSIGN(file_, open_file_());
  }
  for (std::size_t at = 0; at < entries_.size();) {
    const ssize_t written = ::write(file_.get(), entries_.data() + at, entries_.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail(ErrorCode::StorageLimit, "The disk is full: the keys could not be written.");
    at += static_cast<std::size_t>(written);
  }
  entries_.clear();
  return {};
}

}  // namespace canvasback
