// Url: an address of http://, in its parts: what a client is told to ask, and where an answer sends it on. Reads what
// others write (settings, Location), so that it takes only what can be sent: no control characters, no spaces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback::http {

struct Url {
  std::string credentials;  // user:password, decoded; empty: none
  std::string host;         // without the brackets of an IPv6 address
  std::uint16_t port = 80;
  std::string target = "/";  // path and query; a fragment is not for the server

  // Errors: InvalidData for what is no such address, and for https, which this client does not speak.
  static Result<Url> parse(std::string_view text);
  // A reference as an answer of this address gives it: whole, or relative (RFC 3986, 5.2). It has no credentials.
  Result<Url> resolve(std::string_view reference) const;

  // host:port, with brackets where it needs them: the value of Host.
  std::string authority() const;
  bool same_origin(const Url& other) const { return host == other.host && port == other.port; }
  // For messages: without credentials, and without the query, which may hold a key.
  std::string display() const;
};

}  // namespace canvasback::http
