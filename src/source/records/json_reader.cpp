#include "source/records/json_reader.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <optional>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "source/records/indexed_walker.hpp"
#include "source/records/number_text.hpp"
#include "source/records/place_builder.hpp"

namespace canvasback {
namespace {

namespace ondemand = simdjson::ondemand;
using records::PlaceBuilder;

std::string_view without_space(std::string_view token) {
  while (!token.empty() &&
         (token.back() == ' ' || token.back() == '\t' || token.back() == '\n' || token.back() == '\r')) {
    token.remove_suffix(1);
  }
  return token;
}

bool is_blank(std::string_view line) {
  return std::ranges::all_of(line, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
}

// Walks one record after the other into a PlaceBuilder. An error leaves the places with half a record: they are then
// good for nothing but finding further errors.
class Walker {
 public:
  Walker(const TextPlaces& texts, ondemand::parser& parser) : root_(&texts), parser_(parser) {}

  // A record that is no object, as the value of kValueKey.
  bool add_value(std::string_view text, std::int64_t row) {
    if (text.size() > limits::kRecordBytesMax) return wrong("The line is longer than 16 MiB.");
    wrapped_.assign("{\"").append(kValueKey).append("\":").append(text).append("}");
    const std::size_t size = wrapped_.size();
    wrapped_.append(kRecordPadding, ' ');
    // What would be further members is something behind the value.
    ondemand::document document;
    ondemand::object object;
    std::size_t members = 0;
    if (parser_.iterate(wrapped_.data(), size, wrapped_.size()).get(document) == simdjson::SUCCESS &&
        document.get_object().get(object) == simdjson::SUCCESS &&
        object.count_fields().get(members) == simdjson::SUCCESS && members != 1) {
      field_.clear();
      return wrong("Something follows the record.");
    }
    return add(std::string_view(wrapped_).substr(0, size), row);
  }

  // `line` lies in a buffer with padding behind it.
  bool add(std::string_view line, std::int64_t row) {
    end_ = line.data() + line.size();
    ++stamp_;
    field_.clear();
    if (line.size() > limits::kRecordBytesMax) return wrong("The line is longer than 16 MiB.");
    ondemand::document document;
    if (!ok(parser_.iterate(line.data(), line.size(), line.size() + simdjson::SIMDJSON_PADDING).get(document))) {
      return false;
    }
    ondemand::object object;
    auto type = ondemand::json_type::null;
    if (!ok(document.type().get(type))) return false;
    if (type != ondemand::json_type::object) return wrong("A record is a JSON object.");
    if (!ok(document.get_object().get(object)) || !walk_members(object, root_, row, 1)) return false;
    const char* rest = nullptr;
    if (document.current_location().get(rest) == simdjson::SUCCESS) return wrong("Something follows the record.");
    return true;
  }

  PlaceBuilder& root() { return root_; }
  std::int64_t stamp() const { return stamp_; }
  const std::string& message() const { return message_; }
  const std::string& field() const { return field_; }

 private:
  bool wrong(std::string message) {
    message_ = std::move(message);
    return false;
  }

  bool ok(simdjson::error_code code) {
    if (code == simdjson::SUCCESS) return true;
    field_.clear();
    switch (code) {
      case simdjson::UTF8_ERROR: return wrong("The text is not UTF-8.");
      case simdjson::STRING_ERROR: return wrong("A string has a broken escape or a lone surrogate.");
      case simdjson::DEPTH_ERROR: return wrong("It is nested too deeply.");
      case simdjson::UNCLOSED_STRING: return wrong("A string is not closed.");
      case simdjson::UNESCAPED_CHARS: return wrong("A string has a control character that is not escaped.");
      default: return wrong(std::string("Malformed JSON: ") + simdjson::error_message(code));
    }
  }

  bool walk_members(ondemand::object& object, PlaceBuilder& place, std::int64_t row, std::size_t depth) {
    if (depth > limits::kRecordDepthMax) return wrong("It is nested too deeply.");
    place.restart_members();
    for (auto entry : object) {
      ondemand::field field;
      if (!ok(std::move(entry).get(field))) return false;
      const char* raw_key = field.key().raw();
      PlaceBuilder* member = place.expected_member(raw_key, end_);
      if (member == nullptr) {
        std::string_view key;
        if (!ok(field.unescaped_key().get(key))) return false;
        if (key.empty()) return wrong("A key is empty: no column can be called so.");
        if (key.find('\0') != std::string_view::npos) {
          return wrong(fmt::format("The key {} has the character NUL: no column can be called so.",
                                   Json(std::string(key)).dump()));
        }
        if (place.member_count() >= limits::kRecordKeysMax && depth == 1) return wrong("There are too many keys.");
        member = &place.member(key);
      }
      if (!member->touch(stamp_ * static_cast<std::int64_t>(limits::kGiB) + row)) {
        field_ = name_of(raw_key);
        return wrong("A key is given twice.");
      }
      if (!walk_value(field.value(), *member, row, depth)) {
        if (field_.empty()) field_ = name_of(raw_key);
        return false;
      }
    }
    return true;
  }

  // The raw key, for messages.
  std::string name_of(const char* raw) const {
    std::size_t length = 0;
    while (raw + length < end_ && raw[length] != '"' && length < 64) ++length;
    return std::string(raw, length);
  }

  bool walk_value(ondemand::value value, PlaceBuilder& place, std::int64_t row, std::size_t depth) {
    const std::string_view token = value.raw_json_token();
    switch (token[0]) {
      case '{': return walk_object(value, place, row, depth);
      case '[': return walk_list(value, place, row, depth);
      case '"': return walk_string(value, without_space(token), place, row);
      case 't':
      case 'f':
      case 'n': return walk_word(without_space(token), place, row);
      default: return walk_number(without_space(token), place, row);
    }
  }

  // Most strings have nothing to unescape: they are taken from where they stand, checked already by the first stage.
  bool walk_string(ondemand::value& value, std::string_view token, PlaceBuilder& place, std::int64_t row) {
    const bool plain =
        token.size() >= 2 && token.back() == '"' && std::memchr(token.data(), '\\', token.size()) == nullptr;
    std::string_view text = plain ? token.substr(1, token.size() - 2) : std::string_view();
    // Also a string that is taken from where it stands is passed by: one that is passed over would be taken for a key
    // where a colon follows, and what is behind that would never be looked at.
    if (plain) {
      ondemand::raw_json_string raw;
      if (!ok(value.get_raw_json_string().get(raw))) return false;
    } else if (!ok(value.get_string().get(text))) {
      return false;
    }
    place.add_string(row, text);
    return true;
  }

  bool walk_word(std::string_view word, PlaceBuilder& place, std::int64_t row) {
    if (word == "null") {
      place.add_null();
    } else if (word == "true" || word == "false") {
      place.add_bool(row, word == "true");
    } else {
      return wrong("Malformed JSON: neither true, false nor null.");
    }
    return true;
  }

  bool walk_number(std::string_view text, PlaceBuilder& place, std::int64_t row) {
    switch (records::add_number(place, row, text)) {
      case records::NumberOutcome::Added: return true;
      case records::NumberOutcome::NoNumber: return wrong("Malformed JSON: a number was expected.");
      case records::NumberOutcome::TooLarge: return wrong("A number is too large for a double.");
    }
    return false;
  }

  // The text of a list or object that is kept as such, after a look at all that is in it. It is good where it would be
  // as columns: a block that is read again, because of what other records hold, has the same good records.
  bool check_text(std::string_view text, std::size_t depth) {
    const simdjson::padded_string copy(text);
    ondemand::document document;
    ondemand::value value;
    if (!ok(checker_.iterate(copy).get(document)) || !ok(document.get_value().get(value))) return false;
    const char* end = std::exchange(end_, copy.data() + copy.size());
    checking_ = true;
    const bool good = walk_value(value, checked_, checked_rows_++, depth);
    checking_ = false;
    end_ = end;
    return good;
  }

  bool walk_object(ondemand::value& value, PlaceBuilder& place, std::int64_t row, std::size_t depth) {
    ondemand::object object;
    if (!ok(value.get_object().get(object))) return false;
    if (!checking_ && (place.objects_are_text() || depth >= limits::kStructDepthMax)) {
      std::string_view text;
      if (!ok(object.raw_json().get(text)) || !check_text(text, depth)) return false;
      place.add_object_text(row, without_space(text));
      return true;
    }
    place.begin_object(row);
    return walk_members(object, place, row, depth + 1);
  }

  bool walk_list(ondemand::value& value, PlaceBuilder& place, std::int64_t row, std::size_t depth) {
    if (depth > limits::kRecordDepthMax) return wrong("It is nested too deeply.");
    ondemand::array array;
    if (!ok(value.get_array().get(array))) return false;
    if (!checking_ && (place.lists_are_text() || depth >= limits::kStructDepthMax)) {
      std::string_view text;
      if (!ok(array.raw_json().get(text)) || !check_text(text, depth)) return false;
      place.add_list_text(row, without_space(text));
      return true;
    }
    place.begin_list(row);
    PlaceBuilder& items = place.items();
    for (auto entry : array) {
      ondemand::value item;
      if (!ok(std::move(entry).get(item))) return false;
      if (!walk_value(item, items, place.next_item(), depth + 1)) return false;
    }
    return true;
  }

  PlaceBuilder root_;
  std::string wrapped_;
  ondemand::parser& parser_;
  ondemand::parser checker_;
  PlaceBuilder checked_{nullptr};  // what check_text() walks is forgotten
  std::int64_t checked_rows_ = 0;
  bool checking_ = false;
  const char* end_ = nullptr;
  std::int64_t stamp_ = 0;
  std::string message_;
  std::string field_;
};

// Rows of a walk that left `bad` out, as numbers of records; they join `bad`.
void add_numbers(std::vector<std::int64_t>& bad, std::vector<BrokenRule> broken,
                 std::map<std::int64_t, BrokenRule>& by_number) {
  std::vector<std::int64_t> all;
  std::size_t next_bad = 0;
  std::int64_t number = 0;
  std::int64_t row = 0;
  for (BrokenRule& rule : broken) {
    // The number of the row-th record that was not left out.
    for (;; ++number) {
      if (next_bad < bad.size() && bad[next_bad] == number) {
        all.push_back(number);
        ++next_bad;
      } else if (row++ == rule.row) {
        break;
      }
    }
    all.push_back(number);
    by_number.emplace(number, std::move(rule));
    ++number;
  }
  all.insert(all.end(), bad.begin() + static_cast<std::ptrdiff_t>(next_bad), bad.end());
  bad = std::move(all);
}

}  // namespace

struct JsonRecordReader::Impl {
  std::optional<RecordStamps> stamps;  // none: of files
  bool keep_rejected = false;
  std::shared_ptr<const SchemaCheck> schema = nullptr;
  ondemand::parser parser{};

  void stamp(Shredded& records) const {
    records.seen = 0;
    if (!stamps) return;
    RecordStamps own = *stamps;  // a copy: what is read once more keeps its ids
    own.add_to(records);
  }
  bool is_value(const RecordBlock& block, std::string_view record) const {
    if (stamps || (!block.lines && !block.in_array)) return false;
    const std::size_t first = record.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && record[first] != '{';
  }

  // A bad record's error, and its text where that is kept.
  void note(BlockOutcome& outcome, RecordError error, std::string_view text) const {
    ++outcome.error_count;
    if (keep_rejected || outcome.errors.size() < limits::kRecordErrorsMax) outcome.errors.push_back(std::move(error));
    if (keep_rejected) outcome.rejected.emplace_back(text);
  }
  // Errors are found in two walks, and told in the order of the records.
  static void sort_errors(BlockOutcome& outcome) {
    if (std::ranges::is_sorted(outcome.errors, {}, &RecordError::record)) return;
    std::vector<std::size_t> order(outcome.errors.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return outcome.errors[i].record; });
    std::vector<RecordError> errors;
    std::vector<std::string> rejected;
    for (std::size_t i : order) {
      errors.push_back(std::move(outcome.errors[i]));
      if (!outcome.rejected.empty()) rejected.push_back(std::move(outcome.rejected[i]));
    }
    outcome.errors = std::move(errors);
    outcome.rejected = std::move(rejected);
  }

  // All blocks by their index; nothing where any record of them is not plainly good, or breaks a rule of the schema.
  std::optional<ReadRecords> read_plain(std::span<const RecordBlock> blocks, const TextPlaces& texts) {
    thread_local records::JsonIndex index;  // of this thread's blocks, one after the other: its memory is used again
    ReadRecords out;
    PlaceBuilder root(&texts);
    records::IndexedWalker walker(root, index);
    std::int64_t rows = 0;
    for (const RecordBlock& block : blocks) {
      if (!walker.add(block, rows, out.blocks.emplace_back())) return std::nullopt;
    }
    out.records = root.finish(rows);
    if (schema && !schema->apply(out.records).empty()) return std::nullopt;
    stamp(out.records);
    return out;
  }

  // Calls visit(text, line number in the block) for each record of the block.
  template <class Visit>
  static std::int64_t each_record(const RecordBlock& block, Visit visit) {
    if (!block.lines) {
      for (const RecordBlock::Range& range : block.records) visit(block.bytes.substr(range.begin, range.length), 0);
      return 0;
    }
    std::int64_t line_number = 0;
    for (std::size_t at = 0; at < block.bytes.size();) {
      const void* found = std::memchr(block.bytes.data() + at, '\n', block.bytes.size() - at);
      const std::size_t end = found != nullptr
                                  ? static_cast<std::size_t>(static_cast<const char*>(found) - block.bytes.data())
                                  : block.bytes.size();
      ++line_number;
      const std::string_view line = block.bytes.substr(at, end - at);
      if (!is_blank(line)) visit(line, line_number);
      at = end + 1;
    }
    return line_number;
  }
};

JsonRecordReader::JsonRecordReader(RecordStamps stamps, bool keep_rejected, std::shared_ptr<const SchemaCheck> schema)
    : impl_(std::make_unique<Impl>(Impl{std::move(stamps), keep_rejected, std::move(schema), ondemand::parser()})) {}
JsonRecordReader::JsonRecordReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JsonRecordReader JsonRecordReader::of_files() { return JsonRecordReader(std::make_unique<Impl>()); }
JsonRecordReader::~JsonRecordReader() = default;
JsonRecordReader::JsonRecordReader(JsonRecordReader&&) noexcept = default;

ReadRecords JsonRecordReader::read(std::span<const RecordBlock> blocks, const TextPlaces& texts) {
  if (auto plain = impl_->read_plain(blocks, texts)) return std::move(*plain);
  ReadRecords out;
  out.blocks.resize(blocks.size());
  std::vector<std::int64_t> bad;                     // left out by the next walk, counted over all blocks
  std::map<std::int64_t, BrokenRule> against_rules;  // of them, those that the schema refused
  // Again where there are bad records: a walk finds all that are malformed, one without them those that the schema
  // refuses, and the last leaves out both.
  for (bool first = true, judged = impl_->schema == nullptr;; first = false) {
    std::int64_t rows = 0;
    std::int64_t number = 0;
    std::size_t next_bad = 0;
    std::vector<std::int64_t> found;
    Walker walker(texts, impl_->parser);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      BlockOutcome& outcome = out.blocks[i];
      const std::int64_t begin = number;
      outcome.lines = Impl::each_record(blocks[i], [&](std::string_view record, std::int64_t line) {
        const std::int64_t at = number++;
        if (next_bad < bad.size() && bad[next_bad] == at) {
          ++next_bad;
          if (const auto broken = against_rules.find(at); broken != against_rules.end()) {
            BrokenRule& rule = broken->second;
            impl_->note(outcome, {at - begin, line, rule.field, rule.message, rule.rule}, record);
          }
        } else if (impl_->is_value(blocks[i], record) ? walker.add_value(record, rows) : walker.add(record, rows)) {
          ++rows;
        } else {
          found.push_back(at);
          impl_->note(outcome, {at - begin, line, walker.field(), walker.message()}, record);
        }
      });
      outcome.seen = number - begin;
    }
    if (first && !found.empty()) {
      bad = std::move(found);
      continue;
    }
    out.records = walker.root().finish(rows);
    if (impl_->schema) {
      auto broken = impl_->schema->apply(out.records);
      if (!judged && !broken.empty()) {
        judged = true;
        add_numbers(bad, std::move(broken), against_rules);
        continue;
      }
    }
    break;
  }
  for (BlockOutcome& outcome : out.blocks) Impl::sort_errors(outcome);
  impl_->stamp(out.records);
  return out;
}

}  // namespace canvasback
