// Jobs: exports and statements that are watched while they run. A file job asks the query service, writes what comes
// below DATA/jobs (on threads of its own: the front never waits for the disk) and offers the file for a while. A
// stream job is somebody else's answer whose progress is told here. At most Options::running_max file jobs run at
// once, first in, first out; further ones are queued. No protocol here. All calls on the front's one thread.
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

// A stream job's side of the answer. Exactly one of finish() and fail(); a stream that is dropped before that was left
// by its client and is cancelled.
class JobStream {
 public:
  JobStream(JobService& service, std::shared_ptr<Job> job) : service_(service), job_(std::move(job)) {}
  ~JobStream();
  JobStream(const JobStream&) = delete;
  JobStream& operator=(const JobStream&) = delete;

  // Counts and hashes bytes that are about to be sent; they must stay until it has returned.
  asio::awaitable<void> take(std::string_view bytes);
  // Of an upload: what its worker has done so far.
  void set_rows(std::int64_t rows) { job_->rows = std::max(job_->rows, rows); }
  void finish(std::int64_t rows);
  void fail(const Error& error);
  // Called once when the job is cancelled: cuts the answer that is under way.
  void set_on_cancel(std::function<void()> on_cancel);
  const std::string& id() const { return job_->spec.id; }

 private:
  JobService& service_;
  std::shared_ptr<Job> job_;
  Sha256 digest_;
};

// A finished file being read; it stays as long as this does.
class JobReader {
 public:
  JobReader(JobService& service, std::shared_ptr<Job> job, UniqueFd file);
  ~JobReader();
  JobReader(const JobReader&) = delete;
  JobReader& operator=(const JobReader&) = delete;

  const Job& job() const { return *job_; }
  // At most limits::kFilePieceBytes from there; valid until the next call. Errors: Unavailable.
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
    std::string folder;  // DATA/jobs; emptied now
    std::uint64_t file_bytes_max = 0;
    std::int64_t file_age_s = 0;
    std::size_t running_max = 1;
  };

  // All of them outlive it.
  JobService(asio::any_io_executor executor, Schedule& schedule, QueryService& queries, DatasetService& datasets,
             Options options);
  ~JobService();

  // A file job. What can be told before a worker has seen it is told now. Errors: those of the query service's checks
  // and of JobRegistry::add().
  // token: chosen by the client, or nullopt.
  Result<std::shared_ptr<Job>> start(RowsRequest request, std::optional<std::string> token, std::string filename);
  Result<std::shared_ptr<Job>> start(SqlRunRequest request, std::optional<std::string> token, std::string filename);

  // A stream job; request.job is set to its id.
  Result<std::unique_ptr<JobStream>> watch(RowsRequest& request, std::string token);
  Result<std::unique_ptr<JobStream>> watch(SqlRunRequest& request, std::string token);

  // The same of a body that is taken in: records as they are read, bytes as they come, the receipt of what came.
  Result<std::unique_ptr<JobStream>> watch_upload(std::string collection, std::string format, std::string token);

  // Work of the server's own. It tells of itself in the job, ends soon when the job is cancelled, and gives what came
  // of it. Errors: those of JobRegistry::add().
  using Work = std::function<asio::awaitable<Result<Json>>(Job& job)>;
  Result<std::shared_ptr<Job>> start(JobSpec spec, Work work);
  // A file that somebody makes, piece by piece until an empty one; a piece stays until the next is asked for.
  using Pieces = std::function<asio::awaitable<Result<std::string_view>>()>;
  Result<std::shared_ptr<Job>> start(JobSpec spec, Pieces pieces);
  // Until one of these two has ended.
  asio::awaitable<void> wait_for_end(std::shared_ptr<Job> job);

  // Errors: JobNotFound.
  Result<std::shared_ptr<Job>> find(std::string_view id);
  std::vector<std::shared_ptr<Job>> jobs();
  // The job as it is now, with the newest progress of its worker.
  JobView view(Job& job) const;
  // Cancels a job that is under way, forgets one that has ended. Errors: JobNotFound.
  Status remove(std::string_view id);
  // Errors: JobNotFound, JobConflict while it is not done (or is a stream), the job's own error where it failed.
  Result<std::unique_ptr<JobReader>> open_file(std::string_view id);

  // Cancels all that is under way and takes no more.
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
