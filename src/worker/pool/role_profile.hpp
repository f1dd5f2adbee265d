// RoleProfile: what the processes of one role are (worker/pool/pool.hpp): their sandbox, how many there are, their
// memory and priority, who gets one, and what a task that stands still is stopped for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "worker/pool/admission.hpp"
#include "worker/pool/supervision.hpp"

namespace canvasback {

struct RoleProfile {
  std::string executable;
  std::string data_folder;      // spill/ and cache/ are below it
  std::string role = "query";   // query, ingest, maintain, pull: which sandbox and which tasks
  std::string name = "worker";  // of its spill folders: NAME-NUMBER (is_spill_folder)
  bool landlock_required = true;

  int processes = 1;        // at hand, beside those that are parked
  bool on_demand = false;   // they are started when first needed; those beyond that end when they are idle
  bool single_use = false;  // a process ends with its task
  int nice = 0;
  int threads = 1;                 // of each
  bool shares_threads = true;      // tasks side by side have the threads between them
  std::uint64_t memory_bytes = 0;  // of each; past it a process is killed. 0: no bound
  std::uint64_t large_memory_bytes =
      0;  // of the one that a task gets which is tried again for memory; 0: there is none
  bool has_spill_folder = false;
  std::uint64_t spill_bytes_max = 0;
  bool has_cache = false;  // its workers make blocks and views, which are kept in cache/ and mapped by all
  std::uint64_t cache_bytes = 0;

  AdmissionRules admission;
  SupervisionRules supervision;
};

// What the server has for all roles.
struct PoolOptions {
  std::string executable;
  std::string data_folder;
  int workers = 3;  // tasks of the role query at once
  int threads = 1;  // per worker
  std::uint64_t memory_budget_bytes = 0;
  std::uint64_t spill_bytes_max = 0;
  std::uint64_t cache_bytes = 0;
  bool landlock_required = true;
};

// Bounded tasks (pages, metadata; about a second at most), general ones, and streams (general ones whose answer is as
// long as a dataset, so that their client sets their pace). Of several places one is for bounded tasks only, so a page
// waits behind nothing but pages; general tasks and streams take turns, so a query waits behind one stream at most.
// One process more than places is kept ready; half of the memory is the large task's.
RoleProfile query_profile(const PoolOptions& options);

// Parses what clients send; can open nothing. Bodies that come for long (streams) keep no short ones waiting, and one
// whose client sends nothing while others wait is parked.
// memory_bytes: a share of the budget where it is none.
RoleProfile ingest_profile(const PoolOptions& options, int threads, std::optional<std::uint64_t> memory_bytes);

// Merges and checks a collection's files, one at a time: large ones with a share of the memory and at a low priority,
// or small ones.
RoleProfile large_merge_profile(const PoolOptions& options);
RoleProfile small_merge_profile(const PoolOptions& options);

// Reads a source into files that it is handed: connects to it, and can open nothing from then on. A process is good for
// one task.
RoleProfile pull_profile(const PoolOptions& options);

// Whether a folder of spill/ is one that a process of some role was given.
bool is_spill_folder(std::string_view name);

}  // namespace canvasback
