#include "storage/partition.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::string_view kNullName = "__HIVE_DEFAULT_PARTITION__";

bool is_bigint(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && std::to_string(number) == text;
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + digits, value);
    return error == std::errc() && end == text.data() + at + digits && text[at] != '-' ? value : -1;
  };
  using namespace std::chrono;
  const int y = number(0, 4);
  const int m = number(5, 2);
  const int d = number(8, 2);
  return y >= 1 && m >= 1 && d >= 1 &&
         year_month_day(year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))).ok();
}

}  // namespace

Partition partition_of(std::string_view root, std::string_view path) {
  Partition out;
  const std::string_view below = path.substr(std::min(root.size(), path.size()));
  const std::string_view folders = below.substr(0, below.rfind('/') == std::string_view::npos ? 0 : below.rfind('/'));
  for (const std::string& name : split(folders, '/')) {
    const std::size_t equals = name.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    const std::string key = percent_decode(name.substr(0, equals), false).value_or(name.substr(0, equals));
    const std::string raw = name.substr(equals + 1);
    std::optional<std::string> value;
    if (raw != kNullName) value = percent_decode(raw, false).value_or(raw);
    std::erase_if(out, [&](const auto& known) { return lower(known.first) == lower(key); });
    out.emplace_back(key, std::move(value));
  }
  return out;
}

std::string partition_type(std::span<const DataFile> files, std::string_view key) {
  bool any = false;
  bool bigint = true;
  bool date = true;
  for (const DataFile& file : files) {
    for (const auto& [name, value] : file.partition) {
      if (name != key || !value) continue;
      any = true;
      bigint = bigint && is_bigint(*value);
      date = date && is_date(*value);
    }
  }
  if (!any) return "VARCHAR";
  return bigint ? "BIGINT" : date ? "DATE" : "VARCHAR";
}

bool does_engine_agree(const DataFile& file, std::span<const std::string> columns) {
  if (file.partition.empty()) return true;
  if (file.path.find_first_of("\\\n?") != std::string::npos) return false;
  const Partition real = partition_of("", file.path);  // behind links, and from the root
  for (const auto& [key, value] : real) {
    const std::string folder = lower(key);
    if (std::ranges::any_of(columns, [&](const std::string& column) { return lower(column) == folder; })) return false;
  }
  for (const auto& part : file.partition) {
    const auto& [key, value] = part;
    if (std::ranges::find(real, part) == real.end()) return false;
    if (percent_encode(key) != key) return false;
    if (!value) continue;  // by the one name that it takes for NULL, too
    if (lower(*value) == "null") return false;
    // A '%' that begins no escape, an '=' of the value's own.
    if (value->find_first_of("%=") != std::string::npos) return false;
  }
  return true;
}

}  // namespace canvasback
