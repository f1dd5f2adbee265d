// The statement gate on any JSON, not only on what DuckDB's serializer writes: it may refuse, never crash, and what it
// admits reads visible tables alone.
#include "engine/duckdb/statement_gate.hpp"

#include "base/text.hpp"
#include "fuzz/support.hpp"

using namespace canvasback;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto visible = [](std::string_view name) { return lower(name) == "flights"; };
  if (const auto admitted = check_statement({text, visible})) {
    for (const std::string& table : admitted->tables) FUZZ_CHECK(visible(table));
  }
  static_cast<void>(explain_refusal(text));
  return 0;
}
