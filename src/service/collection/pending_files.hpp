// The files that a worker is writing: it has a descriptor, the front the name. Internal to the services.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/unique_fd.hpp"
#include "storage/table/commit_plan.hpp"
#include "worker/pool/pool.hpp"

namespace canvasback {

// Under names that say they are not finished. What is not kept by the end of its life is removed.
struct PendingFiles {
  struct File {
    std::string path;
    UniqueFd fd;   // the worker has one of its own
    Json request;  // what it was asked for as
  };
  std::vector<File> parts;
  std::vector<File> rejects;  // one at most
  std::vector<File> keys;     // one at most; never kept

  PendingFiles() = default;
  PendingFiles(const PendingFiles&) = delete;
  PendingFiles& operator=(const PendingFiles&) = delete;
  // What was renamed is not there any more under this name.
  ~PendingFiles();

  // Those of a commit, for its plan.
  CommitFiles of_commit(const std::string& folder, const std::string& quarantine, bool with_rejects) const;
  // What the worker told of keys, whole (KeyEntries). Blocking. Errors: of the disk.
  Result<std::string> read_key_entries() const;
  // How many rows it told of; 0 where that cannot be found out.
  std::int64_t key_rows(std::size_t keys) const;
};

// The numbers in names of files that are not finished: each once.
class PendingFileNames {
 public:
  std::string next(const std::string& folder);

 private:
  std::uint64_t next_ = 1;
};

// Answers what a worker asks for (kNeed…) with new files in `folder`, which are then among `files`.
OpenFile open_in(PendingFileNames& names, std::string folder, std::shared_ptr<PendingFiles> files);
// For tasks that write nothing; what they ask for is refused.
OpenFile open_nothing();

}  // namespace canvasback
