#include "net/url.hpp"

#include <gtest/gtest.h>

namespace canvasback::http {
namespace {

TEST(Url, PartsOfAnAddress) {
  const struct {
    const char* text;
    const char* authority;
    const char* target;
    const char* credentials;
  } kCases[] = {
      {"http://host", "host:80", "/", ""},
      {"HTTP://Host:8080/a/b?c=d#part", "host:8080", "/a/b?c=d", ""},
      {"http://host?q=1", "host:80", "/?q=1", ""},
      {"http://host#part", "host:80", "/", ""},
      {"http://[::1]:8512", "[::1]:8512", "/", ""},
      {"http://[FE80::1]/x", "[fe80::1]:80", "/x", ""},
      {"http://ann:p%40ss@host/x@y", "host:80", "/x@y", "ann:p@ss"},
  };
  for (const auto& [text, authority, target, credentials] : kCases) {
    const auto url = Url::parse(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->authority(), authority) << text;
    EXPECT_EQ(url->target, target) << text;
    EXPECT_EQ(url->credentials, credentials) << text;
  }
}

TEST(Url, WhatIsNoneSaysWhy) {
  for (const auto& [text, why] :
       std::vector<std::pair<const char*, const char*>>{{"host:80", "http://"},
                                                        {"ftp://host", "http://"},
                                                        {"https://host/x", "https is not spoken"},
                                                        {"http://", "no host"},
                                                        {"http://:80", "no host"},
                                                        {"http://host:x", "port"},
                                                        {"http://host:0", "port"},
                                                        {"http://host:65536", "port"},
                                                        {"http://::1:80", "brackets"},
                                                        {"http://[::1", "]"},
                                                        {"http://[::1]80", "]"},
                                                        {"http://host/a b", "space"},
                                                        {"http://host/a\r\nX: y", "control"},
                                                        {"http://a%zz@host", "escape"}}) {
    const auto url = Url::parse(text);
    ASSERT_FALSE(url) << text;
    EXPECT_NE(url.error().message.find(why), std::string::npos) << url.error().message;
  }
}

TEST(Url, ReferencesOfAnAnswer) {
  const Url base = *Url::parse("http://ann:secret@host:8080/a/b/c?d=e");
  const struct {
    const char* reference;
    const char* whole;
  } kCases[] = {{"http://other/x", "other:80/x"},
                {"//other:81/x", "other:81/x"},
                {"/x?y=1", "host:8080/x?y=1"},
                {"x", "host:8080/a/b/x"},
                {"./x", "host:8080/a/b/x"},
                {"../x", "host:8080/a/x"},
                {"../../../x", "host:8080/x"},
                {"..", "host:8080/a/"},
                {"?z", "host:8080/a/b/c?z"},
                {"#part", "host:8080/a/b/c?d=e"},
                {"", "host:8080/a/b/c?d=e"},
                {"x#part", "host:8080/a/b/x"},
                {"/t?at=10:30", "host:8080/t?at=10:30"}};
  for (const auto& [reference, whole] : kCases) {
    const auto url = base.resolve(reference);
    ASSERT_TRUE(url) << reference;
    EXPECT_EQ(url->authority() + url->target, whole) << reference;
    EXPECT_EQ(url->credentials, "") << reference;
  }
  for (const char* wrong : {"https://host/", "javascript:alert(1)", "/a b", "//", "file:///etc/passwd"}) {
    EXPECT_FALSE(base.resolve(wrong)) << wrong;
  }
}

TEST(Url, MessagesHoldNoSecrets) {
  const Url url = *Url::parse("http://ann:secret@host/x?key=secret");
  EXPECT_EQ(url.display().find("secret"), std::string::npos);
  EXPECT_EQ(url.display(), "http://host:80/x?…");
}

}  // namespace
}  // namespace canvasback::http
