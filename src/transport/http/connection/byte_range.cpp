#include "transport/http/connection/byte_range.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace canvasback::http {
namespace {

// All of the text as a number; one too large for any file counts as the largest.
std::optional<std::uint64_t> position_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  return error == std::errc::result_out_of_range ? UINT64_MAX : number;
}

}  // namespace

Result<std::optional<ByteRange>> byte_range_of(std::string_view header, std::uint64_t size) {
  const std::optional<ByteRange> whole;
  constexpr std::string_view kUnit = "bytes=";
  header = trim(header);
  if (!starts_with_ignoring_case(header, kUnit)) return whole;
  const std::string_view range = trim(header.substr(kUnit.size()));
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos || range.find(',') != std::string_view::npos) return whole;
  const std::string_view from = trim(range.substr(0, dash));
  const std::string_view to = trim(range.substr(dash + 1));
  const auto outside = [] {
    return fail(ErrorCode::RangeNotSatisfiable, "The requested range is past the end of the file.");
  };
  if (from.empty()) {  // the last so many
    const auto count = position_of(to);
    if (!count) return whole;
    const std::uint64_t bytes = std::min(*count, size);
    if (bytes == 0) return outside();
    return ByteRange{size - bytes, bytes};
  }
  const auto first = position_of(from);
  const auto last = to.empty() ? std::optional<std::uint64_t>(UINT64_MAX) : position_of(to);
  if (!first || !last || *last < *first) return whole;
  if (*first >= size) return outside();
  return ByteRange{*first, std::min(*last, size - 1) - *first + 1};
}

bool names_tag(std::string_view header, std::string_view tag) {
  for (const std::string& part : split(header, ',')) {
    std::string_view named = trim(part);
    if (named == "*") return true;
    if (named.starts_with("W/")) named.remove_prefix(2);
    if (named == tag) return true;
  }
  return false;
}

}  // namespace canvasback::http
