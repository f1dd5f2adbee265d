// YAML as dashboards use it: mappings, lists and plain values, read into JSON with the place of every key and value,
// and written from JSON. Anchors, aliases, tags, repeated keys and several documents are refused, so that a text means
// what it says and a small one cannot grow. libyaml stays behind this header. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "query/dashboard.hpp"

namespace canvasback {

struct TextPlace {
  std::int64_t line = 0;  // from 1
  std::int64_t column = 0;
};

class YamlText {
 public:
  // Errors: InvalidData; `problem`, where given, says where. Limits: limits::kDashboard….
  static Result<YamlText> parse(std::string_view text, DashboardProblem* problem = nullptr);

  const Json& json() const { return json_; }
  // Of the value at such a path ("metrics.measures[2].of"), or of the key that ends it; of the nearest one around it
  // where there is none.
  TextPlace place_of(std::string_view path, bool of_key) const;

 private:
  friend class YamlReader;
  Json json_;
  std::map<std::string, TextPlace, std::less<>> keys_;
  std::map<std::string, TextPlace, std::less<>> values_;
};

// Short mappings and lists stand on one line, others one member a line.
std::string yaml_of(const Json& json);

}  // namespace canvasback
