// Errors as responses: application/problem+json (RFC 9457) with a `code` of the closed list of base/error.hpp.
#pragma once

#include <string>

#include "base/error.hpp"
#include "transport/http/connection/connection.hpp"

namespace canvasback::http {

// instance: the path asked for. The error's detail is logged, never sent.
Response problem_response(const Error& error, const std::string& instance);

// What is sent of its message: a statement of 100 KB that it quotes is not sent back.
std::string message_of(const Error& error);

// The document alone.
std::string problem_document(const Error& error, const std::string& instance);

}  // namespace canvasback::http
