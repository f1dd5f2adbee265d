#include "service/publish/site_index.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/text_list.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kFormat = 1;

Json dashboards_json(const std::vector<SiteDashboard>& dashboards) {
  Json out = Json::Array{};
  for (const SiteDashboard& dashboard : dashboards) {
    Json page;
    page.set("file", dashboard.page);
    page.set("bytes", dashboard.page_bytes);
    Json one;
    one.set("name", dashboard.name);
    one.set("title", dashboard.title);
    one.set("description", dashboard.description);
    one.set("page", std::move(page));
    out.push(std::move(one));
  }
  return out;
}

}  // namespace

bool is_site_file(std::string_view name) {
  const bool of_data = name.starts_with("data/");
  if (!of_data && !name.starts_with("assets/")) return false;
  const std::string_view rest = name.substr(name.find('/') + 1);
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  };
  return !rest.empty() && rest.front() != '.' && std::ranges::all_of(rest, plain);
}

Json to_json(const SiteIndex& index) {
  Json out;
  out.set("format", kFormat);
  out.set("generation", index.generation);
  out.set("published", index.published);
  out.set("title", index.title);
  out.set("dashboards", dashboards_json(index.dashboards));
  out.set("previous", text_list(index.previous));
  return out;
}

Result<SiteIndex> site_index_from_json(const Json& json) {
  const auto wrong = [] {
    return fail(ErrorCode::InvalidData, "The folder has an index.json that is none of a published site.");
  };
  if (json.at("format").as_int() != kFormat || !json.at("dashboards").is_array()) return wrong();
  SiteIndex out;
  out.generation = json.at("generation").as_int();
  out.published = json.at("published").as_string();
  out.title = json.at("title").as_string();
  for (const Json& one : json.at("dashboards").as_array()) {
    SiteDashboard dashboard;
    dashboard.name = one.at("name").as_string();
    dashboard.title = one.at("title").as_string();
    dashboard.description = one.at("description").as_string();
    dashboard.page = one.at("page").at("file").as_string();
    dashboard.page_bytes = one.at("page").at("bytes").as_int();
    if (!is_site_file(dashboard.page)) return wrong();
    out.dashboards.push_back(std::move(dashboard));
  }
  out.previous = texts_of(json.at("previous"));
  if (!std::ranges::all_of(out.previous, is_site_file)) return wrong();
  return out;
}

void follow(const SiteIndex& old, SiteIndex& next) {
  next.generation = old.generation + 1;
  const std::set<std::string> files(next.files.begin(), next.files.end());
  next.previous.clear();
  for (const std::string& file : old.files) {
    if (!files.contains(file)) next.previous.push_back(file);
  }
  std::ranges::sort(next.previous);
}

std::vector<std::string> outdated_files(const SiteIndex& old, const SiteIndex& next) {
  std::set<std::string> needed(next.files.begin(), next.files.end());
  needed.insert(next.previous.begin(), next.previous.end());
  std::vector<std::string> out;
  for (const auto* list : {&old.files, &old.previous}) {
    for (const std::string& file : *list) {
      if (is_site_file(file) && !needed.contains(file)) out.push_back(file);
    }
  }
  std::ranges::sort(out);
  const auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
  return out;
}

bool is_same_site(const SiteIndex& old, const SiteIndex& next) {
  const std::set<std::string> before(old.files.begin(), old.files.end());
  const std::set<std::string> now(next.files.begin(), next.files.end());
  return old.generation > 0 && old.title == next.title && before == now &&
         dashboards_json(old.dashboards).dump() == dashboards_json(next.dashboards).dump();
}

}  // namespace canvasback
