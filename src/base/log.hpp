// Structured logging: one line a message on stderr, `key=value` pairs or JSON, never keys, passwords or row values.
// spdlog stays behind this header. Thread-safe.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace canvasback::log {

enum class Level { Debug, Info, Warning, Error, Off };
enum class Style { Text, Json };

void configure(Level level, Style style);
bool level_from(std::string_view name, Level& out);
bool enabled(Level level);
void write(Level level, std::string_view message);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::Debug)) write(Level::Debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::Info)) write(Level::Info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::Warning)) write(Level::Warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::Error)) write(Level::Error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace canvasback::log
