#include "storage/text_codes.hpp"

#include "analyse/hash_value.hpp"

namespace canvasback {

std::optional<std::uint32_t> TextCodes::code(std::string_view text) {
  const auto hash = static_cast<std::uint32_t>(analyse::hash_value(text));
  std::size_t place = hash & (slots_.size() - 1);
  for (; slots_[place].code != 0; place = (place + 1) & (slots_.size() - 1)) {
    if (slots_[place].hash == hash && this->text(slots_[place].code - 1) == text) return slots_[place].code - 1;
  }
  if (size() >= bounds_.texts_max || bytes_.size() + text.size() > bounds_.bytes_max) return std::nullopt;
  bytes_ += text;
  ends_.push_back(bytes_.size());
  slots_[place] = {hash, static_cast<std::uint32_t>(size())};
  if (2 * size() > slots_.size()) grow();
  return static_cast<std::uint32_t>(size() - 1);
}

void TextCodes::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.code == 0) continue;
    std::size_t place = slot.hash & (slots_.size() - 1);
    while (slots_[place].code != 0) place = (place + 1) & (slots_.size() - 1);
    slots_[place] = slot;
  }
}

}  // namespace canvasback
