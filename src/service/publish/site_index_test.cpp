#include "service/publish/site_index.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

SiteIndex index_of(std::vector<std::string> files) {
  SiteIndex out;
  out.title = "Site";
  out.dashboards.push_back({"orders", "Orders", "What is sold", files.front(), 10});
  out.files = std::move(files);
  return out;
}

TEST(SiteIndex, TwoGenerationsStayAndTheThirdGoes) {
  SiteIndex first = index_of({"data/a.json", "data/b.parquet"});
  follow({}, first);
  EXPECT_EQ(first.generation, 1);
  EXPECT_TRUE(first.previous.empty());
  EXPECT_TRUE(outdated_files({}, first).empty());

  SiteIndex second = index_of({"data/c.json", "data/b.parquet"});
  follow(first, second);
  EXPECT_EQ(second.previous, std::vector<std::string>{"data/a.json"});
  EXPECT_TRUE(outdated_files(first, second).empty());

  SiteIndex third = index_of({"data/d.json", "data/b.parquet"});
  follow(second, third);
  EXPECT_EQ(third.generation, 3);
  EXPECT_EQ(third.previous, std::vector<std::string>{"data/c.json"});
  EXPECT_EQ(outdated_files(second, third), std::vector<std::string>{"data/a.json"});

  // What comes back is none of the files that go.
  SiteIndex fourth = index_of({"data/c.json", "data/b.parquet"});
  follow(third, fourth);
  EXPECT_EQ(fourth.previous, std::vector<std::string>{"data/d.json"});
  EXPECT_TRUE(outdated_files(third, fourth).empty());
}

TEST(SiteIndex, TheSameSiteIsNoNewGeneration) {
  SiteIndex first = index_of({"data/a.json", "data/b.parquet"});
  follow({}, first);
  first.published = "2026-01-01T00:00:00Z";
  SiteIndex again = index_of({"data/a.json", "data/b.parquet"});
  EXPECT_TRUE(is_same_site(first, again));
  again.title = "Other";
  EXPECT_FALSE(is_same_site(first, again));
  EXPECT_FALSE(is_same_site(first, index_of({"data/a.json"})));
  EXPECT_FALSE(is_same_site({}, index_of({"data/a.json"})));
}

TEST(SiteIndex, ComesBackFromItsJson) {
  SiteIndex index = index_of({"data/a.json"});
  index.generation = 7;
  index.published = "2026-12-01T02:00:00Z";
  index.previous = {"data/b.json", "assets/x-1.js"};
  const auto json = Json::parse(to_json(index).dump());
  ASSERT_TRUE(json);
  const auto back = site_index_from_json(*json);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back).dump(), to_json(index).dump());
}

TEST(SiteIndex, OthersFilesAreNoneOfIts) {
  for (const char* name : {"", "data/", "index.html", "../x", "data/../x", "data/.x", "data/a/b", "/etc/passwd",
                           "assets/a b", "data/\x01"}) {
    EXPECT_FALSE(is_site_file(name)) << name;
  }
  SiteIndex old = index_of({"data/a.json"});
  old.generation = 1;
  old.files.emplace_back("../precious");
  old.files.emplace_back("index.html");
  SiteIndex next = index_of({"data/c.json"});
  next.generation = 2;
  EXPECT_EQ(outdated_files(old, next), std::vector<std::string>{"data/a.json"});
  for (const char* text : {R"({"format": 2, "dashboards": []})", R"({})", R"([])",
                           R"({"format": 1, "dashboards": [{"page": {"file": "../x"}}]})",
                           R"({"format": 1, "dashboards": [], "previous": ["/etc/passwd"]})"}) {
    EXPECT_FALSE(site_index_from_json(*Json::parse(text))) << text;
  }
}

}  // namespace
}  // namespace canvasback
