#include "sql/metrics_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr std::int64_t kHourUs = 3'600'000'000;
// Offsets are never as large, nor two steps as near to each other.
constexpr std::int64_t kOffsetMaxUs = 26 * kHourUs;

bool has_zone(std::string_view type) { return type == "TIMESTAMP WITH TIME ZONE"; }

std::string engine_offset(std::string_view us, std::string_view zone) {
  return fmt::format("(epoch_us(timezone({}, CAST(make_timestamp({}) AS TIMESTAMPTZ))) - ({}))", sql_literal(zone), us,
                     us);
}

std::string offset_sql(const MetricsClock& clock, const std::string& us) {
  if (clock.steps.empty()) return engine_offset(us, clock.zone);
  std::string out = "CASE";
  for (std::size_t i = 0; i < clock.steps.size(); ++i) {
    const std::int64_t until = i + 1 < clock.steps.size() ? clock.steps[i + 1].from_us : clock.end_us;
    if (i == 0) out += fmt::format(" WHEN {} < {} THEN {}", us, clock.steps[0].from_us, engine_offset(us, clock.zone));
    out += fmt::format(" WHEN {} < {} THEN {}", us, until, clock.steps[i].offset_us);
  }
  return fmt::format("({} ELSE {} END)", out, engine_offset(us, clock.zone));
}

std::string local_us_sql(const MetricsClock& clock, const TimeColumn& column) {
  if (column.type == "DATE") return fmt::format("epoch_us(CAST({} AS TIMESTAMP))", column.name);
  if (!converts(clock, column.type)) return fmt::format("epoch_us({})", column.name);
  const std::string us = instant_us_sql(clock, column);
  return fmt::format("({} + {})", us, offset_sql(clock, us));
}

// The instant at which a local day begins, where its offset is the same for long before and after; else nothing.
std::optional<std::int64_t> plain_start(const MetricsClock& clock, std::int64_t day) {
  const std::int64_t local_us = day * kDayUs;
  if (clock.steps.empty() || local_us - 2 * kOffsetMaxUs < clock.steps.front().from_us ||
      local_us + 2 * kOffsetMaxUs > clock.end_us) {
    return std::nullopt;
  }
  std::optional<std::int64_t> offset;
  for (std::size_t i = 0; i < clock.steps.size(); ++i) {
    const std::int64_t until = i + 1 < clock.steps.size() ? clock.steps[i + 1].from_us : clock.end_us;
    const bool touches = clock.steps[i].from_us < local_us + 2 * kOffsetMaxUs && until > local_us - 2 * kOffsetMaxUs;
    if (!touches) continue;
    if (offset) return std::nullopt;
    offset = clock.steps[i].offset_us;
  }
  return offset ? std::optional(local_us - *offset) : std::nullopt;
}

// A literal of the column's type.
std::string literal(const TimeColumn& column, std::int64_t us) {
  const std::string text = fmt::format("make_timestamp({})", us);
  if (column.type == "TIMESTAMP") return text;
  if (has_zone(column.type)) return fmt::format("CAST({} AS TIMESTAMPTZ)", text);
  return fmt::format("CAST({} AS {})", text, column.type);
}

}  // namespace

bool is_utc(std::string_view zone) {
  return zone == "UTC" || zone == "Etc/UTC" || zone == "GMT" || zone == "Etc/GMT" || zone == "Z";
}

bool converts(const MetricsClock& clock, std::string_view type) {
  if (type == "DATE") return false;
  if (has_zone(type)) return !is_utc(clock.zone);
  return clock.zone != clock.source_zone && !(is_utc(clock.zone) && is_utc(clock.source_zone));
}

bool needs_steps(const MetricsClock& clock, std::string_view type) {
  return converts(clock, type) && !is_utc(clock.zone);
}

std::string zone_offsets_sql(std::string_view zone, const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges,
                             std::int64_t step_us) {
  std::vector<std::string> parts;
  for (const auto& [low, high] : ranges) {
    parts.push_back(
        fmt::format("SELECT {} + i * {} AS us FROM range({}) AS r(i)", low, step_us, (high - low) / step_us + 1));
  }
  return fmt::format("SELECT us, {} AS offset_us FROM ({}) ORDER BY us", engine_offset("us", zone),
                     fmt::join(parts, " UNION ALL "));
}

std::string instant_us_sql(const MetricsClock& clock, const TimeColumn& column) {
  if (column.type == "DATE") return fmt::format("epoch_us(CAST({} AS TIMESTAMP))", column.name);
  if (has_zone(column.type) || is_utc(clock.source_zone)) return fmt::format("epoch_us({})", column.name);
  return fmt::format("epoch_us(timezone({}, CAST({} AS TIMESTAMP)))", sql_literal(clock.source_zone), column.name);
}

std::string local_timestamp_sql(const MetricsClock& clock, const TimeColumn& column) {
  if (column.type == "DATE") return fmt::format("CAST({} AS TIMESTAMP)", column.name);
  if (!converts(clock, column.type) && !has_zone(column.type)) return fmt::format("CAST({} AS TIMESTAMP)", column.name);
  return fmt::format("make_timestamp({})", local_us_sql(clock, column));
}

std::string bucket_sql(const MetricsClock& clock, const TimeColumn& column, Grain grain) {
  const std::string local = local_timestamp_sql(clock, column);
  switch (grain) {
    case Grain::Hour: {
      // The hour as the zone's clocks show it, of which there are two alike where they are set back: the instant.
      const std::string us = instant_us_sql(clock, column);
      const std::string local_us = local_us_sql(clock, column);
      return fmt::format("make_timestamp({0} - (({1}) % {2} + {2}) % {2})", us, local_us, kHourUs);
    }
    case Grain::Week: {
      const int shift = (8 - clock.first_weekday) % 7;
      if (shift == 0) return fmt::format("CAST(date_trunc('week', CAST({} AS DATE)) AS DATE)", local);
      return fmt::format("CAST(date_trunc('week', CAST({0} AS DATE) + {1}) AS DATE) - {1}", local, shift);
    }
    case Grain::Month:
    case Grain::Quarter:
    case Grain::Year: return fmt::format("CAST(date_trunc('{}', CAST({} AS DATE)) AS DATE)", name_of(grain), local);
    default: return fmt::format("CAST({} AS DATE)", local);
  }
}

std::string time_part_sql(const MetricsClock& clock, const TimeColumn& column, std::string_view part) {
  return fmt::format("date_part('{}', {})", part == "weekday" ? "isodow" : part, local_timestamp_sql(clock, column));
}

std::string within_sql(const MetricsClock& clock, const TimeColumn& column, const DayRange& days) {
  std::vector<std::string> parts;
  bool exact = true;
  if (column.type == "DATE") {
    if (days.from) parts.push_back(fmt::format("{} >= DATE '{}'", column.name, day_text(*days.from)));
    if (days.to) parts.push_back(fmt::format("{} < DATE '{}'", column.name, day_text(*days.to)));
  } else if (!has_zone(column.type) && !is_utc(clock.source_zone)) {
    exact = !converts(clock, column.type);
    const std::int64_t room = exact ? 0 : 2 * kOffsetMaxUs;
    if (days.from) parts.push_back(fmt::format("{} >= {}", column.name, literal(column, *days.from * kDayUs - room)));
    if (days.to) parts.push_back(fmt::format("{} < {}", column.name, literal(column, *days.to * kDayUs + room)));
  } else {
    const bool plain = !converts(clock, column.type);
    const auto bound = [&](std::int64_t day, std::string_view sign, std::int64_t room) {
      const auto start = plain ? std::optional(day * kDayUs) : plain_start(clock, day);
      exact = exact && start.has_value();
      parts.push_back(
          fmt::format("{} {} {}", column.name, sign, literal(column, start ? *start : day * kDayUs + room)));
    };
    if (days.from) bound(*days.from, ">=", -kOffsetMaxUs);
    if (days.to) bound(*days.to, "<", kOffsetMaxUs);
  }
  if (!exact) {
    const std::string local = local_us_sql(clock, column);
    if (days.from) parts.push_back(fmt::format("{} >= {}", local, *days.from * kDayUs));
    if (days.to) parts.push_back(fmt::format("{} < {}", local, *days.to * kDayUs));
  }
  if (!days.from || !days.to) parts.push_back(fmt::format("isfinite({})", column.name));
  return fmt::format("({})", fmt::join(parts, " AND "));
}

}  // namespace canvasback
