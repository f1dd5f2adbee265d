// The web app inside the program: the files that its build left (docs/web-build.md), put there by
// cmake/EmbedFolder.cmake. Empty where the program was built without them.
#pragma once

#include <span>
#include <string_view>

namespace canvasback::http {

struct WebFile {
  std::string_view path;    // "/index.html", "/assets/app-3f2a.js"
  std::string_view tag;     // an entity tag with its quotes
  std::string_view body;    // as it is
  std::string_view brotli;  // the same, compressed; empty where the build made none
  std::string_view gzip;
};

// nullptr where there is none.
const WebFile* find_web_file(std::span<const WebFile> files, std::string_view path);
std::string_view web_media_type(std::string_view path);

}  // namespace canvasback::http

namespace canvasback::embedded {

extern const std::span<const http::WebFile> web_files;

}  // namespace canvasback::embedded
