// Job: something long whose progress can be watched under an id. Three kinds: a *stream* goes to its client at once,
// under a token that the client chose; a *file* job writes below DATA/jobs and is fetched when it is done; *work*
// (merging a collection's files, checking them, …) leaves only what it says of itself.
//
//   queued → running → done | failed | cancelled
//
// Only a job that is done has a receipt, and only a file job that is done offers a file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace canvasback {

enum class JobState { Queued, Running, Done, Failed, Cancelled };

// "queued", "running", …
std::string_view name_of(JobState state);
inline bool has_ended(JobState state) { return state != JobState::Queued && state != JobState::Running; }

enum class JobDelivery { File, Stream, Work };

// "file", "stream", "work".
std::string_view name_of(JobDelivery delivery);

// What a finished job delivered.
struct JobReceipt {
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
  std::string sha256;  // hex, of all the bytes
};

struct JobSpec {
  std::string id;  // chosen by the client, or empty: one is made
  JobDelivery delivery = JobDelivery::File;
  std::string kind;  // rows, sql, ingest, compact, …
  std::string text;  // the dataset or the start of the statement
  std::string format;
  std::string filename;                    // offered to the browser
  std::optional<std::int64_t> rows_total;  // where it is known from the start
};

struct Job {
  JobSpec spec;
  JobState state = JobState::Queued;
  std::int64_t created_us = 0;
  std::int64_t started_us = 0;  // 0: not yet
  std::int64_t ended_us = 0;
  std::int64_t rows = 0;
  std::optional<std::int64_t> rows_total;
  std::uint64_t bytes = 0;  // written or sent so far
  double share = -1;        // done, 0 to 1; below 0: unknown
  std::optional<JobReceipt> receipt;
  Json result;  // of work: what came of it
  std::optional<Error> error;
  CancelToken cancel;
  std::function<void()> on_cancel;  // of a stream under way: cuts it

  std::string path;              // of the finished file; empty: there is none (any more)
  std::uint64_t held_bytes = 0;  // of the disk budget
  std::int64_t used_us = 0;      // finished or last fetched
  int readers = 0;               // fetching it now
};

// What is told of a job beside its own members.
struct JobView {
  std::optional<double> rows_per_second;
  std::optional<double> bytes_per_second;
  std::optional<double> seconds_left;
  std::int64_t file_until_us = 0;  // the file is kept no longer than this; 0: there is none
};

// Progress as rates and time left; now_us and the job's times are of the same clock.
JobView view_of(const Job& job, std::int64_t now_us, std::int64_t file_age_us);

// The end of a job: with what it delivered, or by an error (Cancelled makes it cancelled, others failed).
void end_job(Job& job, JobReceipt receipt, std::int64_t now_us);
void end_job(Job& job, Json result, std::int64_t now_us);
void end_job(Job& job, const Error& error, std::int64_t now_us);

// Letters, digits, '-' and '_', limits::kJobTokenBytesMin to kJobTokenBytesMax of them. Errors: InvalidData.
Status check_job_token(std::string_view token);

}  // namespace canvasback
