#include "source/delimited/header_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "source/delimited/column_types.hpp"
#include "source/delimited/time_text.hpp"

namespace canvasback::delimited {

HeaderFound find_header(const std::vector<FirstCell>& first, const std::vector<CellKinds>& rest,
                        const TextSettings& settings) {
  bool any_text = false;
  bool any_value = false;
  bool certain = false;
  const char decimal = settings.decimal == "," ? ',' : '.';
  for (std::size_t i = 0; i < first.size(); ++i) {
    const std::string& text = first[i].text;
    if (text.empty()) continue;
    if (settings.types.contains(text)) certain = true;
    const CellForm form = form_of(text, decimal).form;
    const bool told = settings.date_format && parse_in_format(text, *settings.date_format);
    // NaN, inf and the like are names as well as numbers.
    const bool value = told || (form != CellForm::Text && form != CellForm::NotFinite);
    any_value |= value;
    any_text |= !value;
    if (!value && i < rest.size() && rest[i].any && decide_type(rest[i], settings).type != "VARCHAR") certain = true;
  }
  if (settings.header) return {*settings.header, true};
  if (certain) return {true, true};
  return {any_text && !any_value, false};
}

std::vector<std::string> column_names(const std::vector<FirstCell>& first, bool header, std::size_t count) {
  std::vector<std::string> out(count);
  std::unordered_set<std::string> taken;
  if (header) {
    for (const FirstCell& cell : first) taken.insert(cell.text);
  }
  std::unordered_set<std::string> used;
  for (std::size_t i = 0; i < count; ++i) {
    const bool named = header && i < first.size() && !first[i].text.empty();
    std::string name = named ? first[i].text : fmt::format("column{}", i);
    // A name that stands in the header is its first bearer's.
    const bool free = named ? !used.contains(name) : !taken.contains(name) && !used.contains(name);
    if (!free) {
      int number = 1;
      std::string other;
      do {
        other = fmt::format("{}_{}", name, number++);
      } while (taken.contains(other) || used.contains(other));
      name = std::move(other);
    }
    used.insert(name);
    out[i] = std::move(name);
  }
  return out;
}

}  // namespace canvasback::delimited
