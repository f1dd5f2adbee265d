// Any text: what parses is written back as text that parses to the same.
#include "base/json.hpp"
#include "fuzz/support.hpp"

using canvasback::Json;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = Json::parse(canvasback::fuzz::text_of(data, size));
  if (!first) return 0;
  const std::string text = first->dump();
  const auto second = Json::parse(text);
  FUZZ_CHECK(second);
  FUZZ_CHECK(second->dump() == text);
  static_cast<void>(first->scalar_text());
  return 0;
}
