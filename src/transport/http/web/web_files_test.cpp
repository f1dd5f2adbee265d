#include "transport/http/web/web_files.hpp"

#include <gtest/gtest.h>

#include <array>

namespace canvasback::http {
namespace {

TEST(WebFilesTest, FilesAreFoundByTheirWholePath) {
  const std::array files{WebFile{"/index.html", "\"1\"", "<p>", {}, {}},
                         WebFile{"/assets/a.js", "\"2\"", "a", "b", "c"}};
  ASSERT_NE(find_web_file(files, "/assets/a.js"), nullptr);
  EXPECT_EQ(find_web_file(files, "/assets/a.js")->brotli, "b");
  EXPECT_EQ(find_web_file(files, "/assets/a"), nullptr);
  EXPECT_EQ(find_web_file(files, "/assets/../index.html"), nullptr);
  EXPECT_EQ(find_web_file({}, "/index.html"), nullptr);
}

TEST(WebFilesTest, TypesGoByTheExtension) {
  EXPECT_EQ(web_media_type("/assets/app-1f.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(web_media_type("/assets/inter.woff2"), "font/woff2");
  EXPECT_EQ(web_media_type("/assets/data"), "application/octet-stream");
}

TEST(WebFilesTest, WhatIsEmbeddedIsWhole) {
  for (const WebFile& file : embedded::web_files) {
    EXPECT_FALSE(file.body.empty()) << file.path;
    EXPECT_EQ(file.tag.size(), 34U) << file.path;
    if (!file.brotli.empty()) {
      EXPECT_LT(file.brotli.size(), file.body.size()) << file.path;
    }
  }
}

}  // namespace
}  // namespace canvasback::http
