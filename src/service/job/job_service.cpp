#include "service/job/job_service.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/detached.hpp>
#include <filesystem>

#include "base/clock.hpp"
#include "base/error_log.hpp"
#include "base/format_names.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "service/schedule/on_thread.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTextBytesMax = 1000;  // of a statement, to show
constexpr std::chrono::seconds kSweepPeriod{1};

// The start of a text, whole characters.
std::string start_of(std::string_view text) {
  if (text.size() <= kTextBytesMax) return std::string(text);
  std::size_t end = 0;
  while (true) {
    const std::size_t length = std::max<std::size_t>(1, utf8_sequence_length(text.substr(end)));
    if (end + length > kTextBytesMax) break;
    end += length;
  }
  return std::string(text.substr(0, end)) + "…";
}

Error cancelled_error() { return Error{ErrorCode::Cancelled, "The job was cancelled.", {}, {}, 0}; }

// job-NUMBER or job-NUMBER.part.
bool is_job_file(std::string_view name) {
  constexpr std::string_view kBegin = "job-";
  if (!name.starts_with(kBegin)) return false;
  name.remove_prefix(kBegin.size());
  if (name.ends_with(".part")) name.remove_suffix(5);
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

// Rows the answer will have; nothing where only reading tells.
std::optional<std::int64_t> rows_of(const Dataset& dataset, const Selection& selection) {
  if (dataset.rows < 0 || !selection.filter.is_null() || selection.sample || !selection.after.empty()) return {};
  const std::int64_t available = std::max<std::int64_t>(0, dataset.rows - selection.offset);
  return std::min(selection.limit.value_or(INT64_MAX), available);
}

// A job has time: as much as a task can be given.
template <class Request>
void make_patient(Request& request) {
  if (request.context.timeout_ms == 0) request.context.timeout_ms = limits::kMaxTimeout.count();
}

}  // namespace

JobStream::~JobStream() {
  if (has_ended(job_->state)) return;
  job_->on_cancel = nullptr;
  end_job(*job_, Error{ErrorCode::Cancelled, "The client disconnected before the end.", {}, {}, 0}, wall_us());
}

asio::awaitable<void> JobStream::take(std::string_view bytes) {
  auto update = [this, bytes] {
    digest_.update(bytes);
    return true;
  };
  co_await on_thread(service_.threads_, update);
  job_->bytes += bytes.size();
}

void JobStream::set_on_cancel(std::function<void()> on_cancel) { job_->on_cancel = std::move(on_cancel); }

void JobStream::finish(std::int64_t rows) {
  job_->on_cancel = nullptr;
  end_job(*job_, {rows, job_->bytes, digest_.hex()}, wall_us());
}

void JobStream::fail(const Error& error) {
  job_->on_cancel = nullptr;
  end_job(*job_, error, wall_us());
}

JobReader::JobReader(JobService& service, std::shared_ptr<Job> job, UniqueFd file)
    : service_(service), job_(std::move(job)), file_(std::move(file)), piece_(limits::kFilePieceBytes, '\0') {
  ++job_->readers;
}

JobReader::~JobReader() {
  --job_->readers;
  job_->used_us = wall_us();
}

asio::awaitable<Result<std::string_view>> JobReader::read(std::uint64_t offset, std::uint64_t bytes) {
  const std::size_t wanted = std::min<std::uint64_t>(bytes, piece_.size());
  auto read_piece = [this, offset, wanted] {
    ssize_t count = -1;
    do {
      count = ::pread(file_.get(), piece_.data(), wanted, static_cast<off_t>(offset));
    } while (count < 0 && errno == EINTR);
    return count;
  };
  const ssize_t got = co_await on_thread(service_.threads_, read_piece);
  if (got <= 0) co_return fail(ErrorCode::Unavailable, "The file of the job cannot be read.");
  co_return std::string_view(piece_).substr(0, static_cast<std::size_t>(got));
}

JobService::JobService(asio::any_io_executor executor, Schedule& schedule, QueryService& queries,
                       DatasetService& datasets, Options options)
    : executor_(executor),
      queries_(queries),
      datasets_(datasets),
      options_(std::move(options)),
      registry_({limits::kJobsMax, options_.file_bytes_max, options_.file_age_s * 1'000'000},
                [this](const std::string& path) { asio::post(threads_, [path] { ::unlink(path.c_str()); }); }),
      turn_(executor),
      work_ended_(executor) {
  // Whatever an earlier server left: nobody knows those jobs any more, and some of their files are not whole.
  std::error_code error;
  fs::create_directories(options_.folder, error);
  for (const auto& entry : fs::directory_iterator(options_.folder, error)) {
    const bool is_plain = entry.symlink_status(error).type() == fs::file_type::regular;
    if (is_plain && is_job_file(entry.path().filename().string())) fs::remove(entry.path(), error);
  }
  // Who made it a link to another disk has chosen who may look into it; the files are this user's alone in any case.
  if (!fs::is_symlink(options_.folder, error)) fs::permissions(options_.folder, fs::perms::owner_all, error);
  if (error) log::warning("the folder of job files, {}, cannot be used: {}", options_.folder, error.message());
  schedule.every(kSweepPeriod, [this] { return sweep(); });
}

JobService::~JobService() { threads_.join(); }

JobSpec JobService::spec_of(const RowsRequest& request, std::string id) const {
  JobSpec spec;
  spec.id = std::move(id);
  spec.kind = "rows";
  spec.text = request.dataset;
  spec.format = request.output.format;
  if (auto dataset = datasets_.find(request.dataset)) spec.rows_total = rows_of(**dataset, request.selection);
  return spec;
}

JobSpec JobService::spec_of(const SqlRunRequest& request, std::string id) {
  JobSpec spec;
  spec.id = std::move(id);
  spec.kind = "sql";
  spec.text = start_of(request.sql);
  spec.format = request.output.format;
  return spec;
}

Result<std::shared_ptr<Job>> JobService::add(JobSpec spec) {
  if (stopping_) return fail(ErrorCode::Unavailable, "The server is stopping.");
  registry_.expire(wall_us());
  return registry_.add(std::move(spec), wall_us());
}

// One that waits for no other: what file jobs wait for is not what it needs.
Result<std::shared_ptr<Job>> JobService::begin(JobSpec spec, JobDelivery delivery) {
  if (!spec.id.empty()) CANVASBACK_TRY(check_job_token(spec.id));
  spec.delivery = delivery;
  CANVASBACK_ASSIGN(auto job, add(std::move(spec)));
  job->state = JobState::Running;
  job->started_us = wall_us();
  return job;
}

template <class Request>
Result<std::shared_ptr<Job>> JobService::start_file(Request request, std::optional<std::string> token,
                                                    std::string filename) {
  CANVASBACK_TRY(queries_.check_request(request));
  if (token) CANVASBACK_TRY(check_job_token(*token));
  JobSpec spec = spec_of(request, std::move(token).value_or(""));
  spec.filename = std::move(filename);
  CANVASBACK_ASSIGN(auto job, add(std::move(spec)));
  request.context.job = job->spec.id;
  request.output.content_encoding.clear();
  make_patient(request);
  launch(job, [this, request = std::move(request)](CancelToken gone) {
    if constexpr (std::is_same_v<Request, RowsRequest>) {
      return queries_.rows(request, gone);
    } else {
      return queries_.sql(request, gone);
    }
  });
  return job;
}

template <class Request>
Result<std::unique_ptr<JobStream>> JobService::watch_stream(Request& request, std::string token) {
  CANVASBACK_TRY(check_job_token(token));
  JobSpec spec = spec_of(request, std::move(token));
  spec.delivery = JobDelivery::Stream;
  CANVASBACK_ASSIGN(auto job, add(std::move(spec)));
  request.context.job = job->spec.id;
  return std::make_unique<JobStream>(*this, std::move(job));
}

Result<std::shared_ptr<Job>> JobService::start(RowsRequest request, std::optional<std::string> token,
                                               std::string filename) {
  return start_file(std::move(request), std::move(token), std::move(filename));
}

Result<std::shared_ptr<Job>> JobService::start(SqlRunRequest request, std::optional<std::string> token,
                                               std::string filename) {
  return start_file(std::move(request), std::move(token), std::move(filename));
}

Result<std::unique_ptr<JobStream>> JobService::watch(RowsRequest& request, std::string token) {
  return watch_stream(request, std::move(token));
}

Result<std::unique_ptr<JobStream>> JobService::watch(SqlRunRequest& request, std::string token) {
  return watch_stream(request, std::move(token));
}

Result<std::unique_ptr<JobStream>> JobService::watch_upload(std::string collection, std::string format,
                                                            std::string token) {
  CANVASBACK_TRY(check_job_token(token));
  JobSpec spec;
  spec.id = std::move(token);
  spec.kind = "ingest";
  spec.text = std::move(collection);
  spec.format = std::move(format);
  CANVASBACK_ASSIGN(auto job, begin(std::move(spec), JobDelivery::Stream));
  return std::make_unique<JobStream>(*this, std::move(job));
}

Result<std::shared_ptr<Job>> JobService::start(JobSpec spec, Work work) {
  CANVASBACK_ASSIGN(auto job, begin(std::move(spec), JobDelivery::Work));
  asio::co_spawn(executor_, do_work(job, std::move(work)), asio::detached);
  return job;
}

asio::awaitable<void> JobService::do_work(std::shared_ptr<Job> job, Work work) {
  auto result = co_await work(*job);
  if (result) {
    end_job(*job, std::move(*result), wall_us());
  } else {
    end_job(*job, result.error(), wall_us());
    if (job->state == JobState::Failed) {
      log::info("job {} failed: {}", job->spec.id, for_log(*job->error));
    }
  }
  work_ended_.notify();
}

asio::awaitable<void> JobService::wait_for_end(std::shared_ptr<Job> job) {
  while (!has_ended(job->state)) co_await work_ended_.wait();
}

Result<std::shared_ptr<Job>> JobService::start(JobSpec spec, Pieces pieces) {
  CANVASBACK_ASSIGN(auto job, begin(std::move(spec), JobDelivery::File));
  asio::co_spawn(executor_, take_pieces(job, std::move(pieces)), asio::detached);
  return job;
}

asio::awaitable<void> JobService::take_pieces(std::shared_ptr<Job> job, Pieces pieces) {
  auto receipt = co_await write_pieces(*job, std::move(pieces));
  if (receipt) {
    end_job(*job, std::move(*receipt), wall_us());
  } else {
    registry_.release(*job);
    end_job(*job, receipt.error(), wall_us());
  }
  work_ended_.notify();
}

asio::awaitable<Result<JobReceipt>> JobService::write_pieces(Job& job, Pieces pieces) {
  using Out = Result<JobReceipt>;
  const std::string path = fmt::format("{}/job-{}", options_.folder, next_file_++);
  auto create = [&path] { return JobFile::create(path); };
  auto file = co_await on_thread(threads_, create);
  if (!file) co_return Out(std::unexpected(file.error()));
  JobFile& target = **file;
  while (true) {
    auto piece = co_await pieces();
    if (!piece) co_return Out(std::unexpected(piece.error()));
    if (job.cancel.cancelled()) co_return Out(std::unexpected(cancelled_error()));
    if (piece->empty()) break;
    if (Status status = registry_.hold(job, piece->size()); !status) co_return Out(std::unexpected(status.error()));
    const std::string_view bytes = *piece;
    auto write = [&target, bytes] { return target.write(bytes); };
    Status written = co_await on_thread(threads_, write);
    if (!written) co_return Out(std::unexpected(written.error()));
    job.bytes += bytes.size();
  }
  auto finish = [&target] { return target.finish(); };
  auto digest = co_await on_thread(threads_, finish);
  if (!digest) co_return Out(std::unexpected(digest.error()));
  job.path = path;
  co_return JobReceipt{job.rows_total.value_or(0), job.bytes, std::move(*digest)};
}

void JobService::launch(std::shared_ptr<Job> job, Open open) {
  turns_.push_back(job);
  asio::co_spawn(executor_, run(std::move(job), std::move(open)), asio::detached);
}

// True when it is the job's turn; false when it was cancelled before.
asio::awaitable<bool> JobService::wait_for_turn(const std::shared_ptr<Job>& job) {
  while (!job->cancel.cancelled() && (turns_.front() != job || running_ >= options_.running_max)) {
    co_await turn_.wait();
  }
  std::erase(turns_, job);
  co_return !job->cancel.cancelled();
}

asio::awaitable<void> JobService::run(std::shared_ptr<Job> job, Open open) {
  if (co_await wait_for_turn(job)) {
    ++running_;
    turn_.notify();  // there may be room for the next one too
    auto receipt = co_await produce(*job, std::move(open));
    --running_;
    if (receipt) {
      end_job(*job, std::move(*receipt), wall_us());
    } else {
      registry_.release(*job);
      end_job(*job, receipt.error(), wall_us());
      if (job->state == JobState::Failed) {
        log::info("job {} failed: {}", job->spec.id, for_log(*job->error));
      }
    }
  } else {
    end_job(*job, cancelled_error(), wall_us());
  }
  turn_.notify();
}

asio::awaitable<Result<JobReceipt>> JobService::produce(Job& job, Open open) {
  using Out = Result<JobReceipt>;
  auto answer = co_await open_patiently(job, open);
  if (!answer) co_return Out(std::unexpected(answer.error()));
  co_return co_await write_file(job, **answer);
}

// A job was accepted: that all workers are busy only makes it wait.
asio::awaitable<Result<std::unique_ptr<Answer>>> JobService::open_patiently(Job& job, const Open& open) {
  while (true) {
    auto answer = co_await open(job.cancel);
    if (answer || answer.error().code != ErrorCode::TooManyRequests || job.cancel.cancelled()) co_return answer;
    asio::steady_timer pause(executor_, limits::kJobRetryPeriod);
    co_await pause.async_wait(kAwait);
    if (job.cancel.cancelled()) co_return Result<std::unique_ptr<Answer>>(std::unexpected(cancelled_error()));
  }
}

asio::awaitable<Result<JobReceipt>> JobService::write_file(Job& job, Answer& answer) {
  using Out = Result<JobReceipt>;
  const std::string path = fmt::format("{}/job-{}", options_.folder, next_file_++);
  auto create = [&path] { return JobFile::create(path); };
  auto file = co_await on_thread(threads_, create);
  if (!file) co_return Out(std::unexpected(file.error()));
  while (true) {
    TaskEvent event = co_await answer.next();
    follow(job);
    if (job.cancel.cancelled()) co_return Out(std::unexpected(cancelled_error()));
    if (event.kind == TaskEvent::Kind::Failed) co_return Out(std::unexpected(event.error));
    if (event.kind == TaskEvent::Kind::Data) {
      if (Status status = registry_.hold(job, event.bytes.size()); !status)
        co_return Out(std::unexpected(status.error()));
      JobFile& target = **file;
      const std::string_view bytes = event.bytes;
      auto write = [&target, bytes] { return target.write(bytes); };
      Status written = co_await on_thread(threads_, write);
      if (!written) co_return Out(std::unexpected(written.error()));
      job.bytes += bytes.size();
    }
    if (event.kind != TaskEvent::Kind::Done) continue;
    JobFile& target = **file;
    auto finish = [&target] { return target.finish(); };
    auto digest = co_await on_thread(threads_, finish);
    if (!digest) co_return Out(std::unexpected(digest.error()));
    if (job.cancel.cancelled()) {
      auto remove = [&path] { return ::unlink(path.c_str()); };
      co_await on_thread(threads_, remove);
      co_return Out(std::unexpected(cancelled_error()));
    }
    job.path = path;
    co_return JobReceipt{event.info.at("metrics").at("rows").as_int(), job.bytes, std::move(*digest)};
  }
}

const RunningQuery* JobService::query_of(const Job& job) const {
  for (const auto& [id, query] : queries_.running()) {
    if (query.job == job.spec.id) return &query;
  }
  return nullptr;
}

// Takes over what the job's query tells of itself.
void JobService::follow(Job& job) const {
  if (has_ended(job.state)) return;
  const RunningQuery* query = query_of(job);
  if (query == nullptr || query->running_since_us == 0) return;
  job.state = JobState::Running;
  if (job.started_us == 0) job.started_us = query->running_since_us;
  if (query->run == nullptr) return;
  const Json& progress = query->run->progress();
  job.rows = std::max(job.rows, progress.at("rows").as_int());
  if (progress.at("rows_expected").is_integer()) job.rows_total = progress.at("rows_expected").as_int();
  job.share = std::max(job.share, progress.at("share").as_double(-1));
}

JobView JobService::view(Job& job) const {
  follow(job);
  return view_of(job, wall_us(), registry_.age_us());
}

Result<std::shared_ptr<Job>> JobService::find(std::string_view id) {
  registry_.expire(wall_us());
  return registry_.find(id);
}

std::vector<std::shared_ptr<Job>> JobService::jobs() {
  registry_.expire(wall_us());
  return registry_.jobs();
}

Status JobService::remove(std::string_view id) {
  CANVASBACK_ASSIGN(auto job, find(id));
  if (has_ended(job->state)) {
    registry_.forget(job->spec.id);
  } else {
    cancel(*job, CancelReason::Client);
  }
  return {};
}

void JobService::cancel(Job& job, CancelReason reason) {
  job.cancel.cancel(reason);
  if (const RunningQuery* query = query_of(job)) static_cast<void>(queries_.cancel(query->id));
  if (job.on_cancel) std::exchange(job.on_cancel, nullptr)();
  turn_.notify();
}

Result<std::unique_ptr<JobReader>> JobService::open_file(std::string_view id) {
  CANVASBACK_ASSIGN(auto job, find(id));
  if (job->spec.delivery != JobDelivery::File) {
    return fail(ErrorCode::JobConflict, job->spec.delivery == JobDelivery::Stream
                                            ? "This job was streamed to its client; no file is kept."
                                            : "This job produces no file; see its result.");
  }
  if (job->state == JobState::Failed) return std::unexpected(*job->error);
  if (job->state != JobState::Done) {
    return fail(ErrorCode::JobConflict,
                fmt::format("The job is {}; its file is available once it is done.", name_of(job->state)));
  }
  const auto gone = [] { return fail(ErrorCode::JobNotFound, "The file of this job has expired."); };
  if (job->path.empty()) return gone();
  UniqueFd file(::open(job->path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return gone();
  job->used_us = wall_us();
  return std::make_unique<JobReader>(*this, std::move(job), std::move(file));
}

void JobService::shut_down() {
  stopping_ = true;
  for (const auto& job : registry_.jobs()) {
    if (!has_ended(job->state) && job->spec.delivery != JobDelivery::Stream) cancel(*job, CancelReason::Shutdown);
  }
}

asio::awaitable<void> JobService::sweep() {
  registry_.expire(wall_us());
  co_return;
}

}  // namespace canvasback
