// The index of a published site (index.json, docs/publish.md): which generation it is, its dashboards, and the files
// that belong to it. What is in the folder and in neither this generation nor the one before it may be removed, if an
// index has listed it: other people's files never are. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace canvasback {

struct SiteDashboard {
  std::string name;
  std::string title;
  std::string description;
  std::string page;  // its file
  std::int64_t page_bytes = 0;
};

struct SiteIndex {
  std::int64_t generation = 0;
  std::string published;  // a time
  std::string title;
  std::vector<SiteDashboard> dashboards;
  std::vector<std::string>
      files;  // of this generation: data, scripts and styles, whose names change with their content
  std::vector<std::string> previous;  // of the one before, that this one does without
  // Of who publishes again: what the parts of each dashboard were made of, and their page.
  Json made_of;
};

Json to_json(const SiteIndex& index);
// Errors: InvalidData for what is no index of this format, or names files outside of data/ and assets/.
Result<SiteIndex> site_index_from_json(const Json& json);

// The index that follows: generation, `previous`. `old`: of the folder, with generation 0 where there is none.
void follow(const SiteIndex& old, SiteIndex& next);
// The files that nobody needs once `next` is there: those of the old index that it neither has nor keeps.
std::vector<std::string> outdated_files(const SiteIndex& old, const SiteIndex& next);
// Whether `next` says the same but for its time and generation.
bool is_same_site(const SiteIndex& old, const SiteIndex& next);

// "data/3f….parquet" or "assets/app-1a2b.js": a name that the index may have.
bool is_site_file(std::string_view name);

}  // namespace canvasback
