#include "base/error_log.hpp"

#include <fmt/format.h>

#include "base/log.hpp"

namespace canvasback {
namespace {

// Made by us from names, numbers and the system's errors.
bool has_our_words(ErrorCode code) {
  switch (code) {
    case ErrorCode::Unavailable:
    case ErrorCode::StorageLimit:
    case ErrorCode::MemoryLimit:
    case ErrorCode::Repository:
    case ErrorCode::TooManyRequests:
    case ErrorCode::QueryTimeout:
    case ErrorCode::RequestTimeout:
    case ErrorCode::Cancelled: return true;
    default: return false;
  }
}

}  // namespace

std::string for_log(const Error& error) {
  const std::string text =
      fmt::format("{} {}{}{}", name_of(error.code), error.message, error.detail.empty() ? "" : " ", error.detail);
  if (has_our_words(error.code)) return text;
  log::debug("{}", text);
  return fmt::format("{} (its message is logged at debug)", name_of(error.code));
}

}  // namespace canvasback
