// JobRegistry: the jobs a server knows, bounded in number, and the disk budget their files share. What has to go is
// decided here (the oldest that ended; the file unused for longest that nobody is fetching; what passed its age), the
// removal itself is the caller's. Times are microseconds of one clock. On the front's one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "service/job/job.hpp"

namespace canvasback {

class JobRegistry {
 public:
  struct Options {
    std::size_t jobs_max = 0;
    std::uint64_t file_bytes_max = 0;  // of all files, finished or being written; 0: there are no file jobs
    std::int64_t age_us = 0;           // a job that ended so long ago is forgotten
  };
  using RemoveFile = std::function<void(const std::string& path)>;

  JobRegistry(Options options, RemoveFile remove_file) : options_(options), remove_file_(std::move(remove_file)) {}

  // A new job in the state Queued. A token whose earlier stream has ended is taken over. Errors: InvalidData for a
  // token that is none, JobConflict for one in use, StorageLimit for a file job when nothing of the budget can be had,
  // TooManyRequests when as many jobs as may be known are under way.
  Result<std::shared_ptr<Job>> add(JobSpec spec, std::int64_t now_us);
  // Errors: JobNotFound.
  Result<std::shared_ptr<Job>> find(std::string_view id) const;
  // In the order they were made.
  std::vector<std::shared_ptr<Job>> jobs() const;

  // So many more bytes of the budget for a file that is being written; finished files make room. Errors: StorageLimit.
  Status hold(Job& job, std::uint64_t bytes);
  // Gives all of it back: the file was not finished.
  void release(Job& job);

  // Forgets a job that has ended, with its file.
  void forget(std::string id);
  // Forgets what is too old.
  void expire(std::int64_t now_us);

  std::uint64_t held_bytes() const { return held_bytes_; }
  std::uint64_t file_bytes_max() const { return options_.file_bytes_max; }
  std::int64_t age_us() const { return options_.age_us; }

 private:
  bool make_place();
  bool drop_one_file();
  void drop_file(Job& job);
  std::uint64_t droppable_bytes() const;

  Options options_;
  RemoveFile remove_file_;
  std::map<std::string, std::shared_ptr<Job>, std::less<>> jobs_;
  std::vector<std::string> order_;
  std::uint64_t held_bytes_ = 0;
};

}  // namespace canvasback
