#include "service/dashboard/live_rollups.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

#include "base/clock.hpp"
#include "base/error_log.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text_list.hpp"
#include "base/write_all.hpp"
#include "service/dashboard/rollup_sections.hpp"
#include "storage/file.hpp"
#include "storage/file_identity.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kPauseFactor = 10;  // as long as making them took, before they are made again
constexpr std::chrono::milliseconds kBehindAnswers{300};
constexpr std::uint64_t kPartsOfBudget = 4;  // of one file

}  // namespace

LiveRollupSet::~LiveRollupSet() {
  for (const LiveRollup& rollup : rollups_) ::unlink(rollup.groups.files.front().path.c_str());
}

void LiveRollupSet::add(LiveRollup rollup) {
  bytes_ += rollup.groups.bytes();
  const auto rows = [](const LiveRollup& one) { return one.groups.rows; };
  rollups_.insert(std::ranges::upper_bound(rollups_, rollup.groups.rows, {}, rows), std::move(rollup));
}

LiveRollups::LiveRollups(asio::any_io_executor executor, QueryService& queries, DatasetService& datasets,
                         LiveRollupOptions options)
    : executor_(std::move(executor)), queries_(queries), datasets_(datasets), options_(std::move(options)) {}

LiveRollups::~LiveRollups() {
  *alive_ = false;
  cancel_.cancel(CancelReason::Shutdown);
}

// Of a statement the largest dataset that it names is as good as known.
bool LiveRollups::is_large(const MetricsModel& model) const {
  if (!model.source.empty()) {
    const auto dataset = datasets_.find(model.source);
    return dataset && (*dataset)->rows >= options_.rows_min;
  }
  return std::ranges::any_of(datasets_.readable(), [&](const auto& dataset) {
    return dataset->rows >= options_.rows_min && model.sql.find(dataset->name) != std::string::npos;
  });
}

std::shared_ptr<const LiveRollupSet> LiveRollups::find(const MetricsModel& model, const RollupNeeds& needs,
                                                       const std::string& timezone) {
  if (options_.bytes_max == 0 || needs.tiles.empty() || !is_large(model)) return nullptr;
  const std::string key =
      sha256_hex(fmt::format("{}\n{}\n{}", model.document.dump(), to_json(needs).dump(), timezone)).substr(0, 32);
  const std::string version = metrics_version(model, datasets_);
  Entry& entry = entries_[key];
  entry.used_ns = monotonic_ns();
  if (entry.version == version) return entry.set;
  entry.set = nullptr;
  const bool pauses = entry.ended_ns > 0 && entry.used_ns - entry.ended_ns < kPauseFactor * entry.took_ns;
  if (!makes_ && !pauses) {
    makes_ = true;
    asio::co_spawn(executor_, make(key, model, needs, timezone), asio::detached);
  }
  return nullptr;
}

asio::awaitable<void> LiveRollups::make(std::string key, MetricsModel model, RollupNeeds needs, std::string timezone) {
  const std::shared_ptr<bool> alive = alive_;
  asio::steady_timer timer(executor_, kBehindAnswers);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (!*alive) co_return;
  const std::int64_t began_ns = monotonic_ns();
  std::string version = metrics_version(model, datasets_);
  auto made = co_await run(model, needs, timezone);
  if (!*alive) co_return;
  makes_ = false;
  Entry& entry = entries_[key];
  entry.ended_ns = monotonic_ns();
  entry.took_ns = entry.ended_ns - began_ns;
  // The task may have read files that came meanwhile.
  if (metrics_version(model, datasets_) != version) co_return;
  entry.version = std::move(version);
  if (!made) {
    ++failed_;
    log::warning("rollups of {} were not made: {}", model.name, for_log(made.error()));
    // A busy server is no property of the metrics.
    const ErrorCode code = made.error().code;
    if (code == ErrorCode::TooManyRequests || code == ErrorCode::Unavailable) entry.version.clear();
    co_return;
  }
  ++made_;
  log::info("rollups of {}: {} files, {} bytes, made in {} ms", model.name, (*made)->rollups().size(), (*made)->bytes(),
            entry.took_ns / 1'000'000);
  if (!(*made)->rollups().empty()) entry.set = std::move(*made);
  make_room();
}

asio::awaitable<Result<std::shared_ptr<LiveRollupSet>>> LiveRollups::run(const MetricsModel& model,
                                                                         const RollupNeeds& needs,
                                                                         const std::string& timezone) {
  using Out = Result<std::shared_ptr<LiveRollupSet>>;
  auto source = metrics_datasets(model, datasets_);
  if (!source) co_return Out(std::unexpected(source.error()));
  auto set = std::make_shared<LiveRollupSet>();
  if (!source->left_out.empty()) co_return Out(std::move(set));
  RollupWork work;
  work.for_server = true;
  work.model = model;
  work.timezone = timezone;
  work.now_us = wall_us();
  work.period = "all";
  work.needs = needs;
  work.part_bytes_max =
      static_cast<std::int64_t>(std::min<std::uint64_t>(options_.bytes_max / kPartsOfBudget, kSectionFileBytesMax));
  RequestContext context;
  context.received_ns = monotonic_ns();
  RunningQuery entry{0, "rollups", model.name, "parquet", 0, "waiting", nullptr, cancel_};
  const std::shared_ptr<bool> alive = alive_;
  Task task = task_of(std::move(work), context, OutputOptions());
  auto answer = co_await queries_.run(std::move(task), std::move(source->datasets), Lane::General, std::move(entry));
  if (!answer) co_return Out(std::unexpected(answer.error()));
  RollupSections sections([&](Json section, std::string bytes) { return keep(section, bytes, *set); });
  while (true) {
    TaskEvent event = co_await (*answer)->next();
    if (!*alive) co_return Out(fail(ErrorCode::Cancelled, "The server is stopping."));
    if (event.kind == TaskEvent::Kind::Failed) co_return Out(std::unexpected(event.error));
    if (event.kind == TaskEvent::Kind::Data) {
      if (Status status = sections.feed(event.bytes); !status) co_return Out(std::unexpected(status.error()));
    }
    if (event.kind == TaskEvent::Kind::Done) break;
  }
  if (Status status = sections.finish(); !status) co_return Out(std::unexpected(status.error()));
  co_return Out(std::move(set));
}

Status LiveRollups::keep(const Json& section, std::string_view bytes, LiveRollupSet& set) {
  if (set.bytes() + bytes.size() > options_.bytes_max) return {};
  const Json& described = section.at("rollup");
  LiveRollup rollup;
  rollup.dimensions = texts_of(described.at("dimensions"));
  rollup.measures = texts_of(described.at("measures"));
  DataFile file;
  // A name of a block of the cache: what a crash leaves is removed with those (storage/block_index.hpp).
  file.path =
      fmt::format("{}/{}.parquet", options_.folder, sha256_hex(fmt::format("rollup {} {}", ::getpid(), files_++)));
  file.rows = described.at("rows").as_int();
  UniqueFd fd(::open(file.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return fail(file::error_from(errno, "made", file.path));
  struct stat info {};
  const int error = write_all(fd.get(), bytes);
  if (error != 0 || ::fstat(fd.get(), &info) != 0) {
    ::unlink(file.path.c_str());
    return fail(file::error_from(error != 0 ? error : errno, "written", file.path));
  }
  take_identity(file, info);
  Dataset& groups = rollup.groups;
  groups.name = fmt::format("rollup {}", files_);
  groups.version = groups.name;
  groups.rows = file.rows;
  groups.is_collection = true;
  groups.files.push_back(std::move(file));
  for (const Json& column : described.at("columns").as_array()) {
    groups.columns.push_back(
        {std::string(column.at("name").as_string()), std::string(column.at("type").as_string()), {}, {}, {}});
  }
  set.add(std::move(rollup));
  return {};
}

void LiveRollups::make_room() {
  while (figures().bytes > options_.bytes_max) {
    const auto oldest = std::ranges::min_element(
        entries_, {}, [](const auto& entry) { return entry.second.set ? entry.second.used_ns : INT64_MAX; });
    entries_.erase(oldest);
  }
  while (entries_.size() > limits::kLiveRollupSetsMax) {
    entries_.erase(std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second.used_ns; }));
  }
}

LiveRollups::Figures LiveRollups::figures() const {
  Figures out{0, 0, made_, failed_};
  for (const auto& [key, entry] : entries_) {
    if (!entry.set) continue;
    ++out.sets;
    out.bytes += entry.set->bytes();
  }
  return out;
}

}  // namespace canvasback
