#include "worker/write/key_writer.hpp"

#include "base/limits.hpp"
#include "base/write_all.hpp"

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
  if (write_all(file_.get(), entries_) != 0) {
    return fail(ErrorCode::StorageLimit, "The disk is full: the keys could not be written.");
  }
  entries_.clear();
  return {};
}

}  // namespace canvasback
