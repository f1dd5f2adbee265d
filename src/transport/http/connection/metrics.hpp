// Counters of the whole server, for /metrics (Prometheus text) and the system page. On the front's one thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "service/job/job_service.hpp"
#include "worker/pool/pool.hpp"

namespace canvasback {

class Metrics {
 public:
  void request_started() { ++active_; }
  // route: the pattern, not the path (bounded in number).
  void request_ended(const std::string& route, int status, double duration_ms, std::uint64_t bytes);

  std::string prometheus(const Pool& pool, const JobService& jobs) const;
  std::uint64_t requests() const { return requests_; }

 private:
  // Upper bounds of the duration histogram, in seconds.
  static constexpr std::array kBounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                      0.25,  0.5,    1.0,   2.5,  5.0,   10.0, 60.0};
  struct Route {
    std::map<int, std::uint64_t> by_status;
    std::array<std::uint64_t, kBounds.size() + 1> buckets{};
    double seconds = 0;
    std::uint64_t bytes = 0;
  };
  std::map<std::string, Route> routes_;
  std::int64_t active_ = 0;
  std::uint64_t requests_ = 0;
};

}  // namespace canvasback
