#include "base/format_names.hpp"

#include <array>
#include <charconv>
#include <string>

#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::array kFormats{
    OutputFormat{"json", "application/json", "json", true},
    OutputFormat{"ndjson", "application/x-ndjson", "ndjson", true},
    OutputFormat{"csv", "text/csv; charset=utf-8", "csv", true},
    OutputFormat{"arrow", "application/vnd.apache.arrow.stream", "arrows", true},
    OutputFormat{"arrow_file", "application/vnd.apache.arrow.file", "arrow", true},
    OutputFormat{"parquet", "application/vnd.apache.parquet", "parquet", false},
    OutputFormat{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", false},
};

bool accepts(std::string_view range, std::string_view media_type) {
  if (range == "*/*") return true;
  media_type = media_type.substr(0, media_type.find(';'));
  if (range.ends_with("/*")) return media_type.starts_with(range.substr(0, range.size() - 1));
  return range == media_type;
}

}  // namespace

const OutputFormat* find_output_format(std::string_view name) {
  for (const OutputFormat& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

const OutputFormat* negotiate_format(std::string_view accept) {
  if (trim(accept).empty()) return &kFormats[0];
  const OutputFormat* best = nullptr;
  double best_quality = 0;
  for (const std::string& part : split(accept, ',')) {
    const std::string range = lower(trim(std::string_view(part).substr(0, part.find(';'))));
    double quality = 1;
    if (auto at = part.find("q="); at != std::string::npos) {
      std::from_chars(part.data() + at + 2, part.data() + part.size(), quality);
    }
    if (quality <= best_quality) continue;
    for (const OutputFormat& format : kFormats) {
      if (!accepts(range, format.media_type)) continue;
      best = &format;
      best_quality = quality;
      break;
    }
  }
  return best;
}

}  // namespace canvasback
