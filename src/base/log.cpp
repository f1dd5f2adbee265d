#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace canvasback::log {
namespace {

Style g_style = Style::Text;

spdlog::logger& logger() {
  static auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("canvasback", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum translate(Level level) {
  switch (level) {
    case Level::Debug: return spdlog::level::debug;
    case Level::Info: return spdlog::level::info;
    case Level::Warning: return spdlog::level::warn;
    case Level::Error: return spdlog::level::err;
    case Level::Off: break;
  }
  return spdlog::level::off;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::Debug: return "debug";
    case Level::Info: return "info";
    case Level::Warning: return "warning";
    case Level::Error: return "error";
    case Level::Off: break;
  }
  return "off";
}

}  // namespace

void configure(Level level, Style style) {
  g_style = style;
  logger().set_level(translate(level));
}

bool level_from(std::string_view name, Level& out) {
  for (Level level : {Level::Debug, Level::Info, Level::Warning, Level::Error, Level::Off}) {
    if (name_of(level) == name) {
      out = level;
      return true;
    }
  }
  return false;
}

bool enabled(Level level) { return logger().should_log(translate(level)); }

void write(Level level, std::string_view message) {
  if (g_style == Style::Json) {
    JsonWriter line;
    line.begin_object().member("time", iso_time(wall_us())).member("level", name_of(level));
    line.member("message", message).end_object();
    logger().log(translate(level), "{}", line.text());
  } else {
    logger().log(translate(level), "{} {:<7} {}", iso_time(wall_us()), name_of(level), message);
  }
}

}  // namespace canvasback::log
