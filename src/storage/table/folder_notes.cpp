#include "storage/table/folder_notes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "base/hash.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

constexpr std::string_view kMergeNotePrefix = ".merge-";
constexpr std::string_view kMergeNoteSuffix = ".json";

// A line of text and behind it one with its hash.
std::string sealed(const std::string& line) { return line + "\n" + sha256_hex(line) + "\n"; }

std::optional<std::string_view> unsealed(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || sealed(std::string(text.substr(0, end))) != text) return std::nullopt;
  return text.substr(0, end);
}

}  // namespace

std::string number_note_path(const std::string& folder) { return folder + "/.commit-numbers"; }

std::string merge_note_path(const std::string& folder, const std::string& id) {
  return fmt::format("{}/{}{}{}", folder, kMergeNotePrefix, id, kMergeNoteSuffix);
}

bool is_merge_note_name(std::string_view file_name) {
  return file_name.starts_with(kMergeNotePrefix) && file_name.ends_with(kMergeNoteSuffix);
}

std::string text_of(const NumberNote& note) {
  Json out;
  out.set("used_up_to", note.used_up_to);
  if (note.synced_up_to) out.set("synced_up_to", *note.synced_up_to);
  return sealed(out.dump());
}

std::optional<NumberNote> number_note_from(std::string_view text) {
  const auto line = unsealed(text);
  if (!line) return std::nullopt;
  const auto json = Json::parse(*line);
  if (!json) return std::nullopt;
  NumberNote out;
  out.used_up_to = json->at("used_up_to").as_uint();
  if (json->find("synced_up_to") != nullptr) out.synced_up_to = json->at("synced_up_to").as_uint();
  return out;
}

std::string text_of(const MergeNote& note) {
  Json out;
  out.set("id", note.id);
  Json parts = Json::Array{};
  for (const auto& [name, info] : note.parts) {
    PartInfo lineage;
    lineage.id = info.id;
    lineage.covers = info.covers;
    lineage.together = info.together;
    lineage.replaces = info.replaces;
    parts.push(Json::Array{Json(name), to_json(lineage)});
  }
  out.set("parts", std::move(parts));
  Json replaced = Json::Array{};
  for (const auto& [name, id] : note.replaced) replaced.push(Json::Array{Json(name), Json(id)});
  out.set("replaced", std::move(replaced));
  return sealed(out.dump());
}

std::optional<MergeNote> merge_note_from(std::string_view text) {
  const auto line = unsealed(text);
  if (!line) return std::nullopt;
  const auto json = Json::parse(*line, 64);
  if (!json) return std::nullopt;
  MergeNote out;
  out.id = json->at("id").as_string();
  for (const Json& part : json->at("parts").as_array()) {
    if (part.as_array().size() != 2) return std::nullopt;
    out.parts.emplace_back(part.as_array()[0].as_string(), part_info_from_json(part.as_array()[1]));
  }
  for (const Json& part : json->at("replaced").as_array()) {
    if (part.as_array().size() != 2) return std::nullopt;
    out.replaced.emplace_back(part.as_array()[0].as_string(), part.as_array()[1].as_string());
  }
  return out;
}

Result<std::optional<NumberNote>> read_number_note(const std::string& folder) {
  const std::string path = number_note_path(folder);
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::optional<NumberNote>();
  const auto text = file::read(path);
  const auto note = text ? number_note_from(*text) : std::nullopt;
  if (!note) return fail(ErrorCode::Unavailable, fmt::format("{} is damaged.", path));
  return note;
}

Status write_number_note(const std::string& folder, const NumberNote& note) {
  return file::replace(number_note_path(folder), text_of(note));
}

Status write_merge_note(const std::string& folder, const MergeNote& note) {
  const std::string path = merge_note_path(folder, note.id);
  CANVASBACK_ASSIGN(const UniqueFd fd, file::create(path));
  CANVASBACK_TRY(file::write(fd.get(), text_of(note), path));
  return file::sync(fd.get(), path);
}

std::vector<MergeNote> read_merge_notes(const std::vector<std::string>& paths) {
  std::vector<MergeNote> out;
  for (const std::string& path : paths) {
    const auto text = file::read(path);
    auto note = text ? merge_note_from(*text) : std::nullopt;
    if (note) out.push_back(std::move(*note));
  }
  return out;
}

}  // namespace canvasback
