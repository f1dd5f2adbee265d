#include "transport/http/connection/multipart.hpp"

#include <gtest/gtest.h>

namespace canvasback::http {
namespace {

Result<std::string> file_of(std::string_view body, std::size_t piece) {
  MultipartReader reader("xyz");
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += piece) CANVASBACK_TRY(reader.add(body.substr(at, piece), out));
  CANVASBACK_TRY(reader.finish());
  return reader.file_name() + "|" + reader.content_type() + "|" + out;
}

std::string part(const std::string& headers, const std::string& content) {
  return "--xyz\r\n" + headers + "\r\n\r\n" + content + "\r\n";
}

const std::string kFile = "Content-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".json\"";

TEST(Multipart, TheFileComesWholeInPiecesOfEverySize) {
  const std::string content = "line\r\n--xy\r\n--not\r\n\r\n";
  const std::string body = "preamble\r\n" + part("Content-Disposition: form-data; name=\"note\"", "hello") +
                           part("content-type: application/json\r\n" + kFile, content) + "--xyz--\r\nepilogue";
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    const auto got = file_of(body, piece);
    ASSERT_TRUE(got) << piece << got.error().message;
    EXPECT_EQ(*got, "a \"b\".json|application/json|" + content) << piece;
  }
}

TEST(Multipart, AnEmptyFileIsAFile) {
  const auto got = file_of(part(kFile, "") + "--xyz--\r\n", 7);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, "a \"b\".json||");
  EXPECT_TRUE(file_of("--xyz\r\n" + kFile + "\r\n\r\n--xyz--", 1000));
}

TEST(Multipart, WhatIsNoFormIsRefused) {
  for (const std::string& body :
       {std::string(), std::string("--xyz--\r\n"), part(kFile, "a"), part("X: y", "a") + "--xyz--\r\n",
        part(kFile, "a") + part(kFile, "b") + "--xyz--\r\n", std::string("--xyz?\r\n"),
        "--xyz\r\n" + std::string(20'000, 'h')}) {
    EXPECT_FALSE(file_of(body, 64)) << body.substr(0, 200);
  }
}

TEST(Multipart, Boundaries) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(multipart_boundary("Multipart/Form-Data; charset=x; boundary=\"a b\""), "a b");
  EXPECT_EQ(multipart_boundary("multipart/form-data"), "");
  EXPECT_EQ(multipart_boundary("application/json"), std::nullopt);
}

}  // namespace
}  // namespace canvasback::http
