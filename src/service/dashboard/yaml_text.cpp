#include "service/dashboard/yaml_text.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr int kLineBytes = 118;  // of a mapping on one line

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// -12, 3.5, 1e3, .5: as the core schema of YAML 1.2 has numbers.
bool is_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  std::size_t digits = 0;
  std::size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) ++digits;
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && is_digit(text[at]); ++at) ++digits;
  }
  if (digits == 0) return false;
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  ++at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::size_t first = at;
  for (; at < text.size() && is_digit(text[at]); ++at) continue;
  return at == text.size() && at > first;
}

// What a value without quotes is.
Json plain_value(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (!is_number(text)) return text;
  const std::string_view digits = text[0] == '+' ? text.substr(1) : text;
  std::int64_t integer = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), integer);
  if (error == std::errc() && end == digits.data() + digits.size()) return integer;
  if (text.find_first_of(".eE") == std::string_view::npos) return text;  // past 64 bits: its digits
  return std::strtod(std::string(text).c_str(), nullptr);
}

struct YamlEvent {
  YamlEvent() = default;
  ~YamlEvent() { yaml_event_delete(&event); }
  YamlEvent(const YamlEvent&) = delete;
  YamlEvent& operator=(const YamlEvent&) = delete;
  yaml_event_t event{};
};

TextPlace place(const yaml_mark_t& mark) {
  return {static_cast<std::int64_t>(mark.line) + 1, static_cast<std::int64_t>(mark.column) + 1};
}

}  // namespace

// Reads the events of one document, and stops at the first thing that is wrong.
class YamlReader {
 public:
  explicit YamlReader(std::string_view text) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~YamlReader() { yaml_parser_delete(&parser_); }
  YamlReader(const YamlReader&) = delete;
  YamlReader& operator=(const YamlReader&) = delete;

  bool read(YamlText& out) {
    YamlEvent first;
    if (!next(first) || !next_document(out)) return false;
    YamlEvent last;
    if (!next(last)) return false;
    if (last.event.type == YAML_STREAM_END_EVENT) return true;
    return wrong(place(last.event.start_mark), "There must be one document only.");
  }

  const DashboardProblem& problem() const { return problem_; }

 private:
  bool next_document(YamlText& out) {
    YamlEvent start;
    if (!next(start)) return false;
    if (start.event.type != YAML_DOCUMENT_START_EVENT) return wrong({1, 1}, "The text is empty.");
    YamlEvent root;
    if (!next(root) || !value(root, "", 0, out, out.json_)) return false;
    YamlEvent end;
    return next(end);
  }

  bool next(YamlEvent& out) {
    if (yaml_parser_parse(&parser_, &out.event)) return true;
    const bool is_mark = parser_.problem_mark.line > 0 || parser_.problem_mark.column > 0;
    const TextPlace at = is_mark ? place(parser_.problem_mark) : TextPlace{1, 1};
    std::string why = parser_.problem != nullptr ? parser_.problem : "it cannot be read";
    if (parser_.context != nullptr) why = fmt::format("{} {}", parser_.context, why);
    return wrong(at, fmt::format("This is not YAML: {}.", why));
  }

  bool wrong(TextPlace at, std::string message) {
    problem_.line = at.line;
    problem_.column = at.column;
    problem_.message = std::move(message);
    return false;
  }

  bool value(const YamlEvent& from, const std::string& path, std::size_t depth, YamlText& out, Json& json) {
    const yaml_event_t& event = from.event;
    const TextPlace at = place(event.start_mark);
    if (++nodes_ > limits::kDashboardNodesMax) return wrong(at, "The text has too many values.");
    if (depth > limits::kDashboardDepthMax) return wrong(at, "The text is nested too deeply.");
    out.values_[path] = at;
    switch (event.type) {
      case YAML_ALIAS_EVENT: return wrong(at, "Aliases (*name) are not allowed: write the value.");
      case YAML_SCALAR_EVENT: return scalar(event, at, json);
      case YAML_SEQUENCE_START_EVENT:
        if (!plain(at, event.data.sequence_start.anchor, event.data.sequence_start.tag)) return false;
        return list(path, depth, out, json);
      case YAML_MAPPING_START_EVENT:
        if (!plain(at, event.data.mapping_start.anchor, event.data.mapping_start.tag)) return false;
        return mapping(path, depth, out, json);
      default: return wrong(at, "A value is missing.");
    }
  }

  bool plain(TextPlace at, const yaml_char_t* anchor, const yaml_char_t* tag) {
    if (anchor != nullptr) return wrong(at, "Anchors (&name) are not allowed.");
    if (tag != nullptr) return wrong(at, "Tags (!name) are not allowed.");
    return true;
  }

  bool scalar(const yaml_event_t& event, TextPlace at, Json& json) {
    const auto& data = event.data.scalar;
    if (!plain(at, data.anchor, data.tag)) return false;
    const std::string_view text(reinterpret_cast<const char*>(data.value), data.length);
    json = data.style == YAML_PLAIN_SCALAR_STYLE ? plain_value(text) : Json(text);
    return true;
  }

  bool list(const std::string& path, std::size_t depth, YamlText& out, Json& json) {
    Json::Array items;
    while (true) {
      YamlEvent item;
      if (!next(item)) return false;
      if (item.event.type == YAML_SEQUENCE_END_EVENT) break;
      Json one;
      if (!value(item, fmt::format("{}[{}]", path, items.size()), depth + 1, out, one)) return false;
      items.push_back(std::move(one));
    }
    json = std::move(items);
    return true;
  }

  bool mapping(const std::string& path, std::size_t depth, YamlText& out, Json& json) {
    Json::Object members;
    std::set<std::string, std::less<>> seen;
    while (true) {
      YamlEvent key;
      if (!next(key)) return false;
      if (key.event.type == YAML_MAPPING_END_EVENT) break;
      const TextPlace at = place(key.event.start_mark);
      if (key.event.type != YAML_SCALAR_EVENT) return wrong(at, "A key must be a text.");
      if (!plain(at, key.event.data.scalar.anchor, key.event.data.scalar.tag)) return false;
      const std::string name(reinterpret_cast<const char*>(key.event.data.scalar.value), key.event.data.scalar.length);
      if (!seen.insert(name).second)
        return wrong(at, fmt::format("The key \"{}\" is there twice.", name.substr(0, 64)));
      const std::string inner = path.empty() ? name : fmt::format("{}.{}", path, name);
      out.keys_[inner] = at;
      YamlEvent of;
      Json one;
      if (!next(of) || !value(of, inner, depth + 1, out, one)) return false;
      members.emplace_back(name, std::move(one));
    }
    json = std::move(members);
    return true;
  }

  yaml_parser_t parser_{};
  std::size_t nodes_ = 0;
  DashboardProblem problem_;
};

Result<YamlText> YamlText::parse(std::string_view text, DashboardProblem* problem) {
  DashboardProblem wrong;
  wrong.line = wrong.column = 1;
  YamlText out;
  if (text.size() > limits::kDashboardBytesMax) {
    wrong.message = fmt::format("The text is longer than {} KiB.", limits::kDashboardBytesMax / limits::kKiB);
  } else if (!is_utf8(text)) {
    wrong.message = "The text is not valid UTF-8.";
  } else {
    YamlReader reader(text);
    if (reader.read(out)) return out;
    wrong = reader.problem();
  }
  if (problem != nullptr) *problem = wrong;
  return fail(ErrorCode::InvalidData, fmt::format("Line {}, column {}: {}", wrong.line, wrong.column, wrong.message));
}

TextPlace YamlText::place_of(std::string_view path, bool of_key) const {
  if (const auto key = keys_.find(path); of_key && key != keys_.end()) return key->second;
  while (true) {
    if (const auto value = values_.find(path); value != values_.end()) return value->second;
    const std::size_t end = path.find_last_of(".[");
    if (end == std::string_view::npos) break;
    path = path.substr(0, end);
  }
  const auto root = values_.find("");
  return root == values_.end() ? TextPlace{1, 1} : root->second;
}

namespace {

// Writes through libyaml, which knows when a text needs quotes.
class YamlWriter {
 public:
  YamlWriter() {
    yaml_emitter_initialize(&emitter_);
    yaml_emitter_set_output(&emitter_, append, &out_);
    yaml_emitter_set_unicode(&emitter_, 1);
    yaml_emitter_set_width(&emitter_, -1);
    yaml_event_t event;
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(event);
    yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1);
    emit(event);
  }
  ~YamlWriter() { yaml_emitter_delete(&emitter_); }
  YamlWriter(const YamlWriter&) = delete;
  YamlWriter& operator=(const YamlWriter&) = delete;

  void write(const Json& json, bool in_line) {
    yaml_event_t event;
    if (json.is_object()) {
      const bool flow = in_line || fits(json);
      yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1,
                                          flow ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE);
      emit(event);
      for (const auto& [key, value] : json.as_object()) {
        text(key, true);
        write(value, flow);
      }
      yaml_mapping_end_event_initialize(&event);
      emit(event);
    } else if (json.is_array()) {
      const bool flow = in_line || fits(json);
      yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1,
                                           flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE);
      emit(event);
      for (const Json& item : json.as_array()) write(item, flow);
      yaml_sequence_end_event_initialize(&event);
      emit(event);
    } else if (json.is_string()) {
      // One that would be read as something else needs quotes.
      text(json.as_string(), plain_value(json.as_string()).is_string());
    } else {
      text(json.dump(), true);
    }
  }

  std::string take() {
    yaml_event_t event;
    yaml_document_end_event_initialize(&event, 1);
    emit(event);
    yaml_stream_end_event_initialize(&event);
    emit(event);
    return std::move(out_);
  }

 private:
  static int append(void* to, unsigned char* bytes, std::size_t count) {
    static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(bytes), count);
    return 1;
  }

  // On one line: nothing but values, or short lists of them.
  static bool fits(const Json& json) {
    const auto is_plain = [](const Json& value) {
      const auto is_scalar = [](const Json& item) { return !item.is_array() && !item.is_object(); };
      return is_scalar(value) || (value.is_array() && std::ranges::all_of(value.as_array(), is_scalar)) ||
             (value.is_object() && std::ranges::all_of(value.as_object(), [&](const auto& member) {
                return is_scalar(member.second) || member.second.is_array();
              }));
    };
    const bool plain =
        std::ranges::all_of(json.as_array(), is_plain) &&
        std::ranges::all_of(json.as_object(), [&](const auto& member) { return is_plain(member.second); });
    const bool is_list_of_objects =
        std::ranges::any_of(json.as_array(), [](const Json& item) { return item.is_object(); });
    return plain && !is_list_of_objects && json.dump().size() < kLineBytes;
  }

  void text(std::string_view value, bool may_be_plain) {
    const bool lines = value.find('\n') != std::string_view::npos;
    const yaml_scalar_style_t style = may_be_plain ? YAML_ANY_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    yaml_event_t event;
    yaml_scalar_event_initialize(&event, nullptr, nullptr, reinterpret_cast<const unsigned char*>(value.data()),
                                 static_cast<int>(value.size()), 1, 1, lines ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : style);
    emit(event);
  }

  void emit(yaml_event_t& event) { yaml_emitter_emit(&emitter_, &event); }

  yaml_emitter_t emitter_{};
  std::string out_;
};

}  // namespace

std::string yaml_of(const Json& json) {
  YamlWriter writer;
  writer.write(json, false);
  return writer.take();
}

}  // namespace canvasback
