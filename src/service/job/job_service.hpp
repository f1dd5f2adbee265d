// JobService: work with an id, progress, a receipt and cancellation. Three kinds of job:
//
//   file    start(): runs a query or export, writes its bytes below DATA/jobs and offers the file until it expires
//   stream  watch(): an answer or upload that a route streams itself and reports here through a JobStream
//   work    start(spec, work): the server's own work (merge, archive, backup, …), with a result or a file
//
// File jobs run at most Options::running_max at a time, first in, first out; the others are queued. Disk and hashing
// are done on threads of the service's own, so that the front never waits for them. Which jobs are remembered and how
// much disk they may use is decided in job_registry.hpp. Knows no protocol. Not thread-safe: all calls on the front's
// thread.
#pragma once

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/job/job_file.hpp"
#include "service/job/job_registry.hpp"
#include "service/query/query_service.hpp"
#include "service/schedule/schedule.hpp"

namespace canvasback {

class JobService;

// Reports one stream job. Requires exactly one finish() or fail(); if it is destroyed before, the client has
// disconnected and the job is cancelled.
class JobStream {
 public:
  JobStream(JobService& service, std::shared_ptr<Job> job) : service_(service), job_(std::move(job)) {}
  ~JobStream();
  JobStream(const JobStream&) = delete;
  JobStream& operator=(const JobStream&) = delete;

  // Counts and hashes bytes that are about to be sent. Requires that they stay valid until it has returned.
  asio::awaitable<void> take(std::string_view bytes);
  // Of an upload: rows that its worker has processed so far.
  void set_rows(std::int64_t rows) { job_->rows = std::max(job_->rows, rows); }
  void finish(std::int64_t rows);
  void fail(const Error& error);
  // Called at most once, when the job is cancelled: must end the answer.
  void set_on_cancel(std::function<void()> on_cancel);
  const std::string& id() const { return job_->spec.id; }

 private:
  JobService& service_;
  std::shared_ptr<Job> job_;
  Sha256 digest_;
};

// Reads a finished file. The file is not removed while a reader of it exists.
class JobReader {
 public:
  JobReader(JobService& service, std::shared_ptr<Job> job, UniqueFd file);
  ~JobReader();
  JobReader(const JobReader&) = delete;
  JobReader& operator=(const JobReader&) = delete;

  const Job& job() const { return *job_; }
  // Up to min(bytes, limits::kFilePieceBytes) bytes at offset, valid until the next call. Errors: Unavailable.
  asio::awaitable<Result<std::string_view>> read(std::uint64_t offset, std::uint64_t bytes);

 private:
  JobService& service_;
  std::shared_ptr<Job> job_;
  UniqueFd file_;
  std::string piece_;
};

class JobService {
 public:
  struct Options {
    std::string folder;  // DATA/jobs; files of an earlier server in it are removed by the constructor
    std::uint64_t file_bytes_max = 0;
    std::int64_t file_age_s = 0;
    std::size_t running_max = 1;
  };

  // All of them outlive it.
  JobService(asio::any_io_executor executor, Schedule& schedule, QueryService& queries, DatasetService& datasets,
             Options options);
  ~JobService();

  // Queues a file job and returns at once. token: the id if the client chose one.
  // Errors: those of the query service's checks and of JobRegistry::add(); later ones are the job's.
  Result<std::shared_ptr<Job>> start(RowsRequest request, std::optional<std::string> token, std::string filename);
  Result<std::shared_ptr<Job>> start(SqlRunRequest request, std::optional<std::string> token, std::string filename);

  // Registers a stream job and sets request.job to its id, which links the query's progress to it.
  // Errors: those of JobRegistry::add().
  Result<std::unique_ptr<JobStream>> watch(RowsRequest& request, std::string token);
  Result<std::unique_ptr<JobStream>> watch(SqlRunRequest& request, std::string token);

  // The same for an upload: progress in records, the receipt of the received bytes.
  Result<std::unique_ptr<JobStream>> watch_upload(std::string collection, std::string format, std::string token);

  // Starts work of the server. Requires that `work` updates the job's progress, ends soon after the job is cancelled,
  // and returns its result. Errors: those of JobRegistry::add().
  using Work = std::function<asio::awaitable<Result<Json>>(Job& job)>;
  Result<std::shared_ptr<Job>> start(JobSpec spec, Work work);
  // Starts a job whose file is the concatenation of the pieces, up to an empty one. Requires that a piece stays valid
  // until the next call.
  using Pieces = std::function<asio::awaitable<Result<std::string_view>>()>;
  Result<std::shared_ptr<Job>> start(JobSpec spec, Pieces pieces);
  // Returns when a job of the two kinds above has ended, in whatever state.
  asio::awaitable<void> wait_for_end(std::shared_ptr<Job> job);

  // Errors: JobNotFound.
  Result<std::shared_ptr<Job>> find(std::string_view id);
  std::vector<std::shared_ptr<Job>> jobs();
  // A snapshot, with the latest progress of its worker.
  JobView view(Job& job) const;
  // Cancels a queued or running job; removes one that has ended, with its file. Errors: JobNotFound.
  Status remove(std::string_view id);
  // Errors: JobNotFound; JobConflict while the job is not done, or if it has no file; of a failed job its own error.
  Result<std::unique_ptr<JobReader>> open_file(std::string_view id);

  // Cancels all file and work jobs; further ones fail with Unavailable. Streams end with their connections.
  void shut_down();

  std::size_t running() const { return running_; }
  std::uint64_t file_bytes() const { return registry_.held_bytes(); }

 private:
  friend class JobStream;
  friend class JobReader;
  using Open = std::function<asio::awaitable<Result<std::unique_ptr<Answer>>>(CancelToken gone)>;

  template <class Request>
  Result<std::shared_ptr<Job>> start_file(Request request, std::optional<std::string> token, std::string filename);
  template <class Request>
  Result<std::unique_ptr<JobStream>> watch_stream(Request& request, std::string token);
  JobSpec spec_of(const RowsRequest& request, std::string id) const;
  static JobSpec spec_of(const SqlRunRequest& request, std::string id);
  Result<std::shared_ptr<Job>> add(JobSpec spec);
  Result<std::shared_ptr<Job>> begin(JobSpec spec, JobDelivery delivery);
  asio::awaitable<void> do_work(std::shared_ptr<Job> job, Work work);
  asio::awaitable<void> take_pieces(std::shared_ptr<Job> job, Pieces pieces);
  asio::awaitable<Result<JobReceipt>> write_pieces(Job& job, Pieces pieces);
  void launch(std::shared_ptr<Job> job, Open open);
  asio::awaitable<void> run(std::shared_ptr<Job> job, Open open);
  asio::awaitable<bool> wait_for_turn(const std::shared_ptr<Job>& job);
  asio::awaitable<Result<JobReceipt>> produce(Job& job, Open open);
  asio::awaitable<Result<std::unique_ptr<Answer>>> open_patiently(Job& job, const Open& open);
  asio::awaitable<Result<JobReceipt>> write_file(Job& job, Answer& answer);
  void cancel(Job& job, CancelReason reason);
  void follow(Job& job) const;
  const RunningQuery* query_of(const Job& job) const;
  asio::awaitable<void> sweep();

  asio::any_io_executor executor_;
  QueryService& queries_;
  DatasetService& datasets_;
  Options options_;
  asio::thread_pool threads_{2};  // for what waits for the disk or is heavy
  JobRegistry registry_;
  std::deque<std::shared_ptr<Job>> turns_;  // file jobs that wait
  std::size_t running_ = 0;                 // file jobs that run
  Event turn_;
  Event work_ended_;
  std::uint64_t next_file_ = 1;
  bool stopping_ = false;
};

}  // namespace canvasback
