// A TOML file: settings and datasets, or an error that says what is wrong.
#include "server/config.hpp"

#include "fuzz/support.hpp"

using namespace canvasback;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  const auto config = Config::load({}, file.path(), [](const char*) -> const char* { return nullptr; });
  if (!config) {
    FUZZ_CHECK(config.error().code == ErrorCode::InvalidData && !config.error().message.empty());
    return 0;
  }
  for (const SettingInfo& info : Config::known()) {
    static_cast<void>(config->integer(info.name, 1, 64));
    static_cast<void>(config->bytes(info.name));
    static_cast<void>(config->boolean(info.name));
    for (const std::string& part : config->list(info.name)) FUZZ_CHECK(!part.empty());
  }
  for (const DatasetSource& source : config->datasets()) FUZZ_CHECK(!source.name.empty() && !source.pattern.empty());
  return 0;
}
