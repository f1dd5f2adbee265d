// VerifyService: reads every value of every live file of a collection and says what is wrong, for whoever asks. Files
// that block the collection are problems; so are unique values that several records have.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "service/collection/folder_watch.hpp"
#include "service/collection/part_examiner.hpp"
#include "service/collection/work_watch.hpp"

namespace canvasback {

class VerifyService {
 public:
  struct Verified {
    std::size_t files = 0;
    std::int64_t records = 0;
    std::vector<std::pair<std::string, std::string>> problems;  // file, what is wrong
  };

  // All of them outlive it.
  VerifyService(CollectionRegistry& registry, FolderWatch& watch, PartExaminer& examiner)
      : registry_(registry), folder_watch_(watch), examiner_(examiner) {}

  // The watch is told of files. Costs a reading of all of them, by one worker. Errors: DatasetNotFound, those of the
  // watch and of the workers.
  asio::awaitable<Result<Verified>> verify(std::string name, WorkWatch watch);

 private:
  CollectionRegistry& registry_;
  FolderWatch& folder_watch_;
  PartExaminer& examiner_;
};

}  // namespace canvasback
