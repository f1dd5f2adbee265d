#include "record/iso_time.hpp"

#include <chrono>

#include "record/record_schema.hpp"

namespace canvasback {
namespace {

// A whole number of exactly so many digits.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    out = out * 10 + (text[i] - '0');
  }
  return out;
}

}  // namespace

std::optional<std::int32_t> parse_iso_date(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (!year || !month || !day || text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return static_cast<std::int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
}

std::optional<FineTime> parse_fine_time(std::string_view text) {
  constexpr std::int64_t kSecondUs = 1'000'000;
  if (text.size() < 10) return std::nullopt;
  const auto date = parse_iso_date(text.substr(0, 10));
  if (!date) return std::nullopt;
  std::int64_t us = std::int64_t{*date} * 86'400 * kSecondUs;
  bool is_whole = true;
  if (text.size() == 10) return FineTime{us, true};
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  if (!hour || !minute || text[13] != ':' || *hour > 23 || *minute > 59) return std::nullopt;
  us += (*hour * 3600 + *minute * 60) * kSecondUs;
  std::size_t at = 16;
  if (at < text.size() && text[at] == ':') {
    const auto second = digits(text, at + 1, 2);
    if (!second || *second > 59) return std::nullopt;
    us += *second * kSecondUs;
    at += 3;
    if (at < text.size() && text[at] == '.') {
      std::int64_t unit = kSecondUs / 10;
      const std::size_t begin = ++at;
      for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
        us += unit * (text[at] - '0');
        is_whole = is_whole && (unit > 0 || text[at] == '0');
      }
      if (at == begin) return std::nullopt;
    }
  }
  const std::string_view zone = text.substr(at);
  if (zone.empty() || zone == "Z" || zone == "z") return FineTime{us, is_whole};
  if (zone[0] != '+' && zone[0] != '-') return std::nullopt;
  const auto hours = digits(zone, 1, 2);
  const bool with_colon = zone.size() == 6 && zone[3] == ':';
  const auto minutes = zone.size() == 3 ? std::optional(0) : digits(zone, with_colon ? 4 : 3, 2);
  if (!hours || !minutes || (zone.size() != 3 && zone.size() != 5 && !with_colon) || *hours > 23 || *minutes > 59) {
    return std::nullopt;
  }
  const std::int64_t offset = (*hours * 3600 + *minutes * 60) * kSecondUs;
  return FineTime{zone[0] == '+' ? us - offset : us + offset, is_whole};
}

std::optional<std::int64_t> parse_iso_time(std::string_view text) {
  const auto time = parse_fine_time(text);
  if (!time || !time->is_whole) return std::nullopt;
  return time->us;
}

}  // namespace canvasback
