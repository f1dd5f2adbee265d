// Settings: what a Config's texts come to, each checked. Every command makes them first, so that a value is right or
// wrong for all of them alike: what `canvasback config` prints, `serve` takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/log.hpp"
#include "server/config.hpp"
#include "transport/http/routes/routes.hpp"

namespace canvasback {

struct Listen {
  std::string address;  // of this machine, without brackets
  std::uint16_t port = 0;
};

struct Settings {
  Listen listen;
  int workers = 0;
  int threads = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t spill_bytes = 0;
  std::uint64_t cache_bytes = 0;
  std::uint64_t profile_cache_bytes = 0;
  std::uint64_t rollup_bytes = 0;
  std::int64_t rollup_rows_min = 0;
  std::uint64_t job_file_bytes = 0;
  std::int64_t job_file_age_s = 0;
  bool sync_each_commit = true;
  std::int64_t merge_after_s = 0;
  std::int64_t grace_s = 0;
  std::int64_t scrub_every_h = 168;
  std::int64_t keep_weeks = 0;
  std::int64_t trash_days = 7;
  std::uint64_t key_bytes = 0;
  int ingest_threads = 0;
  std::optional<std::uint64_t> ingest_memory_bytes;  // none: a share of memory_bytes
  std::int64_t timeout_ms = 0;
  http::QuerySettings queries;
  log::Level log_level = log::Level::Info;
  log::Style log_style = log::Style::Text;
  bool landlock_required = true;

  // Errors: InvalidData that names the setting and where its value comes from.
  static Result<Settings> from(const Config& config);
};

// Memory this process and its children may use: the cgroup's limit, else the machine's.
std::uint64_t available_memory_bytes();

}  // namespace canvasback
