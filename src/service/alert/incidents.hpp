// Incidents: when somebody is told that something fails, and that it works again: once each, however often it failed in
// between. A value; pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace canvasback {

enum class AlertKind { None, Failing, Recovered };

class Incidents {
 public:
  // What is to be told behind an attempt: `failures` in a row by now, 0 where it worked; from `after_failures` on it is
  // an incident.
  AlertKind attempt(const std::string& name, std::int64_t failures, std::int64_t after_failures) {
    if (failures == 0) return open_.erase(name) > 0 ? AlertKind::Recovered : AlertKind::None;
    if (failures < after_failures) return AlertKind::None;
    return open_.insert(name).second ? AlertKind::Failing : AlertKind::None;
  }
  bool is_open(const std::string& name) const { return open_.contains(name); }

 private:
  std::set<std::string> open_;
};

}  // namespace canvasback
