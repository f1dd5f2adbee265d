#include "record/twins.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace canvasback {
namespace {

bool has_twins(const Kinds& kinds) {
  std::vector<std::string> names;
  for (const KindColumn& column : columns_of_members(kinds)) names.push_back(lower(column.name));
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

void settle_place(Kinds& kinds) {
  if (kinds.items) settle_place(*kinds.items);
  if (object_is_text(kinds)) return;
  if (has_twins(kinds)) {
    kinds.seen |= bit(Kind::ObjectText);
    return;
  }
  for (auto& [name, member] : kinds.members) settle_place(member);
}

}  // namespace

void settle_twins(Kinds& record) {
  for (auto& [name, member] : record.members) settle_place(member);
}

}  // namespace canvasback
