#include "analyse/quality.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace canvasback::analyse {
namespace {

constexpr double kNearConstantShare = 0.99;
constexpr double kOutlierShareMin = 0.001;
// The most that each finding may cost.
constexpr double kNullsCost = 60;
constexpr double kConstantCost = 20;
constexpr double kNearConstantCost = 10;
constexpr double kOutliersCost = 15;
constexpr double kMixedCost = 30;
constexpr double kNumbersAsTextCost = 15;
constexpr double kDatesCost = 40;

std::string percent(double share) {
  if (share > 0 && share < 0.0001) return "less than 0.01 %";
  return fmt::format("{:.4g} %", share * 100);
}

double share_of(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

struct Scoring {
  ColumnQuality out;

  void find(std::string code, std::string message, double share, double cost) {
    cost = std::round(cost * 100) / 100;
    out.score -= cost;
    out.findings.push_back({std::move(code), std::move(message), share, cost});
  }
};

void find_constant(Scoring& scoring, const ColumnProfile& profile) {
  if (profile.count() == 0 || profile.rows < 2 || !profile.distinct) return;
  if (profile.distinct_exact && *profile.distinct == 1 && profile.nulls == 0) {
    scoring.find("constant", "Every row has the same value.", 1, kConstantCost);
    return;
  }
  if (profile.top.empty()) return;
  const double share = share_of(profile.top[0].count, profile.count());
  if (share >= kNearConstantShare) {
    scoring.find("near_constant", fmt::format("{} of the values are the same.", percent(share)), share,
                 kNearConstantCost);
  }
}

// A column of numbers or dates as text in which some are something else, or of numbers alone, which sort and compare as
// text ("10" before "9"). Prose is one format, whatever words it has; whole numbers of one length are codes.
void find_formats(Scoring& scoring, const TextFacts& text) {
  std::vector<Pattern> formats;
  double known = 0;
  bool decimals = false;
  for (const Pattern& format : text.formats) {
    if (format.text == "empty" || format.text == "blank") continue;
    // Whole numbers among decimals are numbers.
    const bool number = format.text == "integer" || format.text == "decimal";
    decimals = decimals || format.text == "decimal";
    const std::string name = number ? "number" : format.text;
    auto found = std::ranges::find(formats, name, &Pattern::text);
    if (found != formats.end()) {
      found->share += format.share;
    } else {
      formats.push_back({name, format.share});
    }
    known += format.share;
  }
  std::ranges::stable_sort(formats, std::greater(), &Pattern::share);
  const bool codes = !decimals && text.length_min == text.length_max;
  if (formats.size() == 1 && formats[0].text == "number" && !codes) {
    scoring.find("numbers_as_text", "All texts are numbers; as a numeric type they would sort and compare as such.", 1,
                 kNumbersAsTextCost);
  }
  if (formats.size() < 2 || formats[0].text == "text") return;
  const double other = (known - formats[0].share) / known;
  scoring.find("mixed_formats",
               fmt::format("{} of the texts have the format {}, the rest {}{}.", percent(1 - other), formats[0].text,
                           formats[1].text, formats.size() > 2 ? " and others" : ""),
               other, 5 + (kMixedCost - 5) * std::min(1.0, 2 * other));
}

void find_in_text(Scoring& scoring, const ColumnProfile& profile, const TextFacts& text) {
  if (text.empty > 0) {
    const double share = share_of(text.empty, profile.count());
    scoring.find("empty", fmt::format("{} of the texts are empty.", percent(share)), share, 20 * share);
  }
  if (text.padded_share > 0) {
    scoring.find("padded", fmt::format("{} of the texts begin or end with a space.", percent(text.padded_share)),
                 text.padded_share, 2 + 8 * text.padded_share);
  }
  find_formats(scoring, text);
}

}  // namespace

ColumnQuality quality_of(const ColumnProfile& profile) {
  Scoring scoring;
  if (profile.nulls > 0) {
    const double share = share_of(profile.nulls, profile.rows);
    scoring.find("nulls", fmt::format("{} of the rows have no value.", percent(share)), share, kNullsCost * share);
  }
  find_constant(scoring, profile);
  if (profile.not_a_number + profile.infinite > 0) {
    const double share = share_of(profile.not_a_number + profile.infinite, profile.count());
    scoring.find("not_a_number", fmt::format("{} of the values are NaN or infinite.", percent(share)), share,
                 5 + 35 * share);
  }
  if (profile.outlier_share >= kOutlierShareMin) {
    scoring.find("outliers",
                 fmt::format("{} of the values are outliers: more than three interquartile ranges from the quartiles.",
                             percent(profile.outlier_share)),
                 profile.outlier_share, std::min(kOutliersCost, 100 * profile.outlier_share));
  }
  if (profile.out_of_range > 0) {
    const double share = share_of(profile.out_of_range, profile.count());
    scoring.find("dates_out_of_range", fmt::format("{} of the dates are before 1900 or after 2100.", percent(share)),
                 share, 5 + (kDatesCost - 5) * share);
  }
  if (profile.text) find_in_text(scoring, profile, *profile.text);
  scoring.out.score = std::clamp(scoring.out.score, 0.0, 100.0);
  return scoring.out;
}

}  // namespace canvasback::analyse
