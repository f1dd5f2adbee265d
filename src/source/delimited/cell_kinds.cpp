#include "source/delimited/cell_kinds.hpp"

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "source/delimited/text_encoding.hpp"

namespace canvasback {

const CellKinds::First* CellKinds::first_of(delimited::CellForm form) const {
  const auto found = std::ranges::find(first, form, &First::form);
  return found == first.end() ? nullptr : &*found;
}

void CellKinds::note(delimited::CellForm form, std::int64_t line, std::string_view text) {
  seen |= delimited::bit(form);
  first.push_back(First{form, line, delimited::shown(text), {}});
}

void CellKinds::append(CellKinds later, std::int64_t lines) {
  for (First& one : later.first) {
    if (has(one.form)) continue;
    seen |= delimited::bit(one.form);
    one.line += lines;
    first.push_back(std::move(one));
  }
  whole_digits_max = std::max(whole_digits_max, later.whole_digits_max);
  fraction_digits_min = std::min(fraction_digits_min, later.fraction_digits_min);
  fraction_digits_max = std::max(fraction_digits_max, later.fraction_digits_max);
  outside_nanoseconds |= later.outside_nanoseconds;
  told_format |= later.told_format;
  any |= later.any;
  if (!unfit && later.unfit) {
    unfit = std::move(later.unfit);
    unfit->line += lines;
  }
}

namespace delimited {

std::string shown(std::string_view text) {
  if (text.size() <= limits::kTextReasonBytesMax) return std::string(text);
  text = text.substr(0, limits::kTextReasonBytesMax);
  return std::string(text.substr(0, whole_characters(Encoding::Utf8, text))) + "…";
}

}  // namespace delimited

}  // namespace canvasback
