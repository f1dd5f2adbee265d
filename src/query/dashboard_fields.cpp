#include "query/dashboard_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/nearest_name.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kShownBytesMax = 64;  // of a name in a message
constexpr std::size_t kTextBytesMax = 20'000;

}  // namespace

void add_problem(DashboardProblems& problems, DashboardProblem problem) {
  if (problems.size() < limits::kDashboardProblemsMax) problems.push_back(std::move(problem));
}

std::string meant(std::string_view nearest) {
  return nearest.empty() ? std::string() : fmt::format(" Did you mean \"{}\"?", nearest);
}

std::string one_of(const std::vector<std::string>& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    out += fmt::format("{}{}", i == 0 ? "" : i + 1 == items.size() ? " or " : ", ", items[i]);
  }
  return out;
}

std::string DashboardFields::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void DashboardFields::error(std::string_view key, std::string message) const {
  add_problem(problems_, {key.empty() ? path_ : path_of(key), std::move(message)});
}

void DashboardFields::error_of_key(std::string_view key, std::string message, std::string nearest) const {
  add_problem(problems_, {path_of(key), std::move(message), std::move(nearest), false, true});
}

bool DashboardFields::is_object(std::string_view what) const {
  if (json_.is_object()) return true;
  error("", fmt::format("{} must be a mapping of keys to values.", what));
  return false;
}

void DashboardFields::check_keys(const std::vector<std::string>& known, std::string_view what) const {
  for (const auto& [key, value] : json_.as_object()) {
    if (std::ranges::find(known, key) != known.end()) continue;
    std::string nearest = nearest_name(key, known);
    const std::string hint = nearest.empty() ? fmt::format(" Known are {}.", one_of(known)) : meant(nearest);
    error_of_key(key, fmt::format("{} has no key \"{}\".{}", what, key.substr(0, kShownBytesMax), hint), nearest);
  }
}

std::string DashboardFields::text(std::string_view key, bool required) const {
  const Json& value = json_.at(key);
  if (value.is_null()) {
    if (required && has(key)) error(key, fmt::format("\"{}\" must not be empty.", key));
    if (required && !has(key)) error("", fmt::format("The key \"{}\" is missing.", key));
    return {};
  }
  // A name that looks like a number is one all the same.
  std::string out = value.is_string() || value.is_number() ? value.scalar_text() : std::string();
  if (out.empty() || out.size() > kTextBytesMax || out.find('\0') != std::string::npos) {
    error(key, fmt::format("\"{}\" must be a text of 1 to {} bytes.", key, kTextBytesMax));
    return {};
  }
  return out;
}

std::vector<std::string> DashboardFields::texts(std::string_view key, std::size_t count_max) const {
  const Json& value = json_.at(key);
  if (value.is_null()) return {};
  if (!value.is_array()) {
    const std::string one = text(key);
    return one.empty() ? std::vector<std::string>() : std::vector<std::string>{one};
  }
  std::vector<std::string> out;
  if (value.as_array().empty() || value.as_array().size() > count_max) {
    error(key, fmt::format("\"{}\" must be a list of 1 to {} names.", key, count_max));
    return {};
  }
  for (const Json& item : value.as_array()) {
    if ((!item.is_string() && !item.is_number()) || item.scalar_text().empty()) {
      error(fmt::format("{}[{}]", key, out.size()), fmt::format("\"{}\" must be a list of names.", key));
      return {};
    }
    out.push_back(item.scalar_text());
  }
  return out;
}

bool DashboardFields::flag(std::string_view key, bool fallback) const {
  const Json& value = json_.at(key);
  if (!has(key) || value.is_bool()) return value.as_bool(fallback);
  error(key, fmt::format("\"{}\" must be true or false.", key));
  return fallback;
}

std::optional<std::int64_t> DashboardFields::integer(std::string_view key, Bounds bounds) const {
  if (!has(key)) return std::nullopt;
  const Json& value = json_.at(key);
  const std::int64_t number = value.as_int(bounds.low - 1);
  if (value.is_integer() && number >= bounds.low && number <= bounds.high) return number;
  error(key, fmt::format("\"{}\" must be an integer from {} to {}.", key, bounds.low, bounds.high));
  return std::nullopt;
}

std::optional<double> DashboardFields::number(std::string_view key, double low, double high) const {
  if (!has(key)) return std::nullopt;
  const Json& value = json_.at(key);
  if (value.is_number() && value.as_double() >= low && value.as_double() <= high) return value.as_double();
  error(key, fmt::format("\"{}\" must be a number from {} to {}.", key, low, high));
  return std::nullopt;
}

std::string DashboardFields::word(std::string_view key, const std::vector<std::string>& known,
                                  std::string_view fallback) const {
  if (!has(key)) return std::string(fallback);
  const Json& value = json_.at(key);
  const std::string given = value.is_string() ? std::string(value.as_string()) : std::string();
  if (std::ranges::find(known, given) != known.end()) return given;
  std::string nearest = nearest_name(given, known);
  add_problem(problems_,
              {path_of(key), fmt::format("\"{}\" must be {}.{}", key, one_of(known), meant(nearest)), nearest});
  return std::string(fallback);
}

std::vector<MetricCondition> DashboardFields::conditions(std::string_view key) const {
  auto out = conditions_from_json(json_.at(key));
  if (out) return std::move(*out);
  error(key, out.error().message);
  return {};
}

bool DashboardFields::check_name(std::string_view path, std::string_view value, const std::vector<std::string>& known,
                                 std::string_view what) const {
  if (std::ranges::find(known, value) != known.end()) return true;
  std::string nearest = nearest_name(value, known);
  add_problem(
      problems_,
      {std::string(path),
       fmt::format("There is no {} \"{}\".{}", what, value.substr(0, kShownBytesMax), meant(nearest)), nearest});
  return false;
}

}  // namespace canvasback
