#include "service/publish/site_check.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"

namespace canvasback {
namespace {

using http::ProbeAnswer;
using http::ProbeRequest;

// A host of a site with one rollup of 100 bytes; `change` spoils an answer.
struct Host {
  std::map<std::string, std::string> files{
      {"", R"(<script type="application/json" id="site">null</script>)"},
      {"index.json", R"({"format": 1, "generation": 3, "published": "2026-01-01T00:00:00Z", "title": "T",
        "dashboards":
        [{"name": "a", "title": "A", "description": "", "page": {"file": "data/p.json", "bytes": 9}}],
        "previous": []})"},
      {"data/p.json", R"({"models": [{"rollups": [{"file": "data/r.parquet", "bytes": 100}]}]})"},
      {"data/r.parquet", "PAR1" + std::string(88, 'x') +
                             "\x10"
                             "\x01\x01\x01PAR1"}};
  std::function<void(const std::string& name, const ProbeRequest& request, ProbeAnswer& answer)> change;

  std::vector<SiteFinding> check(const std::string& url = "http://host/site/") {
    return check_site(url, [&](const ProbeRequest& request) -> Result<ProbeAnswer> {
      EXPECT_TRUE(request.url.starts_with("http://host/site/")) << request.url;
      const std::string name = request.url.substr(17);
      ProbeAnswer answer;
      const auto found = files.find(name);
      answer.status = found == files.end() ? 404 : 200;
      answer.body = found == files.end() ? "" : found->second;
      const bool of_data = name.starts_with("data/");
      answer.fields.emplace_back("Cache-Control", of_data ? "public, max-age=31536000, immutable" : "no-cache");
      answer.fields.emplace_back("Access-Control-Allow-Origin", "*");
      for (const auto& [key, value] : request.headers) {
        if (key != "Range" || found == files.end()) continue;
        const std::vector<std::string> ends = split(value.substr(6), '-');
        const auto from = static_cast<std::size_t>(std::stoi(ends[0]));
        answer.status = 206;
        answer.fields.emplace_back("Content-Range", "bytes " + ends[0] + "-" + ends[1] + "/100");
        answer.body = answer.body.substr(from, static_cast<std::size_t>(std::stoi(ends[1])) - from + 1);
      }
      answer.body.resize(std::min(answer.body.size(), request.body_bytes_max));
      if (change) change(name, request, answer);
      return answer;
    });
  }
};

bool says(const std::vector<SiteFinding>& findings, SiteFinding::Level level, std::string_view what) {
  return std::ranges::any_of(findings, [&](const SiteFinding& one) {
    return one.level == level && (one.what + one.advice).find(what) != std::string::npos;
  });
}

using Level = SiteFinding::Level;

TEST(SiteCheck, AGoodHostIsGood) {
  for (const char* url : {"http://host/site", "http://host/site/", "http://host/site/index.html#x"}) {
    Host host;
    const auto findings = host.check(url);
    EXPECT_TRUE(is_usable(findings));
    EXPECT_TRUE(std::ranges::all_of(findings, [](const auto& one) { return one.level == Level::Good; }));
    EXPECT_TRUE(says(findings, Level::Good, "206 and the whole length"));
  }
}

TEST(SiteCheck, AHostWithoutRangesIsTold) {
  Host host;
  host.change = [&](const std::string& name, const ProbeRequest&, ProbeAnswer& answer) {
    if (name != "data/r.parquet") return;
    answer.status = 200;
    answer.body = host.files[name].substr(0, 8);
  };
  const auto findings = host.check();
  EXPECT_FALSE(is_usable(findings));
  EXPECT_TRUE(says(findings, Level::Wrong, "not supported"));
}

TEST(SiteCheck, AHostThatCompressesDataIsTold) {
  Host host;
  host.change = [](const std::string& name, const ProbeRequest&, ProbeAnswer& answer) {
    if (name.ends_with(".parquet")) answer.fields.emplace_back("content-encoding", "gzip");
  };
  EXPECT_TRUE(says(host.check(), Level::Wrong, "Switch compression off"));
}

TEST(SiteCheck, AWrongLengthOrOtherBytesAreTold) {
  Host host;
  host.change = [](const std::string&, const ProbeRequest&, ProbeAnswer& answer) {
    for (auto& [name, value] : answer.fields) {
      if (name == "Content-Range") value += "0";
    }
  };
  EXPECT_TRUE(says(host.check(), Level::Wrong, "instead of \"bytes 92-99/100\""));
  host.change = [](const std::string&, const ProbeRequest&, ProbeAnswer& answer) {
    if (answer.status == 206) answer.body = "12345678";
  };
  EXPECT_TRUE(says(host.check(), Level::Wrong, "other bytes"));
}

TEST(SiteCheck, CachesAreNoted) {
  Host host;
  host.change = [](const std::string& name, const ProbeRequest&, ProbeAnswer& answer) {
    answer.fields.front().second = name.starts_with("data/") ? "no-cache" : "max-age=3600";
  };
  const auto findings = host.check();
  EXPECT_TRUE(is_usable(findings));
  EXPECT_TRUE(says(findings, Level::Note, "index.json: kept for 3600 seconds"));
  EXPECT_TRUE(says(findings, Level::Note, "immutable"));
}

TEST(SiteCheck, OnePageForEverythingIsTold) {
  Host host;
  host.change = [](const std::string& name, const ProbeRequest&, ProbeAnswer& answer) {
    if (name.starts_with("data/0")) answer.status = 200;
  };
  EXPECT_TRUE(says(host.check(), Level::Wrong, "must be 404"));
  host.files["index.json"] = "<html>";
  EXPECT_TRUE(says(host.check(), Level::Wrong, "none of a published site"));
  host.change = [](const std::string&, const ProbeRequest&, ProbeAnswer& answer) {
    answer.status = 301;
    answer.fields.emplace_back("Location", "https://other/");
  };
  EXPECT_TRUE(says(host.check(), Level::Wrong, "https://other/"));
}

TEST(SiteCheck, NoAnswerIsWrong) {
  const auto findings = check_site("http://host", [](const ProbeRequest&) -> Result<ProbeAnswer> {
    return fail(ErrorCode::Unavailable, "http://host gives no answer");
  });
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_FALSE(is_usable(findings));
}

}  // namespace
}  // namespace canvasback
