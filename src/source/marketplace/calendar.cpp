#include "source/marketplace/calendar.hpp"

#include <algorithm>
#include <chrono>

#include "source/marketplace/draws.hpp"

namespace canvasback::marketplace {
namespace {

// Percent of the average.
constexpr std::array kMonth{92, 86, 93, 95, 98, 96, 90, 88, 97, 104, 128, 133};
constexpr std::array kWeekday{112, 96, 97, 98, 100, 94, 103};  // from Sunday on
constexpr std::array<std::int64_t, 24> kWorkdayHours{14, 8,  5,  4,  5,  10, 20, 34, 44, 48, 50, 53,
                                                     60, 55, 50, 48, 50, 56, 66, 78, 86, 78, 52, 26};
constexpr std::array<std::int64_t, 24> kWeekendHours{22, 14, 9,  6,  5,  6,  10, 18, 32, 48, 60, 66,
                                                     66, 64, 62, 60, 58, 58, 60, 66, 70, 62, 46, 32};
constexpr std::int64_t kGrowthPercent = 90;  // over the three years

std::chrono::sys_days date_of(std::int64_t day) {
  return std::chrono::sys_days(std::chrono::days(kFirstSecond / kDaySeconds + day));
}

unsigned weekday_of(std::int64_t day) { return std::chrono::weekday(date_of(day)).c_encoding(); }

// Month by month, in a line from the middle of one to the middle of the next.
std::int64_t season(const std::chrono::year_month_day& date) {
  const auto month = static_cast<std::size_t>(static_cast<unsigned>(date.month()) - 1);
  const auto day = static_cast<int>(static_cast<unsigned>(date.day()));
  const std::size_t other = day < 15 ? (month + 11) % 12 : (month + 1) % 12;
  const int away = day < 15 ? 15 - day : day - 15;
  return (kMonth[month] * (30 - away) + kMonth[other] * away) * 10 / 30;  // per mille
}

std::int64_t day_weight(std::uint64_t seed, std::int64_t day) {
  const std::chrono::year_month_day date(date_of(day));
  std::int64_t weight = season(date) * kWeekday[weekday_of(day)];
  weight = weight * (100 * kDays + kGrowthPercent * day) / (100 * kDays);
  if (Calendar::is_shopping_day(day)) weight = weight * 19 / 10;
  const auto month = static_cast<unsigned>(date.month());
  const auto of_month = static_cast<unsigned>(date.day());
  if (month == 12 && of_month >= 24 && of_month <= 26) weight = weight * 4 / 10;
  return weight * Draws(seed, Stream::Day, static_cast<std::uint64_t>(day)).from(93, 107) / 100;
}

}  // namespace

// The Friday after the fourth Thursday of November, the weekend and Monday that follow.
bool Calendar::is_shopping_day(std::int64_t day) {
  const std::chrono::sys_days date = date_of(day);
  const std::chrono::year year = std::chrono::year_month_day(date).year();
  const std::chrono::sys_days thursday(year / std::chrono::November / std::chrono::Thursday[4]);
  const auto after = (date - thursday).count();
  return after >= 1 && after <= 4;
}

Calendar::Calendar(std::uint64_t seed, std::int64_t orders) : seed_(seed) {
  std::vector<std::int64_t> before{0};
  for (std::int64_t day = 0; day < kDays; ++day) before.push_back(before.back() + day_weight(seed, day));
  day_begin_.reserve(before.size());
  for (const std::int64_t sum : before) day_begin_.push_back(scaled(orders, sum, before.back()));
  for (auto [hours, weights] : {std::pair{&workday_, &kWorkdayHours}, std::pair{&weekend_, &kWeekendHours}}) {
    hours->weight = *weights;
    hours->before[0] = 0;
    for (std::size_t hour = 0; hour < 24; ++hour) hours->before[hour + 1] = hours->before[hour] + (*weights)[hour];
  }
}

std::int64_t Calendar::time_of(std::int64_t order) const {
  const auto next_day = std::upper_bound(day_begin_.begin(), day_begin_.end(), order);
  const auto day = static_cast<std::int64_t>(next_day - day_begin_.begin()) - 1;
  const std::int64_t first = *(next_day - 1);
  const unsigned weekday = weekday_of(day);
  const Hours& hours = weekday == 0 || weekday == 6 ? weekend_ : workday_;
  // Each order has a slot of its own of the day's weights times seconds, and is somewhere in it.
  constexpr std::int64_t kSlot = 4096;
  const std::int64_t inside = Draws(seed_, Stream::Time, static_cast<std::uint64_t>(order)).below(kSlot);
  const std::int64_t at =
      scaled((order - first) * kSlot + inside, hours.before[24] * 3600, (*next_day - first) * kSlot);
  const auto next_hour = std::upper_bound(hours.before.begin(), hours.before.end(), at / 3600);
  const auto hour = static_cast<std::int64_t>(next_hour - hours.before.begin()) - 1;
  const std::int64_t second = (at - *(next_hour - 1) * 3600) / hours.weight[static_cast<std::size_t>(hour)];
  return kFirstSecond + day * kDaySeconds + hour * 3600 + second;
}

}  // namespace canvasback::marketplace
