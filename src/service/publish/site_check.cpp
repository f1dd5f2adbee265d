#include "service/publish/site_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json.hpp"
#include "base/text.hpp"
#include "service/publish/site_index.hpp"

namespace canvasback {
namespace {

using http::ProbeAnswer;
using http::ProbeRequest;
using Level = SiteFinding::Level;

constexpr std::size_t kFileBytesRead = 33'554'432;
constexpr std::int64_t kFreshSeconds = 60;
constexpr std::int64_t kLongSeconds = 86'400;
constexpr std::string_view kMagic = "PAR1";

// The seconds that an answer may be kept, as its Cache-Control says; nothing where it says nothing.
std::optional<std::int64_t> seconds_of(const ProbeAnswer& answer) {
  std::optional<std::int64_t> out;
  for (const std::string& part : split(lower(answer.field("cache-control")), ',')) {
    const std::string_view word = trim(part);
    if (word == "no-cache" || word == "no-store") return 0;
    if (!word.starts_with("max-age=")) continue;
    if (const auto seconds = parse_integer(word.substr(8), "max-age", 0, INT64_MAX)) out = *seconds;
  }
  return out;
}

// A rollup to try ranges with: the largest, as its reader would ask for it.
struct PublishedFile {
  std::string name;
  std::int64_t bytes = 0;
};

PublishedFile largest_rollup(const Json& page) {
  PublishedFile out;
  for (const Json& model : page.at("models").as_array()) {
    for (const Json& rollup : model.at("rollups").as_array()) {
      if (rollup.at("bytes").as_int() <= out.bytes) continue;
      out = {std::string(rollup.at("file").as_string()), rollup.at("bytes").as_int()};
    }
  }
  return out;
}

class Check {
 public:
  Check(std::string base, const ProbeFunction& probe) : base_(std::move(base)), probe_(probe) {}

  std::vector<SiteFinding> run() {
    const auto index = check_index();
    if (!index) return std::move(findings_);
    check_html();
    const Json page = check_page(*index);
    const PublishedFile data = largest_rollup(page);
    if (!data.name.empty()) {
      check_ranges(data);
      check_whole(data);
    }
    check_missing();
    return std::move(findings_);
  }

 private:
  void add(Level level, std::string what, std::string advice = {}) {
    findings_.push_back({level, std::move(what), std::move(advice)});
  }

  std::optional<ProbeAnswer> ask(const std::string& name, std::size_t bytes, const std::string& range = {}) {
    ProbeRequest request;
    request.url = base_ + name;
    request.body_bytes_max = bytes;
    // As a browser on another site does.
    request.headers = {{"Accept", "*/*"}, {"Origin", "https://example.org"}};
    // Browsers want ranges as they are, and Parquet whole in whatever encoding there is.
    const bool plain = !range.empty() || !name.ends_with(".parquet");
    request.headers.emplace_back("Accept-Encoding", plain ? "identity" : "gzip, deflate, br, zstd");
    if (!range.empty()) request.headers.emplace_back("Range", range);
    auto answer = probe_(request);
    if (answer) return std::move(*answer);
    add(Level::Wrong, fmt::format("{}: {}", name.empty() ? "The site" : name, answer.error().message));
    return std::nullopt;
  }

  std::optional<ProbeAnswer> ask_text(const std::string& name) {
    auto answer = ask(name, kFileBytesRead);
    if (!answer) return std::nullopt;
    if (answer->status == 200) return answer;
    const std::string location = answer->field("location");
    add(Level::Wrong, fmt::format("{}: status {} instead of 200.", name.empty() ? "The site" : name, answer->status),
        location.empty() ? "Publish the whole folder, and give the address of the folder."
                         : fmt::format("It is at {}: give that address.", location));
    return std::nullopt;
  }

  void check_freshness(const std::string& what, const ProbeAnswer& answer) {
    const auto seconds = seconds_of(answer);
    if (seconds && *seconds <= kFreshSeconds) {
      add(Level::Good, fmt::format("{}: asked for anew ({}).", what, answer.field("cache-control")));
      return;
    }
    add(Level::Note,
        seconds ? fmt::format("{}: kept for {} seconds.", what, *seconds)
                : fmt::format("{}: no Cache-Control, so that browsers guess how long to keep it.", what),
        "Readers see a new generation late: set Cache-Control: no-cache for all but data/ and assets/.");
  }

  void check_immutable(const std::string& what, const ProbeAnswer& answer) {
    const auto seconds = seconds_of(answer);
    if (seconds && *seconds >= kLongSeconds) {
      add(Level::Good, fmt::format("{}: kept ({}).", what, answer.field("cache-control")));
    } else {
      add(Level::Note, fmt::format("{}: not kept by browsers.", what),
          "Set Cache-Control: public, max-age=31536000, immutable for data/ and assets/: their names change with their "
          "content.");
    }
  }

  std::optional<SiteIndex> check_index() {
    const auto answer = ask_text("index.json");
    if (!answer) return std::nullopt;
    auto json = Json::parse(answer->body);
    auto index = json ? site_index_from_json(*json) : Result<SiteIndex>(std::unexpected(json.error()));
    if (!index || index->dashboards.empty()) {
      add(Level::Wrong, "index.json is none of a published site.",
          "A host that answers everything with one page does that: publish the folder as files.");
      return std::nullopt;
    }
    add(Level::Good, fmt::format("index.json: generation {} of {}, {} dashboards.", index->generation, index->published,
                                 index->dashboards.size()));
    check_freshness("index.json", *answer);
    if (answer->field("access-control-allow-origin").empty()) {
      add(Level::Note, "CORS: other sites' pages cannot read the data.",
          "Nothing to do, unless its data is read from another address: then set Access-Control-Allow-Origin.");
    } else {
      add(Level::Good, fmt::format("CORS: {}.", answer->field("access-control-allow-origin")));
    }
    return std::move(*index);
  }

  void check_html() {
    const auto answer = ask_text("");
    if (!answer) return;
    if (answer->body.find("id=\"site\"") == std::string::npos) {
      add(Level::Wrong, "The site's address does not give its index.html.", "Make index.html the folder's index.");
      return;
    }
    check_freshness("index.html", *answer);
  }

  Json check_page(const SiteIndex& index) {
    const SiteDashboard& first = index.dashboards.front();
    const auto answer = ask_text(first.page);
    if (!answer) return {};
    auto page = Json::parse(answer->body);
    if (!page || !page->at("models").is_array()) {
      add(Level::Wrong, fmt::format("{} is not the page of a dashboard.", first.page),
          "The folder is not of one generation: upload data/ before index.json.");
      return {};
    }
    check_immutable("data/", *answer);
    // One with rollups large enough to be read by ranges, if there is any.
    Json best = std::move(*page);
    for (const SiteDashboard& dashboard : index.dashboards) {
      if (&dashboard == &first) continue;
      const auto other = ask_text(dashboard.page);
      if (!other) return best;
      auto json = Json::parse(other->body);
      if (json && largest_rollup(*json).bytes > largest_rollup(best).bytes) best = std::move(*json);
    }
    return best;
  }

  void check_ranges(const PublishedFile& data) {
    const std::int64_t from = data.bytes - 8;
    const auto answer = ask(data.name, 8, fmt::format("bytes={}-{}", from, data.bytes - 1));
    if (!answer) return;
    const std::string encoding = answer->field("content-encoding");
    if (!encoding.empty() && encoding != "identity") {
      add(Level::Wrong, fmt::format("Ranges: answered with Content-Encoding: {}.", encoding),
          "Switch compression off for data/*.parquet (nginx: leave it out of gzip_types; Cache-Control: no-transform): "
          "ranges would be of compressed bytes.");
      return;
    }
    if (answer->status == 200) {
      add(Level::Wrong, "Ranges: not supported, the whole file comes (200).",
          "The site works, and details of large tables are not read: use a host with Range requests (nginx, Caddy, S3, "
          "Netlify, Vercel, GitHub Pages have them; Python's http.server has not).");
      return;
    }
    const std::string wanted = fmt::format("bytes {}-{}/{}", from, data.bytes - 1, data.bytes);
    const std::string got = answer->field("content-range");
    if (answer->status != 206 || got != wanted) {
      add(Level::Wrong,
          fmt::format("Ranges: status {}, Content-Range \"{}\" instead of \"{}\".", answer->status, got, wanted),
          "The host must give 206 and the file's own length.");
      return;
    }
    if (answer->body.size() != 8 || !answer->body.ends_with(kMagic)) {
      add(Level::Wrong, "Ranges: other bytes than the file's.", "Upload the file again; do not transform data/.");
      return;
    }
    add(Level::Good,
        fmt::format("Ranges: 206 and the whole length ({}).", human_bytes(static_cast<std::uint64_t>(data.bytes))));
  }

  void check_whole(const PublishedFile& data) {
    const auto answer = ask(data.name, 4);
    if (!answer) return;
    const std::string encoding = answer->field("content-encoding");
    if (!encoding.empty() && encoding != "identity") {
      add(Level::Wrong, fmt::format("Parquet comes with Content-Encoding: {}.", encoding),
          "Switch compression off for data/*.parquet: it is compressed in itself.");
    } else if (answer->status != 200 || !answer->body.starts_with(kMagic)) {
      add(Level::Wrong, fmt::format("{}: status {}, and not the file.", data.name, answer->status),
          "Upload data/ as binary files.");
    } else {
      add(Level::Good, "Parquet comes as it is.");
      check_immutable("data/*.parquet", *answer);
    }
  }

  void check_missing() {
    const auto answer = ask("data/00000000000000000000000000000000.json", 64);
    if (!answer) return;
    if (answer->status == 404 || answer->status == 403) {
      add(Level::Good, fmt::format("What is not there: {}.", answer->status));
    } else {
      add(Level::Wrong, fmt::format("What is not there is answered with {}.", answer->status),
          "Switch off the rule that gives index.html for every address: a missing file must be 404.");
    }
  }

  std::string base_;
  const ProbeFunction& probe_;
  std::vector<SiteFinding> findings_;
};

std::string base_of(std::string url) {
  url = url.substr(0, url.find_first_of("?#"));
  for (std::string_view name : {"index.html", "index.json"}) {
    if (url.ends_with("/" + std::string(name))) url.resize(url.size() - name.size());
  }
  if (!url.ends_with('/')) url += '/';
  return url;
}

}  // namespace

std::vector<SiteFinding> check_site(const std::string& url, const ProbeFunction& probe) {
  return Check(base_of(url), probe).run();
}

bool is_usable(const std::vector<SiteFinding>& findings) {
  return std::ranges::none_of(findings, [](const SiteFinding& one) { return one.level == Level::Wrong; });
}

}  // namespace canvasback
