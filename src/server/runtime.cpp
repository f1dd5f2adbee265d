#include "server/runtime.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/limits.hpp"
#include "server/settings.hpp"
#include "storage/data_folder.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

PoolOptions pool_options(const Settings& settings, const std::string& data_folder) {
  PoolOptions options;
  options.executable = own_executable();
  options.data_folder = data_folder;
  options.workers = settings.workers;
  options.threads = settings.threads;
  options.memory_budget_bytes = settings.memory_bytes;
  options.spill_bytes_max = settings.spill_bytes;
  options.cache_bytes = settings.cache_bytes;
  options.landlock_required = settings.landlock_required;
  return options;
}

}  // namespace

std::string own_executable() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

namespace {

// Jobs leave half of the places that stream to everybody else.
JobService::Options job_options(const Settings& settings, const std::string& data_folder) {
  JobService::Options options;
  options.folder = data_folder + "/jobs";
  options.file_bytes_max = settings.job_file_bytes;
  options.file_age_s = settings.job_file_age_s;
  options.running_max = static_cast<std::size_t>(std::max(1, (settings.workers - 1) / 2));
  return options;
}

}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::make(const Config& config, bool private_folder) {
  CANVASBACK_ASSIGN(const Settings settings, Settings::from(config));
  auto runtime = std::unique_ptr<Runtime>(new Runtime());
  CANVASBACK_TRY(runtime->open_folder(config, private_folder));
  auto executor = runtime->loop_.get_executor();
  const ViewService::Options views{settings.cache_bytes / 4 * 3};
  clear_spill_folders(runtime->data_folder_);
  runtime->pool_ = std::make_unique<Pool>(executor, query_profile(pool_options(settings, runtime->data_folder_)));
  runtime->datasets_ = std::make_unique<DatasetService>(executor, *runtime->pool_);
  QueryService::Options queries{settings.timeout_ms};
  runtime->queries_ = std::make_unique<QueryService>(*runtime->pool_, *runtime->datasets_, queries);
  runtime->answers_ = std::make_unique<CachedAnswers>(settings.profile_cache_bytes);
  runtime->analyses_ = std::make_unique<AnalysisService>(*runtime->queries_, *runtime->datasets_, *runtime->answers_);
  runtime->tiles_ = std::make_unique<TileService>(*runtime->queries_, *runtime->datasets_, *runtime->answers_);
  runtime->tile_answers_ =
      std::make_unique<TileAnswers>(executor, *runtime->queries_, *runtime->datasets_, *runtime->answers_);
  runtime->dashboards_ = std::make_unique<DashboardService>(*runtime->datasets_, *runtime->tile_answers_,
                                                            runtime->data_folder_ + "/dashboards");
  runtime->views_ = std::make_unique<ViewService>(executor, *runtime->queries_, *runtime->datasets_, views);
  if (!private_folder) {
    runtime->make_collections(settings);
    runtime->jobs_ = std::make_unique<JobService>(executor, runtime->schedule_, *runtime->queries_, *runtime->datasets_,
                                                  job_options(settings, runtime->data_folder_));
  }
  return runtime;
}

void Runtime::make_collections(const Settings& settings) {
  const PoolOptions pool = pool_options(settings, data_folder_);
  auto executor = loop_.get_executor();
  ingest_pool_ =
      std::make_unique<Pool>(executor, ingest_profile(pool, settings.ingest_threads, settings.ingest_memory_bytes));
  large_merge_pool_ = std::make_unique<Pool>(executor, large_merge_profile(pool));
  small_merge_pool_ = std::make_unique<Pool>(executor, small_merge_profile(pool));
  CollectionOptions options;
  options.data_folder = data_folder_;
  options.sync_each_commit = settings.sync_each_commit;
  options.merge_after_s = settings.merge_after_s;
  options.grace_s = settings.grace_s;
  options.scrub_every_h = settings.scrub_every_h;
  options.keep_weeks = settings.keep_weeks;
  options.trash_days = settings.trash_days;
  options.key_bytes_max = settings.key_bytes;
  const CollectionPools pools{*ingest_pool_, *large_merge_pool_, *small_merge_pool_};
  collections_ = std::make_unique<CollectionService>(executor, schedule_, pools, *datasets_, std::move(options));
  queries_->set_file_checking({[this](const auto& datasets) { return collections_->scrub().unchecked(datasets); },
                               [this](const Json& checked) { collections_->scrub().take_checked(checked); }});
  queries_->set_look_again([this] { return collections_->folders().on_missing_files(); });
}

Status Runtime::make_rollups(const Config& config) {
  CANVASBACK_ASSIGN(const Settings settings, Settings::from(config));
  rollups_ = std::make_unique<LiveRollups>(
      loop_.get_executor(), *queries_, *datasets_,
      LiveRollupOptions{data_folder_ + "/cache", settings.rollup_bytes, settings.rollup_rows_min});
  tile_answers_->use(*rollups_);
  return {};
}

Status Runtime::make_pulls(const Config& config, const std::string& data_folder) {
  CANVASBACK_ASSIGN(const Settings settings, Settings::from(config));
  const PoolOptions pool = pool_options(settings, data_folder_);
  auto executor = loop_.get_executor();
  pull_pool_ = std::make_unique<Pool>(executor, pull_profile(pool));
  if (!small_merge_pool_) pull_merge_pool_ = std::make_unique<Pool>(executor, small_merge_profile(pool));
  PullOptions options;
  options.data_folder = data_folder;
  options.threads = settings.threads;
  if (config.at("grace_s").origin != "default") options.grace_s = settings.grace_s;
  const PullPools pools{*pull_pool_, small_merge_pool_ ? *small_merge_pool_ : *pull_merge_pool_};
  pulls_ = std::make_unique<PullService>(executor, pools, std::move(options));
  tables_ = std::make_unique<TableWatch>(*datasets_, data_folder);
  table_scrub_ = std::make_unique<TableScrub>(pools.merge, data_folder, settings.scrub_every_h);
  pull_schedule_ = std::make_unique<PullSchedule>(executor, *pulls_);
  return {};
}

Result<std::string> shared_data_folder(const Config& config) {
  CANVASBACK_ASSIGN(std::string folder, recognised_data_folder(config.text("data")));
  const UniqueFd lock(::open((folder + "/.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock) return fail(ErrorCode::InvalidData, fmt::format("The data folder {} is not writable.", folder));
  // Who holds the lock has marked it.
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) CANVASBACK_TRY(mark_data_folder(folder));
  return folder;
}

Status Runtime::open_folder(const Config& config, bool private_folder) {
  if (private_folder) {
    CANVASBACK_ASSIGN(temporary_, TemporaryFolder::make("canvasback-"));
    data_folder_ = temporary_->path();
    return {};
  }
  CANVASBACK_ASSIGN(data_folder_, recognised_data_folder(config.text("data")));
  lock_ = UniqueFd(::open((data_folder_ + "/.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock_) return fail(ErrorCode::InvalidData, fmt::format("The data folder {} is not writable.", data_folder_));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::Unavailable,
                fmt::format("Another server uses the data folder {}; choose another one with --data.", data_folder_));
  }
  const Status marked = mark_data_folder(data_folder_);
  // A full disk is no reason not to read what is there.
  return marked || marked.error().code == ErrorCode::StorageLimit ? Status() : marked;
}

Runtime::~Runtime() {
  schedule_.stop();
  views_.reset();
  rollups_.reset();
  queries_.reset();
  pull_schedule_.reset();
  pulls_.reset();
  table_scrub_.reset();
  pull_pool_.reset();
  pull_merge_pool_.reset();
  collections_.reset();
  ingest_pool_.reset();
  large_merge_pool_.reset();
  small_merge_pool_.reset();
  tables_.reset();
  datasets_.reset();
  pool_.reset();
}

}  // namespace canvasback
