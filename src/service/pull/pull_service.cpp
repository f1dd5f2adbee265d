#include "service/pull/pull_service.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/write_all.hpp"
#include "service/pull/table_state.hpp"
#include "service/schedule/on_thread.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kMergesOfACycle = 4;
constexpr std::size_t kMergesOfALoad = 1'000;
constexpr const char* kReportsFile = "reports.ndjson";
constexpr std::uint64_t kReportsBytesMax = 4 * limits::kMiB;

// A line behind the others; a file that has become long makes room first.
void append_report(const std::string& folder, const std::string& line) {
  const std::string path = folder + "/" + kReportsFile;
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && static_cast<std::uint64_t>(info.st_size) > kReportsBytesMax) {
    static_cast<void>(::rename(path.c_str(), (path + ".1").c_str()));
  }
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd || write_all(fd.get(), line) != 0) log::warning("pull: {} could not be written", path);
}

// Of the table, what a merge of these parts needs.
Result<PulledMergeWork> merge_work(const PulledTable& table, const PulledMerge& merge, const std::string& folder) {
  PulledMergeWork work;
  work.period = merge.period;
  work.table = table;
  std::erase_if(work.table.parts, [&](const PulledPart& part) {
    return std::ranges::find(merge.inputs, part.number) == merge.inputs.end();
  });
  work.table.load.reset();
  work.table.gone.clear();
  CANVASBACK_ASSIGN(work.files, dataset_of(work.table, folder));
  return work;
}

}  // namespace

struct PullService::Run {
  const PullSettings& settings;
  PullRequest request;
  std::unique_ptr<TableStore> store;
  PullReport report;
  std::function<void(const PullReport&)> progress;

  void add(const PullOutcome& outcome) {
    report.inserted += outcome.inserted;
    report.updated += outcome.updated;
    report.deleted += outcome.deleted;
    report.server = outcome.server;
    if (outcome.source_rows >= 0) report.source_rows = outcome.source_rows;
    report.tiers.insert(report.tiers.end(), outcome.tiers.begin(), outcome.tiers.end());
    for (const auto& [column, count] : outcome.nulled) report.nulled[column] += count;
    report.notes.insert(report.notes.end(), outcome.notes.begin(), outcome.notes.end());
  }

  // What a cycle goes on from.
  PulledTable base() const {
    PulledTable table = store->table();
    if (table.load && table.load->is_complete) take_load(table, settings.source, wall_us());
    return table;
  }

  void take_state() {
    const PulledTable& table = store->table();
    report.as_of_us = table.cursor.as_of_us;
    report.swept_us = table.cursor.swept_us;
    report.counted_us = table.cursor.counted_us;
    report.rows = table.rows();
    report.version = table.version;
  }
};

PullService::PullService(asio::any_io_executor executor, PullPools pools, PullOptions options)
    : executor_(executor), pools_(pools), options_(std::move(options)), activity_(executor) {}

PullService::~PullService() = default;

void PullService::set_sources(PullSources sources) {
  sources_ = std::move(sources);
  std::set<std::string> files;
  std::set<std::uint16_t> ports;
  for (const auto& [name, settings] : sources_.usable) {
    const MysqlTls& tls = settings.source.login.tls;
    for (const std::string& file : {tls.ca_file, tls.certificate, tls.key}) {
      if (!file.empty()) files.insert(file);
    }
    ports.insert(settings.source.login.port);
  }
  if (files == granted_ && ports == granted_ports_) return;
  granted_ = files;
  granted_ports_ = ports;
  pools_.pull.set_grants({files.begin(), files.end()}, {}, fmt::format("{}", fmt::join(files, "\n")),
                         {ports.begin(), ports.end()});
}

Result<const PullSettings*> PullService::find(const std::string& name) const {
  const auto known = sources_.usable.find(name);
  if (known != sources_.usable.end()) return &known->second;
  const auto wrong = sources_.unusable.find(name);
  if (wrong != sources_.unusable.end()) return std::unexpected(wrong->second);
  return fail(ErrorCode::DatasetNotFound, fmt::format("There is no source \"{}\".", name));
}

asio::awaitable<Result<PullOutcome>> PullService::submit(Pool& pool, TaskWork work, OpenFile open_file) {
  Task task;
  task.work = std::move(work);
  auto submitted = co_await pool.submit(std::move(task), std::move(open_file), stop_);
  if (!submitted) co_return Result<PullOutcome>(std::unexpected(submitted.error()));
  tasks_.insert(submitted->get());
  auto done = co_await (*submitted)->finish();
  tasks_.erase(submitted->get());
  if (!done) co_return Result<PullOutcome>(std::unexpected(done.error()));
  co_return pull_outcome_from_json(*done);
}

asio::awaitable<Result<PullOutcome>> PullService::ask(Run& run, PullKind kind, PulledTable table) {
  PullWork work;
  work.source = run.settings.source;
  work.kind = kind;
  work.table = std::move(table);
  work.table.gone.clear();
  if (kind == PullKind::Cycle) work.table.load.reset();
  if (work.table.load) work.table.load->parts.clear();
  work.ignore_mark = run.request.force;
  work.sweep_all = run.request.sweep;
  work.any_deletes = run.request.any_deletes;
  work.after_load = kind == PullKind::Cycle && run.store->table().load.has_value();
  work.threads = options_.threads;
  co_return co_await submit(pools_.pull, std::move(work), run.store->files());
}

asio::awaitable<Result<PullReport>> PullService::pull(std::string name, PullRequest request,
                                                      std::function<void(const PullReport&)> progress) {
  using Out = Result<PullReport>;
  auto settings = find(name);
  if (!settings) co_return Out(std::unexpected(settings.error()));
  if (!running_.insert(name).second) {
    co_return Out(fail(ErrorCode::Unavailable, fmt::format("\"{}\" is being pulled at the moment.", name)));
  }
  const auto held = activity_.begin();
  const PullSettings mine = **settings;  // the sources may be read anew meanwhile
  Run run{mine, std::move(request), nullptr, {}, std::move(progress)};
  run.report.source = name;
  run.report.trigger = run.request.trigger;
  run.report.started_us = wall_us();
  const Stopwatch watch;
  auto open = [this, &name] { return TableStore::open(options_.data_folder, name); };
  auto store = co_await on_thread(io_, open);
  if (!store && store.error().retry_after_seconds == kBusySeconds) {
    running_.erase(name);
    co_return Out(std::unexpected(store.error()));
  }
  Status status = store ? Status() : Status(std::unexpected(store.error()));
  if (store) {
    run.store = std::move(*store);
    status = co_await this->run(run);
    run.take_state();
  }
  run.report.seconds = watch.elapsed_ms() / 1000;
  if (!status) {
    run.report.result = PullResult::Failed;
    run.report.error = status.error();
    log::debug("pull {}: {} {}", name, status.error().message, status.error().detail);
  }
  if (run.store && !run.request.dry_run) co_await store_report(run);
  running_.erase(name);
  co_return run.report;
}

asio::awaitable<Status> PullService::run(Run& run) {
  const PulledTable& table = run.store->table();
  const std::int64_t fresh_us = run.settings.fresher_than_s * 1'000'000;
  if (!run.request.force && table.is_loaded() && wall_us() - table.cursor.checked_us < fresh_us) {
    run.report.result = PullResult::Fresh;
    co_return Status();
  }
  run.report.result = PullResult::Pulled;
  if (!table.is_loaded() || table.load) {
    if (run.request.dry_run) {
      run.report.notes.emplace_back("The whole table would be loaded.");
      co_return Status();
    }
    Status loaded = co_await load(run);
    if (!loaded) co_return loaded;
  }
  Status pulled = co_await cycle(run);
  if (!pulled || run.request.dry_run) co_return pulled;
  const bool loaded = run.report.result == PullResult::Loaded;
  Status merged = co_await merge(run, loaded ? kMergesOfALoad : kMergesOfACycle);
  if (!merged) co_return merged;
  auto clean = [&run, before = wall_us() - options_.grace_s * 1'000'000] { return run.store->remove_gone(before); };
  co_return co_await on_thread(io_, clean);
}

// In pieces, each of them kept before the next is read.
asio::awaitable<Status> PullService::load(Run& run) {
  while (!run.store->table().load || !run.store->table().load->is_complete) {
    PulledTable before = run.store->table();
    auto outcome = co_await ask(run, PullKind::Load, std::move(before));
    if (!outcome) co_return Status(std::unexpected(outcome.error()));
    run.add(*outcome);
    PulledTable next = run.store->table();
    Status applied = apply_load(next, std::move(*outcome), wall_us());
    if (!applied) co_return applied;
    Status kept = co_await commit(run, std::move(next));
    if (!kept) co_return kept;
    if (run.progress) run.progress(run.report);
  }
  run.report.result = PullResult::Loaded;
  co_return Status();
}

asio::awaitable<Status> PullService::cycle(Run& run) {
  PulledTable base = run.base();
  auto outcome = co_await ask(run, PullKind::Cycle, std::move(base));
  if (outcome && !outcome->schema_change.empty()) outcome = co_await ask_again(run, std::move(*outcome));
  if (!outcome) co_return Status(std::unexpected(outcome.error()));
  if (!outcome->schema_change.empty()) co_return Status();  // a dry run
  run.add(*outcome);
  if (run.request.dry_run) {
    run.store->discard();
    co_return Status();
  }
  if (outcome->is_unchanged && run.report.result != PullResult::Loaded) run.report.result = PullResult::Unchanged;
  PulledTable next = run.base();
  Status applied = apply_cycle(next, std::move(*outcome), wall_us());
  if (!applied) co_return applied;
  co_return co_await commit(run, std::move(next));
}

// The source has other columns now: the copy is loaded anew, if its owner wants that, and then pulled.
asio::awaitable<Result<PullOutcome>> PullService::ask_again(Run& run, PullOutcome outcome) {
  using Out = Result<PullOutcome>;
  if (!outcome.change_is_additive && !run.request.accept_schema) {
    co_return Out(fail(ErrorCode::SchemaValidation,
                       fmt::format("The source's table has changed: {}. The copy is as it was; to load it anew with "
                                   "these columns, pull once with --accept-schema.",
                                   outcome.schema_change)));
  }
  run.report.notes.push_back(
      fmt::format("The source's table has changed ({}): the copy is loaded anew.", outcome.schema_change));
  if (run.request.dry_run) co_return std::move(outcome);
  PulledTable next = run.store->table();
  next.load.emplace();
  Status begun = co_await commit(run, std::move(next));
  if (begun) begun = co_await load(run);
  if (!begun) co_return Out(std::unexpected(begun.error()));
  PulledTable base = run.base();
  auto again = co_await ask(run, PullKind::Cycle, std::move(base));
  if (again && !again->schema_change.empty()) {
    co_return Out(fail(ErrorCode::Unavailable, "The source's table changed while it was loaded anew."));
  }
  co_return again;
}

asio::awaitable<Status> PullService::merge(Run& run, std::size_t merges_max) {
  for (std::size_t count = 0; count < merges_max; ++count) {
    const auto choice = choose_merge(run.store->table());
    if (!choice) co_return Status();
    auto work = merge_work(run.store->table(), *choice, run.store->folder());
    if (!work) co_return Status(std::unexpected(work.error()));
    auto outcome = co_await submit(pools_.merge, std::move(*work), run.store->files());
    if (!outcome) co_return Status(std::unexpected(outcome.error()));
    PulledTable next = run.store->table();
    Status applied = apply_merge(next, *choice, std::move(*outcome), wall_us());
    if (!applied) co_return applied;
    Status kept = co_await commit(run, std::move(next));
    if (!kept) co_return kept;
    ++run.report.merges;
  }
  co_return Status();
}

asio::awaitable<Status> PullService::commit(Run& run, PulledTable next) {
  auto write = [&run, &next] { return run.store->commit(std::move(next)); };
  Status kept = co_await on_thread(io_, write);
  if (!kept) co_return kept;
  run.report.files_written += run.store->files_written();
  run.report.bytes_written += run.store->bytes_written();
  if (committed_) committed_(run.report.source);
  co_return Status();
}

asio::awaitable<void> PullService::store_report(const Run& run) {
  auto append = [folder = run.store->folder(), line = to_json(run.report).dump() + "\n"]() -> Status {
    append_report(folder, line);
    return {};
  };
  static_cast<void>(co_await on_thread(io_, append));
}

asio::awaitable<Result<PullOutcome>> PullService::check(std::string name) {
  auto settings = find(name);
  if (!settings) co_return Result<PullOutcome>(std::unexpected(settings.error()));
  PullWork work;
  work.source = (*settings)->source;
  work.kind = PullKind::Check;
  work.table.name = name;
  const auto held = activity_.begin();
  OpenFile nothing = [](const Json&) -> Result<UniqueFd> {
    return fail(ErrorCode::DataProcessing, "A check writes nothing.");
  };
  co_return co_await submit(pools_.pull, std::move(work), std::move(nothing));
}

std::vector<Json> PullService::reports(const std::string& name, std::size_t count) const {
  std::vector<Json> out;
  std::ifstream file(tables_folder(options_.data_folder) + "/" + name + "/" + kReportsFile);
  for (std::string line; std::getline(file, line);) {
    auto json = Json::parse(line);
    if (json) out.push_back(std::move(*json));
    if (out.size() > 2 * count) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(count));
  }
  std::ranges::reverse(out);
  if (out.size() > count) out.resize(count);
  return out;
}

asio::awaitable<void> PullService::shut_down() {
  stop_.cancel(CancelReason::Shutdown);
  for (RoleTask* task : tasks_) task->cancel(CancelReason::Shutdown);
  co_await activity_.idle_by(std::chrono::steady_clock::now() + limits::kDrainDeadline);
}

}  // namespace canvasback
