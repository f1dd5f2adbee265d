#include "service/dataset/reading_service.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "storage/file.hpp"

namespace canvasback {

Status ReadingService::apply_to(std::vector<DatasetSource>& sources) {
  std::error_code error;
  if (!std::filesystem::exists(path_, error)) return {};
  CANVASBACK_ASSIGN(const std::string text, file::read(path_));
  auto json = Json::parse(text);
  if (!json || !json->at("datasets").is_object()) {
    return fail(ErrorCode::InvalidData, fmt::format("{} is damaged; move it away to go without it.", path_));
  }
  for (const auto& [name, entry] : json->at("datasets").as_object()) {
    CANVASBACK_ASSIGN(TextSettings settings, text_settings_from_json(entry.at("settings")));
    kept_.emplace(name, Kept{std::string(entry.at("path").as_string()), std::move(settings), {}});
  }
  for (DatasetSource& source : sources) {
    const auto kept = kept_.find(source.name);
    if (kept == kept_.end() || kept->second.pattern != source.pattern) continue;
    kept->second.told = std::exchange(source.text, kept->second.settings);
  }
  return {};
}

Status ReadingService::write(const KeptReadings& kept) const {
  Json datasets = Json::Object{};
  for (const auto& [name, entry] : kept) {
    Json out;
    out.set("path", entry.pattern);
    out.set("settings", to_json(entry.settings));
    datasets.set(name, std::move(out));
  }
  Json out;
  out.set("datasets", std::move(datasets));
  return file::replace(path_, out.dump() + "\n");
}

asio::awaitable<Status> ReadingService::take(std::string name, TextSettings settings, std::optional<Kept> kept) {
  const TextSettings before = datasets_.entries().at(name).source.text;
  Status read = co_await datasets_.read_as(name, std::move(settings));
  if (!read) co_return read;
  KeptReadings after = kept_;  // not before the wait: others are set meanwhile
  after.erase(name);
  if (kept) after.emplace(name, std::move(*kept));
  Status written = write(after);
  if (!written) {
    static_cast<void>(co_await datasets_.read_as(name, before));
    co_return written;
  }
  kept_ = std::move(after);
  co_return Status();
}

asio::awaitable<Status> ReadingService::set(std::string name, TextSettings settings) {
  const auto found = datasets_.entries().find(name);
  if (found == datasets_.entries().end()) co_return Status(std::unexpected(datasets_.find(name).error()));
  const DatasetSource& source = found->second.source;
  const auto known = kept_.find(name);
  const bool is_known = known != kept_.end() && known->second.pattern == source.pattern;
  Kept kept{source.pattern, settings, is_known ? known->second.told : source.text};
  co_return co_await take(std::move(name), std::move(settings), std::move(kept));
}

asio::awaitable<Status> ReadingService::reset(std::string name) {
  const auto found = datasets_.entries().find(name);
  if (found == datasets_.entries().end()) co_return Status(std::unexpected(datasets_.find(name).error()));
  const auto known = kept_.find(name);
  if (known == kept_.end() || known->second.pattern != found->second.source.pattern) co_return Status();
  TextSettings told = known->second.told;
  co_return co_await take(std::move(name), std::move(told), std::nullopt);
}

}  // namespace canvasback
