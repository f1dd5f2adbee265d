// What a client sends over the stream (docs/stream.md): one JSON object a frame, parsed and checked for everything that
// can be said without knowing the views.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "service/view/view_service.hpp"

namespace canvasback::websocket {

struct OpenMessage {
  ViewRequest view;                       // without its source
  std::optional<std::uint32_t> source;    // the open view whose rows it chooses from
  std::optional<std::uint32_t> replaces;  // the open view that it takes the place of
};

struct WindowMessage {
  std::uint32_t view = 0;
  WindowRequest window;
  std::optional<int> slot = 0;  // nullopt: never superseded
};

struct CancelMessage {
  std::uint32_t request = 0;
};

struct CloseMessage {
  std::uint32_t view = 0;
};

struct CreditsMessage {
  std::int64_t count = 0;
};

struct Message {
  std::uint32_t id = 0;
  std::variant<OpenMessage, WindowMessage, CancelMessage, CloseMessage, CreditsMessage> body;
};

// id: that of the message as far as it has one, else 0, also where the rest is wrong. Errors: InvalidData,
// PayloadTooLarge.
Result<Message> parse_message(std::string_view text, std::uint32_t& id);

}  // namespace canvasback::websocket
