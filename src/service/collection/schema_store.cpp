#include "service/collection/schema_store.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "storage/file.hpp"

namespace canvasback {
namespace fs = std::filesystem;

Status SchemaStore::open() {
  std::error_code error;
  if (!fs::exists(folder_, error)) return {};
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const fs::path path = entry.path();
    if (path.extension() != ".json") continue;
    const std::string name = path.stem().string();
    const auto text = file::read(path.string());
    auto versions = text ? versions_from(*text, name) : std::unexpected(text.error());
    if (versions) {
      set(name, std::move(*versions));
    } else {
      // Without it nobody knows which versions of its records count.
      unreadable_.emplace(
          name, Error{ErrorCode::Unavailable,
                      fmt::format("The schema of \"{}\" cannot be read: bring back {} as it was, or move it away if "
                                  "the collection has none.",
                                  name, path.string()),
                      versions.error().message,
                      {},
                      0});
    }
  }
  if (error) return fail(ErrorCode::Unavailable, fmt::format("{} cannot be read.", folder_), error.message());
  return {};
}

Result<SchemaStore::Versions> SchemaStore::versions_from(std::string_view text, const std::string& name) {
  CANVASBACK_ASSIGN(const Json json, Json::parse(text));
  Versions versions;
  for (const Json& version : json.at("versions").as_array()) versions.push_back(record_schema_from_kept(version));
  if (!versions.empty() && versions.back().name == name) return versions;
  return fail(ErrorCode::InvalidData, fmt::format("The file is not the schema \"{}\".", name));
}

std::string SchemaStore::text_of(const Versions& versions) {
  Json out;
  Json entries = Json::Array{};
  for (const RecordSchema& version : versions) entries.push(to_json(version));
  out.set("versions", std::move(entries));
  return out.dump() + "\n";
}

const RecordSchema* SchemaStore::find(std::string_view name) const {
  const Versions* found = versions(name);
  return found != nullptr ? &found->back() : nullptr;
}

const SchemaStore::Versions* SchemaStore::versions(std::string_view name) const {
  const auto found = schemas_.find(name);
  return found != schemas_.end() ? &found->second : nullptr;
}

Status SchemaStore::write(const std::string& name, const Versions& versions) const {
  CANVASBACK_TRY(file::make_folder(folder_));
  return file::replace(path_of(name), text_of(versions));
}

Status SchemaStore::erase(const std::string& name) const {
  CANVASBACK_TRY(file::remove(path_of(name)));
  return file::sync_folder(folder_);
}

}  // namespace canvasback
