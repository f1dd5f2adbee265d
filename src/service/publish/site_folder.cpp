#include "service/publish/site_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/hash.hpp"
#include "base/text_list.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

constexpr const char* kIndexFile = "index.json";
constexpr const char* kListFile = "publish.json";
constexpr std::size_t kNameDigits = 32;
constexpr std::size_t kWaitingBytesMax = 33'554'432;

std::optional<std::string> content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<Json> json_of(const std::string& path) {
  const auto text = content_of(path);
  if (!text) return Json();
  auto json = Json::parse(*text);
  if (!json) return fail(ErrorCode::InvalidData, fmt::format("{} is not JSON.", path));
  return json;
}

// Beside a site there may be what hosts and version control put there.
bool has_others(const std::string& path) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    if (name != ".git" && name != "CNAME" && name != ".nojekyll") return true;
  }
  return false;
}

}  // namespace

std::string SiteFolder::full(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

bool SiteFolder::has(const std::string& name) const {
  std::error_code error;
  return fs::is_regular_file(full(name), error);
}

Result<SiteFolder> SiteFolder::open(std::string path) {
  SiteFolder out(std::move(path));
  CANVASBACK_TRY(file::make_folder(out.path_));
  out.lock_ = UniqueFd(::open(out.path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!out.lock_) return fail(ErrorCode::Unavailable, fmt::format("The folder {} cannot be opened.", out.path_));
  if (::flock(out.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::Unavailable, fmt::format("Another publish writes {}.", out.path_));
  }
  CANVASBACK_TRY(out.read());
  return out;
}

// publish.json has the files of its generation and, while one is being made, those of the next. If the index is already
// that next one, what is left undone is only the list.
Status SiteFolder::read() {
  CANVASBACK_ASSIGN(const Json list, json_of(full(kListFile)));
  CANVASBACK_ASSIGN(const Json json, json_of(full(kIndexFile)));
  if (list.at("publisher").as_string() != "canvasback") {
    if (!has_others(path_)) return {};
    return fail(ErrorCode::InvalidData,
                fmt::format("The folder {} is not empty and no published site: choose an empty one.", path_));
  }
  if (!json.is_null()) {
    CANVASBACK_ASSIGN(index_, site_index_from_json(json));
  }
  const Json& generation = index_.generation > list.at("generation").as_int() ? list.at("next") : list;
  index_.files = texts_of(generation.at("files"));
  index_.made_of = generation.at("made_of");
  if (&generation == &list) unfinished_ = texts_of(list.at("next").at("files"));
  std::erase_if(index_.files, [](const std::string& name) { return !is_site_file(name); });
  std::erase_if(unfinished_, [](const std::string& name) { return !is_site_file(name); });
  // What was being written when it was interrupted has its temporary name still.
  for (const std::string& name : unfinished_) CANVASBACK_TRY(file::remove(full(name) + ".tmp"));
  // A reader of an index.html that came before its index.json may still want them.
  for (const std::string& name : unfinished_) {
    if (std::ranges::find(index_.files, name) == index_.files.end()) index_.files.push_back(name);
  }
  return {};
}

// `next`: the generation that is about to be published.
Status SiteFolder::write_list(const SiteIndex* next) const {
  Json out;
  out.set("publisher", "canvasback");
  out.set("generation", index_.generation);
  out.set("files", text_list(index_.files));
  out.set("made_of", index_.made_of);
  if (next != nullptr || !unfinished_.empty()) {
    Json made;
    made.set("files", text_list(next != nullptr ? next->files : unfinished_));
    if (next != nullptr) made.set("made_of", next->made_of);
    out.set("next", std::move(made));
  }
  return file::replace(full(kListFile), out.dump());
}

Result<std::string> SiteFolder::add(std::string content, std::string_view extension) {
  std::string name = fmt::format("data/{}.{}", sha256_hex(content).substr(0, kNameDigits), extension);
  CANVASBACK_TRY(add_named(name, std::move(content)));
  return name;
}

Status SiteFolder::add_named(std::string name, std::string content) {
  std::error_code error;
  if (fs::file_size(full(name), error) == content.size() && !error) return {};
  if (std::ranges::find(waiting_, name, &SitePage::name) != waiting_.end()) return {};
  waiting_bytes_ += content.size();
  waiting_.push_back({std::move(name), std::move(content)});
  return waiting_bytes_ > kWaitingBytesMax ? flush() : Status();
}

// That they are the publisher's is on the disk before they are.
Status SiteFolder::flush() {
  if (waiting_.empty()) return {};
  for (const SitePage& page : waiting_) unfinished_.push_back(page.name);
  CANVASBACK_TRY(write_list(nullptr));
  for (const SitePage& page : waiting_) {
    CANVASBACK_TRY(file::make_folder(fs::path(full(page.name)).parent_path().string()));
    CANVASBACK_TRY(file::replace(full(page.name), page.text));
    ++files_written_;
    bytes_written_ += static_cast<std::int64_t>(page.text.size());
  }
  waiting_.clear();
  waiting_bytes_ = 0;
  return {};
}

Status SiteFolder::update(const std::vector<SitePage>& pages) {
  for (const SitePage& page : pages) {
    if (content_of(full(page.name)) == page.text) continue;
    CANVASBACK_TRY(file::replace(full(page.name), page.text));
  }
  return {};
}

Status SiteFolder::keep(const Json& made_of, const std::vector<SitePage>& pages) {
  CANVASBACK_TRY(flush());
  CANVASBACK_TRY(update(pages));
  if (index_.made_of.dump() == made_of.dump()) return {};
  index_.made_of = made_of;
  return write_list(nullptr);
}

Result<std::string> SiteFolder::text_of(const std::string& name) const {
  auto text = content_of(full(name));
  if (!text) return fail(ErrorCode::Unavailable, fmt::format("{} cannot be read.", full(name)));
  return std::move(*text);
}

Status SiteFolder::publish(SiteIndex next, const std::vector<SitePage>& pages) {
  const std::vector<std::string> outdated = outdated_files(index_, next);
  CANVASBACK_TRY(flush());
  CANVASBACK_TRY(write_list(&next));
  CANVASBACK_TRY(update(pages));
  CANVASBACK_TRY(file::replace(full(kIndexFile), to_json(next).dump()));
  index_ = std::move(next);
  unfinished_.clear();
  CANVASBACK_TRY(write_list(nullptr));
  for (const std::string& name : outdated) {
    CANVASBACK_TRY(file::remove(full(name)));
    ++files_removed_;
  }
  return {};
}

}  // namespace canvasback
