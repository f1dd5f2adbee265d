// CronExpression: when something is to run, as cron's five fields say it (minute, hour, day of the month, month, day of
// the week), in UTC. Lists, ranges, steps and the names of months and days are known; where both days are told, either
// counts, as in cron. A value.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback {

class CronExpression {
 public:
  // "*/5 * * * *"; also @hourly, @daily, @weekly, @monthly. Errors: InvalidData that names the field.
  static Result<CronExpression> parse(std::string_view text);

  // The first whole minute behind that time that it names, in microseconds since 1970 UTC. Errors: InvalidData where no
  // day of the next eight years has it (February 30).
  Result<std::int64_t> next_after(std::int64_t time_us) const;
  const std::string& text() const { return text_; }

 private:
  bool has_day(std::int64_t day) const;  // since 1970

  std::string text_;
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;  // 0: Sunday
  bool any_day_ = false;
  bool any_weekday_ = false;
};

}  // namespace canvasback
