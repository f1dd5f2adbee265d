#include "storage/table/part_name.hpp"

#include <fmt/format.h>

#include <charconv>

namespace canvasback {
namespace {

// Takes a whole number of at least one digit off the front.
template <class Integer>
bool take_number(std::string_view& text, Integer& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || text.empty() || text[0] == '-') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::optional<PartName> parse_part_name(std::string_view name) {
  PartName out;
  std::string_view rest = name;
  if (!rest.ends_with(".parquet")) return std::nullopt;
  rest.remove_suffix(std::string_view(".parquet").size());
  if (take(rest, "commit_")) {
    out.is_commit = true;
    if (!take_number(rest, out.commit)) return std::nullopt;
    if (take(rest, "_") && (!take_number(rest, out.index) || !take(rest, "of") || !take_number(rest, out.count))) {
      return std::nullopt;
    }
    if (!rest.empty() || out.commit == 0 || out.index < 1 || out.index > out.count) return std::nullopt;
    return out;
  }
  if (!take(rest, "data_") || !take_number(rest, out.week.year) || !take(rest, "_w") ||
      !take_number(rest, out.week.week)) {
    return std::nullopt;
  }
  if (take(rest, "_") && !take_number(rest, out.serial)) return std::nullopt;
  if (!rest.empty() || out.week.week < 1 || out.week.week > 53) return std::nullopt;
  return out;
}

std::string commit_file_name(std::uint64_t commit, int index, int count) {
  if (count == 1) return fmt::format("commit_{:012}.parquet", commit);
  return fmt::format("commit_{:012}_{}of{}.parquet", commit, index, count);
}

std::string week_file_name(IsoWeek week, int serial) {
  if (serial == 0) return fmt::format("data_{:04}_w{:02}.parquet", week.year, week.week);
  return fmt::format("data_{:04}_w{:02}_{:04}.parquet", week.year, week.week, serial);
}

std::string free_week_name(IsoWeek week, std::set<std::string>& taken) {
  for (int serial = 0;; ++serial) {
    std::string name = week_file_name(week, serial);
    if (taken.insert(name).second) return name;
  }
}

}  // namespace canvasback
