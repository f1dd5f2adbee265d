#include "worker/roles/query/task_files.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "base/work_pieces.hpp"
#include "record/text_reading.hpp"
#include "storage/file_identity.hpp"
#include "storage/parquet/file_check.hpp"
#include "worker/child/given_files.hpp"

namespace canvasback {
namespace {

// Whether a held file has the content that it had: losing or getting a name is no change of it, but sets the time.
bool is_as_it_was(const DataFile& file, std::uint64_t names, const struct stat& info) {
  DataFile now = file;
  take_identity(now, info);
  if (info.st_nlink != names) now.changed_ns = file.changed_ns;
  return now.same_content(file);
}

}  // namespace

void TaskFiles::begin(const Task& task, int threads) {
  threads_ = threads;
  unchecked_ = {task.unchecked.begin(), task.unchecked.end()};
  checked_ = Json::Array{};
  reading_.clear();
  as_listed_ = std::holds_alternative<InspectWork>(task.work) || task.files.as_listed;
  changed_.clear();
}

Status TaskFiles::check(const Dataset& dataset, const CancelToken& cancel, std::int64_t offset, std::int64_t rows) {
  if (!dataset.is_collection) return begin_reading(dataset, offset, rows);
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

Status TaskFiles::begin_reading(const Dataset& dataset, std::int64_t offset, std::int64_t rows) {
  if (dataset.is_collection) return {};
  const HeldDescriptors* held = datasets_.held(dataset.name);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < dataset.files.size(); ++i) {
    const DataFile& file = dataset.files[i];
    const bool is_read = file.rows < 0 || (begin + file.rows > offset && begin - offset < rows);
    begin += std::max<std::int64_t>(file.rows, 0);
    OpenFile open{dataset.name, file, {}};
    if (held != nullptr && i < held->size()) open.held = (*held)[i];
    // Two datasets may have the same file, and one of them be known in an older version.
    if (open.held || given_files::count() > 0) given_files::give(file.path, open.held);
    if (!is_read) continue;
    struct stat named {};
    struct stat info {};
    if (dataset.text && i < dataset.text->files.size()) open.edges = dataset.text->files[i].edges;
    const bool is_named =
        ::stat(file.path.c_str(), &named) == 0 && (has_identity(file, named) || has_grown(file, open.edges, named));
    const bool is_there = !open.held || (::fstat(open.held->get(), &info) == 0 && has_identity(file, info));
    if (!is_there || (!is_named && !(open.held && as_listed_))) {
      changed_.push_back(dataset.name);
      return std::unexpected(changed_file(file.path));
    }
    if (open.held) take_identity(open.file, info);
    open.names = info.st_nlink;
    reading_.push_back(std::move(open));
  }
  return {};
}

Status TaskFiles::check_unchanged() {
  if (!changed_.empty()) return {};
  for (const OpenFile& open : reading_) {
    struct stat info {};
    const bool is_there =
        open.held ? ::fstat(open.held->get(), &info) == 0 : ::stat(open.file.path.c_str(), &info) == 0;
    if (is_there && (open.held ? is_as_it_was(open.file, open.names, info) : has_identity(open.file, info))) continue;
    if (is_there && has_grown(open.file, open.edges, info)) continue;
    changed_.push_back(open.dataset);
    return std::unexpected(changed_file(open.file.path));
  }
  return {};
}

}  // namespace canvasback
