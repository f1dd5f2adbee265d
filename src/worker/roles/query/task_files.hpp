// TaskFiles: the files that the task at hand reads. Each is checked before it is read, and once more behind it: an
// answer is of one version of a dataset, or the task fails with the name of the file that changed.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/unique_fd.hpp"
#include "storage/dataset.hpp"
#include "task/task.hpp"
#include "worker/roles/query/dataset_catalog.hpp"

namespace canvasback {

class TaskFiles {
 public:
  explicit TaskFiles(const DatasetCatalog& datasets) : datasets_(datasets) {}

  // A task begins; what was known of the one before is gone. Files are checked on so many threads.
  void begin(const Task& task, int threads);
  // These rows of a dataset's files are about to be read. A file that is not the one listed any more is an error that
  // names it; one of a collection that nobody has checked yet is checked now. Costs a stat() for each file, and the
  // reading of those that are checked. Errors: Unavailable, InvalidData, Cancelled.
  Status check(const Dataset& dataset, const CancelToken& cancel, std::int64_t offset = 0,
               std::int64_t rows = INT64_MAX);
  // The part of it for files of others. They are opened as they are held from here on.
  Status begin_reading(const Dataset& dataset, std::int64_t offset = 0, std::int64_t rows = INT64_MAX);
  // Whether the files that the task has begun to read still are the ones they were. Errors: Unavailable.
  Status check_unchanged();

  // What of Task::unchecked it has checked: [{"path", "changed_ns"}].
  Json take_checked() { return std::move(checked_); }
  // Datasets of which a file was replaced.
  const std::vector<std::string>& changed() const { return changed_; }

 private:
  struct OpenFile {
    std::string dataset;
    DataFile file;
    std::shared_ptr<const UniqueFd> held;  // null: it is read by its name
    std::uint64_t names = 0;               // that the held one had
    std::string edges = {};                // of a file of text: it may become longer
  };
  const DatasetCatalog& datasets_;
  int threads_ = 1;
  std::set<std::string, std::less<>> unchecked_;  // Task::unchecked
  Json checked_;
  std::vector<OpenFile> reading_;  // files of others
  bool as_listed_ = false;         // held files are read whatever their names stand for now
  std::vector<std::string> changed_;
};

}  // namespace canvasback
