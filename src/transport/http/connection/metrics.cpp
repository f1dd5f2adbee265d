#include "transport/http/connection/metrics.hpp"

#include <fmt/format.h>

#include <iterator>

namespace canvasback {

void Metrics::request_ended(const std::string& route, int status, double duration_ms, std::uint64_t bytes) {
  --active_;
  ++requests_;
  Route& entry = routes_[route];
  ++entry.by_status[status];
  std::size_t bucket = 0;
  while (bucket < kBounds.size() && duration_ms / 1000 > kBounds[bucket]) ++bucket;
  ++entry.buckets[bucket];
  entry.seconds += duration_ms / 1000;
  entry.bytes += bytes;
}

std::string Metrics::prometheus(const Pool& pool, const JobService& jobs) const {
  std::string out;
  auto line = std::back_inserter(out);
  fmt::format_to(line, "# TYPE canvasback_requests_total counter\n");
  for (const auto& [name, route] : routes_) {
    for (const auto& [status, count] : route.by_status) {
      fmt::format_to(line, "canvasback_requests_total{{route=\"{}\",status=\"{}\"}} {}\n", name, status, count);
    }
  }
  fmt::format_to(line, "# TYPE canvasback_request_seconds histogram\n");
  for (const auto& [name, route] : routes_) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < route.buckets.size(); ++i) {
      sum += route.buckets[i];
      const std::string bound = i < kBounds.size() ? fmt::format("{}", kBounds[i]) : "+Inf";
      fmt::format_to(line, "canvasback_request_seconds_bucket{{route=\"{}\",le=\"{}\"}} {}\n", name, bound, sum);
    }
    fmt::format_to(line, "canvasback_request_seconds_sum{{route=\"{}\"}} {:.6f}\n", name, route.seconds);
    fmt::format_to(line, "canvasback_request_seconds_count{{route=\"{}\"}} {}\n", name, sum);
  }
  fmt::format_to(line, "# TYPE canvasback_response_bytes_total counter\n");
  for (const auto& [name, route] : routes_) {
    fmt::format_to(line, "canvasback_response_bytes_total{{route=\"{}\"}} {}\n", name, route.bytes);
  }
  const PoolCounters& counters = pool.counters();
  auto number = [&](std::string_view name, std::string_view type, std::uint64_t value) {
    fmt::format_to(line, "# TYPE canvasback_{0} {1}\ncanvasback_{0} {2}\n", name, type, value);
  };
  number("requests_active", "gauge", static_cast<std::uint64_t>(active_));
  number("tasks_started_total", "counter", counters.started);
  number("tasks_refused_total", "counter", counters.refused);
  number("tasks_killed_for_memory_total", "counter", counters.killed_for_memory);
  number("tasks_running", "gauge", pool.running());
  number("tasks_waiting", "gauge", pool.waiting());
  number("worker_processes_started_total", "counter", counters.processes);
  number("jobs_running", "gauge", jobs.running());
  number("job_files_bytes", "gauge", jobs.file_bytes());
  number("cache_bytes", "gauge", pool.blocks().bytes());
  number("cache_blocks", "gauge", pool.blocks().size());
  fmt::format_to(line, "# TYPE canvasback_worker_resident_bytes gauge\n");
  for (const Pool::WorkerInfo& worker : pool.workers()) {
    fmt::format_to(line, "canvasback_worker_resident_bytes{{worker=\"{}\",state=\"{}\"}} {}\n", worker.number,
                   worker.state, worker.resident_bytes);
  }
  return out;
}

}  // namespace canvasback
