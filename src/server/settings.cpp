#include "server/settings.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

namespace asio = boost::asio;

std::optional<std::uint64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

Result<Listen> listen_of(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Listen out;
  out.address = colon == std::string::npos ? "127.0.0.1" : text.substr(0, colon);
  if (out.address.starts_with('[') && out.address.ends_with(']'))
    out.address = out.address.substr(1, out.address.size() - 2);
  if (out.address == "localhost" || out.address.empty()) out.address = "127.0.0.1";
  CANVASBACK_ASSIGN(std::int64_t port,
                    parse_integer(colon == std::string::npos ? text : text.substr(colon + 1), "the port", 0, 65535));
  out.port = static_cast<std::uint16_t>(port);
  boost::system::error_code error;
  const auto address = asio::ip::make_address(out.address, error);
  if (error) return fail(ErrorCode::InvalidData, fmt::format("\"{}\" is not an IP address.", out.address));
  if (!address.is_loopback()) {
    return fail(ErrorCode::InvalidData,
                fmt::format("{} is not a loopback address. Without keys and TLS only loopback is served; put a "
                            "reverse proxy that has both in front, and name it in `hosts`.",
                            out.address));
  }
  return out;
}

// "auto", or a number.
Result<int> count_of(const Config& config, const std::string& name, std::int64_t max, int otherwise) {
  if (config.text(name) == "auto") return otherwise;
  CANVASBACK_ASSIGN(std::int64_t count, config.integer(name, 1, max));
  return static_cast<int>(count);
}

Error wrong(const Config& config, const std::string& name, std::string_view what) {
  return Error{ErrorCode::InvalidData, fmt::format("{} (from {}) is {}.", name, config.at(name).origin, what)};
}

// The memory of a worker, which needs some to run at all.
Result<std::uint64_t> worker_memory(const Config& config, const std::string& name) {
  CANVASBACK_ASSIGN(std::uint64_t bytes, config.bytes(name));
  if (bytes < limits::kWorkerMemoryBytesMin) return fail(wrong(config, name, "auto, or 512MiB and more"));
  return bytes;
}

// Which of two words a setting is.
Result<bool> is_first(const Config& config, const std::string& name, std::string_view first, std::string_view second) {
  if (config.text(name) == first) return true;
  if (config.text(name) == second) return false;
  return fail(wrong(config, name, fmt::format("{} or {}", first, second)));
}

Status read_workers(const Config& config, Settings& out) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  CANVASBACK_ASSIGN(out.workers, count_of(config, "workers", limits::kWorkersMax, std::max(3, cores + 1)));
  CANVASBACK_ASSIGN(out.threads, count_of(config, "threads", 256, cores));
  out.memory_bytes = available_memory_bytes() / 2;
  if (config.text("memory") != "auto") {
    CANVASBACK_ASSIGN(out.memory_bytes, worker_memory(config, "memory"));
  }
  CANVASBACK_ASSIGN(out.spill_bytes, config.bytes("spill_bytes_max"));
  CANVASBACK_ASSIGN(out.cache_bytes, config.bytes("cache_bytes_max"));
  CANVASBACK_ASSIGN(out.profile_cache_bytes, config.bytes("profile_cache_bytes_max"));
  CANVASBACK_ASSIGN(out.rollup_bytes, config.bytes("rollup_bytes_max"));
  CANVASBACK_ASSIGN(out.rollup_rows_min, config.integer("rollup_rows_min", 0, INT64_MAX));
  CANVASBACK_ASSIGN(out.job_file_bytes, config.bytes("job_files_bytes_max"));
  CANVASBACK_ASSIGN(out.job_file_age_s, config.integer("job_files_age_s", 1, limits::kJobFilesAgeMax.count()));
  CANVASBACK_ASSIGN(out.timeout_ms, config.integer("timeout_ms", 1, limits::kMaxTimeout.count()));
  CANVASBACK_ASSIGN(const bool without, config.boolean("allow_without_landlock"));
  out.landlock_required = !without;
  return {};
}

Status read_collections(const Config& config, Settings& out) {
  CANVASBACK_ASSIGN(out.sync_each_commit, is_first(config, "durability", "commit", "interval"));
  CANVASBACK_ASSIGN(out.merge_after_s, config.integer("merge_after_s", 1, 86'400));
  CANVASBACK_ASSIGN(out.grace_s, config.integer("grace_s", 0, 86'400));
  CANVASBACK_ASSIGN(out.scrub_every_h, config.integer("scrub_every_h", 0, 87'600));
  CANVASBACK_ASSIGN(out.keep_weeks, config.integer("keep_weeks", 0, 100'000));
  CANVASBACK_ASSIGN(out.trash_days, config.integer("trash_days", 0, 36'500));
  out.key_bytes = available_memory_bytes() / 4;
  if (config.text("key_memory") != "auto") {
    CANVASBACK_ASSIGN(out.key_bytes, config.bytes("key_memory"));
  }
  CANVASBACK_ASSIGN(out.ingest_threads, count_of(config, "ingest_threads", 256, out.threads));
  if (config.text("ingest_memory") != "auto") {
    CANVASBACK_ASSIGN(out.ingest_memory_bytes, worker_memory(config, "ingest_memory"));
  }
  return {};
}

Status read_queries(const Config& config, Settings& out) {
  CANVASBACK_ASSIGN(out.queries.default_limit, config.integer("default_limit", 0, 1'000'000'000));
  CANVASBACK_ASSIGN(out.queries.limit_max, config.integer("max_query_results", 1, 1'000'000'000));
  CANVASBACK_ASSIGN(out.queries.keyset_streams, is_first(config, "streaming_strategy", "keyset", "offset"));
  if (!log::level_from(config.text("log_level"), out.log_level)) {
    return fail(wrong(config, "log_level", "debug, info, warning, error or off"));
  }
  CANVASBACK_ASSIGN(const bool json, is_first(config, "log_style", "json", "text"));
  out.log_style = json ? log::Style::Json : log::Style::Text;
  return {};
}

Status check_data_folder(const Config& config) {
  std::error_code error;
  const std::string& data = config.text("data");
  const fs::file_status status = fs::status(data, error);
  if (data.empty() || (fs::exists(status) && !fs::is_directory(status))) {
    return fail(wrong(config, "data", fmt::format("not a folder: \"{}\"", data)));
  }
  return {};
}

Status check_datasets(const Config& config) {
  std::set<std::string> names;
  for (const DatasetSource& source : config.datasets()) {
    if (!names.insert(source.name).second) {
      return fail(ErrorCode::InvalidData, fmt::format("Two [[dataset]] entries are called \"{}\".", source.name));
    }
  }
  return {};
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

Result<Settings> Settings::from(const Config& config) {
  Settings out;
  auto listen = listen_of(config.text("listen"));
  if (!listen) {
    return fail(ErrorCode::InvalidData,
                fmt::format("listen (from {}): {}", config.at("listen").origin, listen.error().message));
  }
  out.listen = std::move(*listen);
  CANVASBACK_TRY(read_workers(config, out));
  CANVASBACK_TRY(read_collections(config, out));
  CANVASBACK_TRY(read_queries(config, out));
  CANVASBACK_TRY(check_data_folder(config));
  CANVASBACK_TRY(check_datasets(config));
  return out;
}

}  // namespace canvasback
