// CollectionJobs: what is done to a collection for long, as jobs that are watched and cancelled like others: merging,
// archiving, restoring, checking, backing up, filling with made-up records. No protocol. On the front's one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "service/collection/collection_service.hpp"
#include "service/collection/record_generator.hpp"
#include "service/job/job_service.hpp"

namespace canvasback {

struct GenerateRequest {
  std::string collection;
  RecordType type = RecordType::User;
  std::string type_name;
  std::uint64_t seed = 0;
  std::int64_t count = 0;
};

class CollectionJobs {
 public:
  CollectionJobs(CollectionService& collections, JobService& jobs) : collections_(collections), jobs_(jobs) {}

  using Started = Result<std::shared_ptr<Job>>;

  // Errors: DatasetNotFound where there is no such collection (but for generate()), and those of JobService::start().
  // {"files_merged"}
  Started compact(const std::string& name);
  // Weeks before this one. {"files": […]}
  Started archive(const std::string& name, std::int64_t before_week);
  Started restore(const std::string& name, std::int64_t first_week, std::int64_t last_week);
  // {"files", "records", "problems": [{"file", "problem"}]}
  Started verify(const std::string& name);
  // One commit of made-up records; cancelled, none of them is kept. {"records", "commit"}
  Started generate(GenerateRequest request);
  // All collections as they are when the job begins, as a tar: a file job, with the errors of CollectionBackup.
  Started backup();

 private:
  Status check(const std::string& name) const;
  static asio::awaitable<Result<Json>> generate_into(CollectionService& collections, GenerateRequest request, Job& job);

  CollectionService& collections_;
  JobService& jobs_;
};

}  // namespace canvasback
