// What a source's file says: what is pulled (task/pull_task.hpp) and when. A value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "service/schedule/cron.hpp"
#include "task/pull_task.hpp"

namespace canvasback {

// Who is told of failures (service/alert).
struct PullAlerts {
  std::string webhook;
  std::vector<std::string> command;
  std::vector<std::string> email;
  std::string sender;
  std::int64_t after_failures = 1;  // in a row
};

struct PullSettings {
  PullSource source;
  std::int64_t every_s = 0;            // 0: not on an interval
  std::optional<CronExpression> cron;  // else on this
  std::int64_t fresher_than_s = 0;     // a pull on demand does nothing where the copy is fresher
  PullAlerts alerts;
  std::string file;

  bool is_scheduled() const { return every_s > 0 || cron.has_value(); }
};

// By name. A file that cannot be used is listed with its error.
struct PullSources {
  std::map<std::string, PullSettings> usable;
  std::map<std::string, Error> unusable;
};

}  // namespace canvasback
