#include "worker/pool/role_profile.hpp"

#include <algorithm>
#include <array>

#include "base/limits.hpp"

namespace canvasback {
namespace {

constexpr std::uint64_t kParkedBytes = 256 * limits::kMiB;  // what a parked stream is taken to hold
constexpr std::size_t kStarvedSamples = 5;                  // of limits::kMemorySamplePeriod
constexpr std::size_t kFedWaitingMax = 64;
constexpr int kPullsAtOnce = 2;
constexpr std::array<std::string_view, 4> kNames{"worker", "ingest", "maintain", "tidy"};

constexpr std::size_t samples(std::chrono::milliseconds time) {
  return static_cast<std::size_t>(time / limits::kMemorySamplePeriod);
}

std::uint64_t share_of(const PoolOptions& options, std::uint64_t parts) {
  return std::max<std::uint64_t>(limits::kWorkerMemoryBytesMin, options.memory_budget_bytes / parts);
}

// A role beside the queries: tasks that are fed, first come, first served.
RoleProfile fed_profile(const PoolOptions& options) {
  RoleProfile profile;
  profile.executable = options.executable;
  profile.data_folder = options.data_folder;
  profile.landlock_required = options.landlock_required;
  profile.on_demand = true;
  profile.threads = options.threads;
  profile.shares_threads = false;
  profile.admission.takes_turns = false;
  profile.admission.waiting_max = kFedWaitingMax;
  profile.supervision.silent_max = samples(limits::kSilenceMax);
  return profile;
}

RoleProfile maintain_profile(const PoolOptions& options) {
  RoleProfile profile = fed_profile(options);
  profile.role = "maintain";
  profile.has_spill_folder = options.spill_bytes_max > 0;
  profile.spill_bytes_max = options.spill_bytes_max;
  profile.supervision.stalled_max = samples(limits::kRoleTaskMax);
  profile.supervision.starved_max = samples(limits::kRoleTaskMax);
  profile.supervision.stalled_message = "The task took too long.";
  return profile;
}

}  // namespace

RoleProfile query_profile(const PoolOptions& options) {
  RoleProfile profile;
  profile.executable = options.executable;
  profile.data_folder = options.data_folder;
  profile.landlock_required = options.landlock_required;
  profile.processes = options.workers + 1;
  profile.threads = options.threads;
  // Half of the budget is the large place's; the rest is shared by N and the standby.
  profile.memory_bytes = share_of(options, 2 * static_cast<std::uint64_t>(options.workers + 1));
  profile.large_memory_bytes = std::max(profile.memory_bytes, options.memory_budget_bytes / 2);
  profile.has_spill_folder = true;
  profile.spill_bytes_max = options.spill_bytes_max;
  profile.has_cache = true;
  profile.cache_bytes = options.cache_bytes;
  AdmissionRules& rules = profile.admission;
  rules.places = options.workers;
  rules.keeps_bounded_place = options.workers > 1;
  rules.waiting_max = limits::kQueueMax;
  rules.streams_waiting_max = limits::kStreamsWaitingMax;
  rules.wait_max = limits::kQueueWaitMax;
  rules.parked_max = std::clamp<std::size_t>(options.memory_budget_bytes / 2 / kParkedBytes, 1, limits::kWorkersMax);
  // Each stream that runs must be able to be parked, or a few of them would hold the places of all others.
  rules.streams_max = rules.parked_max;
  rules.parked_are_streams = true;
  profile.supervision.parks = SupervisionRules::Parks::UnreadAnswers;
  return profile;
}

RoleProfile ingest_profile(const PoolOptions& options, int threads, std::optional<std::uint64_t> memory_bytes) {
  RoleProfile profile = fed_profile(options);
  profile.role = "ingest";
  profile.name = "ingest";
  profile.processes = limits::kIngestProcesses;
  profile.admission.places = limits::kIngestProcesses;
  profile.admission.streams_max = limits::kIngestProcesses - 1;
  profile.threads = threads;
  profile.memory_bytes = memory_bytes.value_or(share_of(options, 8));
  profile.supervision.stalled_max = samples(limits::kIngestStallMax);
  profile.supervision.stalled_message = "The worker made no progress. Nothing was kept.";
  profile.supervision.parks = SupervisionRules::Parks::StarvedStreams;
  profile.supervision.starved_samples = kStarvedSamples;
  profile.supervision.parked_max = limits::kIngestParkedMax;
  return profile;
}

RoleProfile large_merge_profile(const PoolOptions& options) {
  RoleProfile profile = maintain_profile(options);
  profile.name = "maintain";
  profile.memory_bytes = share_of(options, 4);
  profile.nice = limits::kLargeMergeNice;
  return profile;
}

RoleProfile small_merge_profile(const PoolOptions& options) {
  RoleProfile profile = maintain_profile(options);
  profile.name = "tidy";
  profile.memory_bytes = share_of(options, 8);
  profile.threads = 1;
  return profile;
}

RoleProfile pull_profile(const PoolOptions& options) {
  RoleProfile profile = fed_profile(options);
  profile.role = "pull";
  profile.name = "pull";
  profile.single_use = true;
  profile.processes = kPullsAtOnce;
  profile.admission.places = kPullsAtOnce;
  profile.memory_bytes = share_of(options, 4);
  return profile;
}

bool is_spill_folder(std::string_view name) {
  return std::ranges::any_of(kNames, [&](std::string_view role) {
    if (!name.starts_with(role) || name.size() <= role.size() + 1 || name[role.size()] != '-') return false;
    return std::ranges::all_of(name.substr(role.size() + 1), [](char c) { return c >= '0' && c <= '9'; });
  });
}

}  // namespace canvasback
