#include "service/publish/site_files.hpp"

#include <algorithm>

namespace canvasback {
namespace {

constexpr std::string_view kBefore = "<script type=\"application/json\" id=\"site\">";
constexpr std::string_view kAfter = "</script>";
constexpr std::string_view kWithoutApp =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Dashboards</title></head><body>\n"
    "<p>The program that published this site was built without the app of sites; the data is in index.json.</p>\n"
    "<script type=\"application/json\" id=\"site\">null</script>\n</body></html>\n";

}  // namespace

std::string_view site_index_html() {
  const auto found = std::ranges::find(embedded::site_files, "/index.html", &SiteFile::path);
  return found == embedded::site_files.end() ? kWithoutApp : found->body;
}

Result<std::string> site_html(std::string_view index_html, std::string_view inlined) {
  const std::size_t begin = index_html.find(kBefore);
  const std::size_t end = index_html.find(kAfter, begin);
  if (begin == std::string_view::npos || end == std::string_view::npos) {
    return fail(ErrorCode::DataProcessing, "The app of sites has no place for data in its index.html.");
  }
  std::string out(index_html.substr(0, begin + kBefore.size()));
  for (const char c : inlined) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  out += index_html.substr(end);
  return out;
}

}  // namespace canvasback
