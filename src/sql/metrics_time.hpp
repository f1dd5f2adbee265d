// SQL for the time of metrics: local days, weeks and parts of a time zone, from times as a column has them. The
// engine's own conversion of a row costs a microsecond, so the zone's offsets are looked up once, as steps between two
// instants (zone_offsets_sql), and become a CASE over integers: 20 times faster (docs/performance.md). Outside of the
// steps the engine converts. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/period.hpp"

namespace canvasback {

// From this instant on local time is UTC plus the offset.
struct ZoneStep {
  std::int64_t from_us = 0;
  std::int64_t offset_us = 0;
};

struct MetricsClock {
  std::string zone = "UTC";
  std::string source_zone = "UTC";  // of times without a zone
  int first_weekday = 1;            // 1 is Monday
  std::vector<ZoneStep> steps;      // in order; none where nothing is converted
  std::int64_t end_us = 0;          // behind the last step
};

bool is_utc(std::string_view zone);
// Whether local times of a column of this type are other than what it has.
bool converts(const MetricsClock& clock, std::string_view type);
// Whether the conversion is by steps, which are therefore needed.
bool needs_steps(const MetricsClock& clock, std::string_view type);

// Rows (instant, offset), in microseconds, of the instants from `low` on every `step` microseconds, for each of the
// ranges (low, high): to find steps by asking again, in smaller ranges, where two neighbours differ.
std::string zone_offsets_sql(std::string_view zone, const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges,
                             std::int64_t step_us);

// A column of DATE or TIMESTAMP of this type: its SQL name.
struct TimeColumn {
  std::string name;
  std::string type;
};

std::string instant_us_sql(const MetricsClock& clock, const TimeColumn& column);       // BIGINT, since 1970 UTC
std::string local_timestamp_sql(const MetricsClock& clock, const TimeColumn& column);  // TIMESTAMP
// The bucket that a time is in: a DATE, or of hours the TIMESTAMP (UTC) of its beginning.
std::string bucket_sql(const MetricsClock& clock, const TimeColumn& column, Grain grain);
std::string time_part_sql(const MetricsClock& clock, const TimeColumn& column, std::string_view part);  // BIGINT
// Whether the local day is in the range. Times that are missing or infinite never are.
std::string within_sql(const MetricsClock& clock, const TimeColumn& column, const DayRange& days);

}  // namespace canvasback
