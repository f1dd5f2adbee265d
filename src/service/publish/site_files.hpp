// The app of published sites inside the program: the files that its build left in web/dist-site, put there by
// cmake/EmbedFolder.cmake. Empty where the program was built without them; then a page stands in that says so.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback {

struct SiteFile {
  std::string_view path;  // "/index.html", "/assets/app-3f2a.js"
  std::string_view body;
};

// The index.html of the app with this JSON in the place that it has for data. Errors: DataProcessing where it has none.
Result<std::string> site_html(std::string_view index_html, std::string_view inlined);
// As it was built.
std::string_view site_index_html();

namespace embedded {

extern const std::span<const SiteFile> site_files;

}  // namespace embedded
}  // namespace canvasback
