#include "server/runtime.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "storage/data_folder.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

std::optional<std::uint64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

Result<PoolOptions> pool_options(const Config& config, const std::string& data_folder) {
  PoolOptions options;
  options.executable = own_executable();
  options.data_folder = data_folder;
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  options.workers = std::max(3, cores + 1);
  if (config.text("workers") != "auto") {
    CANVASBACK_ASSIGN(std::int64_t workers, config.integer("workers", 1, limits::kWorkersMax));
    options.workers = static_cast<int>(workers);
  }
  options.threads = cores;
  if (config.text("threads") != "auto") {
    CANVASBACK_ASSIGN(std::int64_t threads, config.integer("threads", 1, 256));
    options.threads = static_cast<int>(threads);
  }
  options.memory_budget_bytes = available_memory_bytes() / 2;
  if (config.text("memory") != "auto") {
    CANVASBACK_ASSIGN(options.memory_budget_bytes, config.bytes("memory"));
  }
  CANVASBACK_ASSIGN(options.spill_bytes_max, config.bytes("spill"));
  CANVASBACK_ASSIGN(options.cache_bytes, config.bytes("cache"));
  CANVASBACK_ASSIGN(bool without, config.boolean("allow_without_landlock"));
  options.landlock_required = !without;
  return options;
}

}  // namespace

std::uint64_t available_memory_bytes() {
  std::uint64_t bytes =
      static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  // Version 2 in the unified hierarchy ("max" does not parse), else version 1.
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with("0::")) continue;
    for (fs::path group = "/sys/fs/cgroup" + line.substr(3); group.string().starts_with("/sys/fs/cgroup");
         group = group.parent_path()) {
      if (auto limit = number_in((group / "memory.max").string())) bytes = std::min(bytes, *limit);
      if (group == "/sys/fs/cgroup") break;
    }
  }
  if (auto limit = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes")) bytes = std::min(bytes, *limit);
  return bytes;
}

std::string own_executable() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

namespace {

// Jobs leave half of the places that stream to everybody else.
Result<JobService::Options> job_options(const Config& config, const std::string& data_folder, int workers) {
  JobService::Options options;
  options.folder = data_folder + "/jobs";
  CANVASBACK_ASSIGN(options.file_bytes_max, config.bytes("job_files"));
  CANVASBACK_ASSIGN(options.file_age_s, config.integer("job_files_age_s", 1, limits::kJobFilesAgeMax.count()));
  options.running_max = static_cast<std::size_t>(std::max(1, (workers - 1) / 2));
  return options;
}

}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::make(const Config& config, bool private_folder) {
  auto runtime = std::unique_ptr<Runtime>(new Runtime());
  CANVASBACK_TRY(runtime->open_folder(config, private_folder));
  CANVASBACK_ASSIGN(PoolOptions options, pool_options(config, runtime->data_folder_));
  const int workers = options.workers;
  CANVASBACK_ASSIGN(std::int64_t timeout_ms, config.integer("timeout_ms", 1, limits::kMaxTimeout.count()));
  auto executor = runtime->loop_.get_executor();
  const ViewService::Options views{options.cache_bytes / 4 * 3};
  runtime->pool_ = std::make_unique<Pool>(executor, std::move(options));
  runtime->datasets_ = std::make_unique<DatasetService>(executor, *runtime->pool_);
  CANVASBACK_ASSIGN(std::uint64_t profile_cache_bytes, config.bytes("profile_cache"));
  QueryService::Options queries{timeout_ms, profile_cache_bytes};
  runtime->queries_ = std::make_unique<QueryService>(*runtime->pool_, *runtime->datasets_, queries);
  runtime->views_ = std::make_unique<ViewService>(executor, *runtime->queries_, *runtime->datasets_, views);
  if (!private_folder) {
    CANVASBACK_TRY(runtime->make_collections(config));
    CANVASBACK_ASSIGN(JobService::Options jobs, job_options(config, runtime->data_folder_, workers));
    runtime->jobs_ = std::make_unique<JobService>(executor, *runtime->queries_, *runtime->datasets_, std::move(jobs));
  }
  return runtime;
}

Status Runtime::make_collections(const Config& config) {
  CANVASBACK_ASSIGN(PoolOptions pool, pool_options(config, data_folder_));
  auto executor = loop_.get_executor();
  RolePoolOptions role;
  role.executable = pool.executable;
  role.data_folder = data_folder_;
  role.threads = pool.threads;
  const auto share = [&](std::uint64_t parts) {
    return std::max<std::uint64_t>(limits::kWorkerMemoryBytesMin, pool.memory_budget_bytes / parts);
  };
  role.memory_bytes = share(8);
  role.landlock_required = pool.landlock_required;
  role.role = "ingest";
  const RolePoolOptions shared = role;
  // Bodies that come for long keep no short ones waiting.
  role.processes = limits::kIngestProcesses;
  role.long_tasks_max = limits::kIngestProcesses - 1;
  if (config.text("ingest_threads") != "auto") {
    CANVASBACK_ASSIGN(std::int64_t threads, config.integer("ingest_threads", 1, 256));
    role.threads = static_cast<int>(threads);
  }
  if (config.text("ingest_memory") != "auto") {
    CANVASBACK_ASSIGN(std::uint64_t bytes, config.bytes("ingest_memory"));
    role.memory_bytes = std::max<std::uint64_t>(limits::kWorkerMemoryBytesMin, bytes);
  }
  ingest_pool_ = std::make_unique<RolePool>(executor, role);
  role = shared;
  role.role = "maintain";
  role.processes = 1;
  role.long_tasks_max = 0;
  role.memory_bytes = share(4);
  role.spill_bytes_max = pool.spill_bytes_max;
  role.nice = limits::kLargeMergeNice;
  maintain_pool_ = std::make_unique<RolePool>(executor, role);
  role.name = "tidy";
  role.nice = 0;
  role.threads = 1;
  role.memory_bytes = share(8);
  tidy_pool_ = std::make_unique<RolePool>(executor, role);
  CollectionService::Options options;
  options.data_folder = data_folder_;
  const std::string& durability = config.text("durability");
  if (durability != "commit" && durability != "interval") {
    return fail(ErrorCode::InvalidData, "durability is commit or interval.");
  }
  options.sync_each_commit = durability == "commit";
  CANVASBACK_ASSIGN(options.merge_after_s, config.integer("merge_after_s", 1, 86'400));
  CANVASBACK_ASSIGN(options.grace_s, config.integer("grace_s", 0, 86'400));
  CANVASBACK_ASSIGN(options.scrub_every_h, config.integer("scrub_every_h", 0, 87'600));
  CANVASBACK_ASSIGN(options.keep_weeks, config.integer("keep_weeks", 0, 100'000));
  options.key_bytes_max = available_memory_bytes() / 4;
  if (config.text("key_memory") != "auto") {
    CANVASBACK_ASSIGN(options.key_bytes_max, config.bytes("key_memory"));
  }
  collections_ = std::make_unique<CollectionService>(
      executor, CollectionService::Pools{*ingest_pool_, *maintain_pool_, *tidy_pool_}, *datasets_, std::move(options));
  queries_->set_file_checking({[this](const auto& datasets) { return collections_->unchecked(datasets); },
                               [this](const Json& checked) { collections_->take_checked(checked); }});
  queries_->set_look_again([this] { return collections_->look_again(); });
  return {};
}

Status Runtime::open_folder(const Config& config, bool private_folder) {
  std::error_code error;
  if (private_folder) {
    std::string pattern = (fs::temp_directory_path(error) / "canvasback-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return fail(ErrorCode::Unavailable, "No temporary folder can be made.");
    data_folder_ = pattern;
    temporary_ = true;
    return {};
  }
  CANVASBACK_ASSIGN(data_folder_, recognised_data_folder(config.text("data")));
  lock_ = UniqueFd(::open((data_folder_ + "/.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock_) return fail(ErrorCode::InvalidData, fmt::format("The data folder {} is not writable.", data_folder_));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(
        ErrorCode::Unavailable,
        fmt::format("Another server uses the data folder {}; give this one its own with --data.", data_folder_));
  }
  const Status marked = mark_data_folder(data_folder_);
  // A full disk is no reason not to read what is there.
  return marked || marked.error().code == ErrorCode::StorageLimit ? Status() : marked;
}

Runtime::~Runtime() {
  views_.reset();
  queries_.reset();
  collections_.reset();
  ingest_pool_.reset();
  maintain_pool_.reset();
  tidy_pool_.reset();
  datasets_.reset();
  pool_.reset();
  std::error_code error;
  if (temporary_) fs::remove_all(data_folder_, error);
}

}  // namespace canvasback
