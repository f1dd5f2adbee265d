#include "service/pull/pull_schedule.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kRetryFirstUs = 10 * kSecondUs;
constexpr std::int64_t kRetryMostUs = 1800 * kSecondUs;
constexpr std::int64_t kLooksPerRead = 10;  // the files of sources are read anew so seldom
constexpr std::chrono::seconds kLookPeriod{1};

}  // namespace

void PullTurn::ended(const PullSettings& settings, bool failed, std::int64_t now_us) {
  failures = failed ? failures + 1 : 0;
  std::int64_t next_us = now_us + settings.every_s * kSecondUs;
  if (settings.cron) next_us = settings.cron->next_after(now_us).value_or(INT64_MAX);
  if (failed) {
    const std::int64_t doubled = kRetryFirstUs << std::min<std::int64_t>(failures - 1, 10);
    next_us = std::min(next_us, now_us + std::min(doubled, kRetryMostUs));
  }
  due_us = next_us;
}

void PullSchedule::start(Schedule& schedule, std::function<PullSources()> read,
                         std::function<void(const PullSettings&, const PullReport&, std::int64_t)> told) {
  read_ = std::move(read);
  told_ = std::move(told);
  schedule.every(kLookPeriod, [this] { return look(); });
}

asio::awaitable<void> PullSchedule::look() {
  if (looks_++ % kLooksPerRead == 0) pulls_.set_sources(read_());
  const std::int64_t now_us = wall_us();
  for (const auto& [name, settings] : pulls_.sources().usable) {
    if (!settings.is_scheduled() || pulls_.is_running(name) || is_paused(name)) continue;
    const auto [turn, is_new] = turns_.try_emplace(name);
    if (is_new && settings.cron) turn->second.due_us = settings.cron->next_after(now_us).value_or(INT64_MAX);
    if (turn->second.due_us > now_us) continue;
    PullRequest request;
    request.trigger = "schedule";
    begin(name, std::move(request));
  }
  co_return;
}

void PullSchedule::begin(const std::string& name, PullRequest request) {
  const PullSettings settings = pulls_.sources().usable.at(name);
  turns_[name].due_us = INT64_MAX;  // while it runs
  asio::co_spawn(
      executor_,
      [this, settings, request = std::move(request)]() -> asio::awaitable<void> {
        const std::string name_of_it = settings.source.name;
        auto report = co_await pulls_.pull(name_of_it, request);
        PullTurn& turn = turns_[name_of_it];
        if (!report) {  // somebody else is at it
          turn.due_us = wall_us() + kBusySeconds * kSecondUs;
          co_return;
        }
        turn.ended(settings, report->result == PullResult::Failed, wall_us());
        if (told_) told_(settings, *report, turn.failures);
      },
      asio::detached);
}

Status PullSchedule::pull_now(const std::string& name, PullRequest request) {
  const auto wrong = pulls_.sources().unusable.find(name);
  if (wrong != pulls_.sources().unusable.end()) return std::unexpected(wrong->second);
  if (!pulls_.sources().usable.contains(name)) {
    return fail(ErrorCode::DatasetNotFound, fmt::format("There is no source \"{}\".", name));
  }
  if (pulls_.is_running(name)) {
    return fail(ErrorCode::Unavailable, fmt::format("\"{}\" is being pulled at the moment.", name));
  }
  begin(name, std::move(request));
  return {};
}

std::string PullSchedule::pause_path(const std::string& name) const {
  return tables_folder(pulls_.data_folder()) + "/" + name + "/paused";
}

Status PullSchedule::pause(const std::string& name) {
  const std::string path = pause_path(name);
  CANVASBACK_TRY(file::make_folder(path.substr(0, path.rfind('/'))));
  return file::replace(path, "");
}

Status PullSchedule::resume(const std::string& name) {
  turns_.erase(name);  // at once
  return file::remove(pause_path(name));
}

bool PullSchedule::is_paused(const std::string& name) const {
  struct stat info {};
  return ::stat(pause_path(name).c_str(), &info) == 0;
}

}  // namespace canvasback
