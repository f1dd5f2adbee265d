// A frame of a client of the stream: what is taken is within the bounds that the rest relies on.
#include "base/limits.hpp"
#include "fuzz/support.hpp"
#include "transport/websocket/message.hpp"

using namespace canvasback;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint32_t id = 0;
  const auto message = websocket::parse_message(fuzz::text_of(data, size), id);
  if (!message) return 0;
  FUZZ_CHECK(id > 0 && message->id == id);
  if (const auto* window = std::get_if<websocket::WindowMessage>(&message->body)) {
    FUZZ_CHECK(window->view > 0);
    FUZZ_CHECK(window->window.from >= 0 && window->window.from <= window->window.to);
    FUZZ_CHECK(window->window.to - window->window.from <= limits::kWindowRowsMax);
    FUZZ_CHECK(!window->slot || (*window->slot >= 0 && *window->slot < limits::kStreamSlots));
  } else if (const auto* open = std::get_if<websocket::OpenMessage>(&message->body)) {
    FUZZ_CHECK(open->view.dataset.empty() || open->view.sql.empty());
    FUZZ_CHECK(open->view.first >= 0 && open->view.first <= limits::kViewFirstRowsMax);
    FUZZ_CHECK(open->view.selection.sort.size() <= limits::kSortKeysMax);
  } else if (const auto* credits = std::get_if<websocket::CreditsMessage>(&message->body)) {
    FUZZ_CHECK(credits->count > 0 && credits->count <= limits::kStreamCreditsMax);
  }
  return 0;
}
