// The part of Executor that makes sure of a collection's files before they are read.
#include <sys/stat.h>

#include <algorithm>

#include "base/work_pieces.hpp"
#include "storage/file_identity.hpp"
#include "storage/parquet/file_check.hpp"
#include "worker/roles/query/executor.hpp"

namespace canvasback {

Status Executor::check_files(const Dataset& dataset, const CancelToken& cancel, std::int64_t offset,
                             std::int64_t rows) {
  if (!dataset.is_collection) return {};
  std::vector<const DataFile*> fresh;
  std::int64_t begin = 0;  // of the file's rows among all
  for (const DataFile& file : dataset.files) {
    const bool is_read = begin + file.rows > offset && begin - offset < rows;
    begin += file.rows;
    if (!is_read) continue;
    struct stat info {};
    if (::stat(file.path.c_str(), &info) != 0 || !has_identity(file, info)) {
      return std::unexpected(changed_file(file.path));
    }
    if (unchecked_.contains(file.path)) fresh.push_back(&file);
  }
  CANVASBACK_TRY(
      work_pieces(threads_, fresh.size(), [&](std::size_t i, std::size_t) { return check_file(*fresh[i], cancel); }));
  for (const DataFile* file : fresh) {
    Json entry;
    entry.set("path", file->path);
    entry.set("changed_ns", file->changed_ns);
    checked_.push(std::move(entry));
  }
  return {};
}

}  // namespace canvasback
