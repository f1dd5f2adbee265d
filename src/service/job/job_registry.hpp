// JobRegistry: which jobs a server remembers, and the disk budget that their files share. A pure policy without I/O:
// it decides what is removed and calls RemoveFile for it.
//
//   too many jobs        the one that ended first is removed
//   budget exceeded      the file that was not read for longest is removed, never one that is being read
//   older than age_us    the job is removed with its file
//
// Every call is O(number of jobs) at most. Times are microseconds of one clock. Not thread-safe: on the front's thread.
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
    std::uint64_t file_bytes_max = 0;  // of all files, finished or being written; 0: file jobs are refused
    std::int64_t age_us = 0;           // since a job's end, until it expires
  };
  using RemoveFile = std::function<void(const std::string& path)>;

  JobRegistry(Options options, RemoveFile remove_file) : options_(options), remove_file_(std::move(remove_file)) {}

  // Adds a job in the state Queued. The token of a stream that has ended may be used again.
  // Errors: InvalidData: a malformed token. JobConflict: the token is in use. StorageLimit: a file job, while files
  // that cannot be removed take the whole budget. TooManyRequests: jobs_max jobs are queued or running.
  Result<std::shared_ptr<Job>> add(JobSpec spec, std::int64_t now_us);
  // Errors: JobNotFound.
  Result<std::shared_ptr<Job>> find(std::string_view id) const;
  // In the order of their creation.
  std::vector<std::shared_ptr<Job>> jobs() const;

  // Takes so many more bytes of the budget for a file that is being written, removing finished files as needed.
  // Errors: StorageLimit, and the job holds what it held before.
  Status hold(Job& job, std::uint64_t bytes);
  // Returns all bytes that the job holds: its file was not finished.
  void release(Job& job);

  // Removes a job with its file. Requires that it has ended.
  void forget(std::string id);
  // Removes all jobs that are older than age_us.
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
