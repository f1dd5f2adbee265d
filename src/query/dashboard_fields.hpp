// Reads members of the objects of a dashboard and collects what is wrong with them, each with its path. For
// query/dashboard_reader.cpp and query/metrics_reader.cpp. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/dashboard_reader.hpp"

namespace canvasback {

struct Bounds {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

// One object of a file. Errors are appended to the problems; what is wrong reads as missing.
class DashboardFields {
 public:
  DashboardFields(const Json& json, std::string path, DashboardProblems& problems)
      : json_(json), path_(std::move(path)), problems_(problems) {}

  // False, with an error, where it is none. `what`: "A measure", for messages.
  bool is_object(std::string_view what) const;
  // An error for every key that is none of these.
  void check_keys(const std::vector<std::string>& known, std::string_view what) const;

  std::string text(std::string_view key, bool required = false) const;
  // A text or a list of texts.
  std::vector<std::string> texts(std::string_view key, std::size_t count_max) const;
  bool flag(std::string_view key, bool fallback = false) const;
  std::optional<std::int64_t> integer(std::string_view key, Bounds bounds) const;
  std::optional<double> number(std::string_view key, double low, double high) const;
  // One of these words, else `fallback`.
  std::string word(std::string_view key, const std::vector<std::string>& known, std::string_view fallback) const;
  std::vector<MetricCondition> conditions(std::string_view key) const;

  bool has(std::string_view key) const { return json_.find(key) != nullptr; }
  const Json& at(std::string_view key) const { return json_.at(key); }
  std::string path_of(std::string_view key) const;
  const std::string& path() const { return path_; }
  DashboardProblems& problems() const { return problems_; }

  void error(std::string_view key, std::string message) const;
  void error_of_key(std::string_view key, std::string message, std::string nearest = {}) const;
  // An error where the value is none of the names; `what` is "measure", say.
  bool check_name(std::string_view path, std::string_view value, const std::vector<std::string>& known,
                  std::string_view what) const;

 private:
  const Json& json_;
  const std::string path_;
  DashboardProblems& problems_;
};

void add_problem(DashboardProblems& problems, DashboardProblem problem);
// " Did you mean "x"?" or nothing.
std::string meant(std::string_view nearest);
// `items` as a list for messages: "a, b or c".
std::string one_of(const std::vector<std::string>& items);

// Metrics of a dashboard, at `path`.
MetricsModel metrics_from_json(const Json& json, const std::string& path, DashboardProblems& problems);
const std::vector<std::string>& metrics_keys();
const std::vector<std::string>& dimension_keys();
const std::vector<std::string>& measure_keys();

}  // namespace canvasback
