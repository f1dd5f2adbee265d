// FileScrub: makes sure of the bytes of collections' files: each file that this process did not write is compared with
// its checksums once, in the background, and all of them on a schedule (the scrub). A query does not wait for this: it
// checks what it is about to read itself, and says so (take_checked). Nothing is parsed here: workers read and compare.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/collection/collection_registry.hpp"
#include "service/collection/file_checks.hpp"
#include "service/collection/part_examiner.hpp"

namespace canvasback {

class FileScrub {
 public:
  // All of them outlive it.
  FileScrub(CollectionContext& context, CollectionRegistry& registry, PartExaminer& examiner, FileChecks& checks)
      : context_(context), registry_(registry), examiner_(examiner), checks_(checks) {}

  const FileChecks& checks() const { return checks_; }
  // Whether a scrub is under way.
  bool running() const { return running_; }

  // Which files of these datasets nobody has checked yet, and what a worker says that it has (Task::unchecked).
  std::vector<std::string> unchecked(const std::vector<std::shared_ptr<const Dataset>>& datasets) const;
  void take_checked(const Json& checked);
  // Checks these files now; stops at the first that is wrong. Errors: InvalidData that names it.
  asio::awaitable<Status> check_all(const std::vector<CollectionFile>& files);

  // What is to be checked now, if anything: first what nobody has checked, a file at a time; then, when it is due,
  // everything. Merges go first. Asked for again and again; ends early where the program does.
  asio::awaitable<void> look();
  // Keeps over a restart what was checked.
  asio::awaitable<void> remember();

 private:
  using Files = std::vector<std::pair<std::string, DataFile>>;  // with the names of their collections

  bool is_due() const;
  asio::awaitable<bool> check_some(const Files& files, bool all, const std::vector<std::string>& waiting);
  asio::awaitable<void> check_one(std::string collection, DataFile file);

  CollectionContext& context_;
  CollectionRegistry& registry_;
  PartExaminer& examiner_;
  FileChecks& checks_;
  bool running_ = false;
  bool fresh_ = false;  // something to remember
};

}  // namespace canvasback
