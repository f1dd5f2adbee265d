#include "source/records/schema_check.hpp"

#include <arrow/builder.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/format.hpp"
#include "record/iso_time.hpp"
#include "record/value_pattern.hpp"

namespace canvasback {
namespace {

using arrow::Array;
using ArrayPtr = std::shared_ptr<Array>;

constexpr std::int64_t kDayUs = 86'400'000'000;

void check(const arrow::Status& status) {
  if (!status.ok()) throw std::bad_alloc();
}

bool has(const ArrayPtr& lane, std::int64_t row) { return lane && lane->IsValid(row); }

std::string_view text_at(const ArrayPtr& lane, std::int64_t row) {
  return static_cast<const arrow::StringArray&>(*lane).GetView(row);
}
std::int64_t int_at(const ArrayPtr& lane, std::int64_t row) {
  return static_cast<const arrow::Int64Array&>(*lane).Value(row);
}
double double_at(const ArrayPtr& lane, std::int64_t row) {
  return static_cast<const arrow::DoubleArray&>(*lane).Value(row);
}
bool bool_at(const ArrayPtr& lane, std::int64_t row) {
  return static_cast<const arrow::BooleanArray&>(*lane).Value(row);
}

template <class Number>
std::optional<Number> whole_text(std::string_view text) {
  Number out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// An integer, where the double is one and says exactly which.
std::optional<std::int64_t> exact_integer(double value) {
  if (std::trunc(value) != value || std::abs(value) > static_cast<double>(kExactDoubleInteger)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}
std::optional<double> exact_double(std::int64_t value) {
  if (value > kExactDoubleInteger || value < -kExactDoubleInteger) return std::nullopt;
  return static_cast<double>(value);
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// What a value of another lane is taken for; nullopt: no value of the type. The lane of the type itself is not asked.
template <FieldType type>
struct Taken;

template <>
struct Taken<FieldType::Integer> {
  using Value = std::int64_t;
  using Builder = arrow::Int64Builder;
  static ArrayPtr& lane(Shredded& place) { return place.ints; }
  static Value at(const ArrayPtr& lane, std::int64_t row) { return int_at(lane, row); }
  static std::optional<Value> from(const Shredded& place, std::int64_t row, bool cast) {
    if (!cast) return std::nullopt;
    if (has(place.doubles, row)) return exact_integer(double_at(place.doubles, row));
    if (has(place.strings, row)) return whole_text<std::int64_t>(text_at(place.strings, row));
    return std::nullopt;
  }
  static std::optional<Value> own(const Json& json) { return json.as_int(); }
};

template <>
struct Taken<FieldType::Number> {
  using Value = double;
  using Builder = arrow::DoubleBuilder;
  static ArrayPtr& lane(Shredded& place) { return place.doubles; }
  static Value at(const ArrayPtr& lane, std::int64_t row) { return double_at(lane, row); }
  static std::optional<Value> from(const Shredded& place, std::int64_t row, bool cast) {
    if (has(place.ints, row)) return exact_double(int_at(place.ints, row));
    if (!cast || !has(place.strings, row)) return std::nullopt;
    const auto value = whole_text<double>(text_at(place.strings, row));
    return value && std::isfinite(*value) ? value : std::nullopt;
  }
  static std::optional<Value> own(const Json& json) { return json.as_double(); }
};

template <>
struct Taken<FieldType::Boolean> {
  using Value = bool;
  using Builder = arrow::BooleanBuilder;
  static ArrayPtr& lane(Shredded& place) { return place.bools; }
  static Value at(const ArrayPtr& lane, std::int64_t row) { return bool_at(lane, row); }
  static std::optional<Value> from(const Shredded& place, std::int64_t row, bool cast) {
    if (!cast || !has(place.strings, row)) return std::nullopt;
    const std::string_view text = text_at(place.strings, row);
    if (text != "true" && text != "false") return std::nullopt;
    return text == "true";
  }
  static std::optional<Value> own(const Json& json) { return json.as_bool(); }
};

template <>
struct Taken<FieldType::String> {
  using Value = std::string;
  using Builder = arrow::StringBuilder;
  static ArrayPtr& lane(Shredded& place) { return place.strings; }
  static std::string_view at(const ArrayPtr& lane, std::int64_t row) { return text_at(lane, row); }
  static std::optional<Value> from(const Shredded& place, std::int64_t row, bool cast) {
    if (!cast) return std::nullopt;
    if (has(place.ints, row)) return fmt::format("{}", int_at(place.ints, row));
    if (has(place.doubles, row)) {
      // As it came, also where it is a whole number: 1.0.
      char text[kDoubleChars];
      return std::string(text, write_double(text, double_at(place.doubles, row)));
    }
    if (has(place.bools, row)) return bool_at(place.bools, row) ? "true" : "false";
    return std::nullopt;
  }
  static std::optional<Value> own(const Json& json) { return std::string(json.as_string()); }
};

// JSON has no dates and times: their text is how they come, cast or not.
template <>
struct Taken<FieldType::Date> {
  using Value = std::int32_t;
  using Builder = arrow::Date32Builder;
  static ArrayPtr& lane(Shredded& place) { return place.dates; }
  static Value at(const ArrayPtr& lane, std::int64_t row) {
    return static_cast<const arrow::Date32Array&>(*lane).Value(row);
  }
  static std::optional<Value> from(const Shredded& place, std::int64_t row, bool) {
    if (!has(place.strings, row)) return std::nullopt;
    return parse_iso_date(text_at(place.strings, row));
  }
  static std::optional<Value> own(const Json& json) { return parse_iso_date(json.as_string()); }
};

template <>
struct Taken<FieldType::Timestamp> {
  using Value = std::int64_t;
  using Builder = arrow::TimestampBuilder;
  static ArrayPtr& lane(Shredded& place) { return place.timestamps; }
  static Value at(const ArrayPtr& lane, std::int64_t row) {
    return static_cast<const arrow::TimestampArray&>(*lane).Value(row);
  }
  static std::optional<Value> from(const Shredded& place, std::int64_t row, bool) {
    if (has(place.dates, row)) return kDayUs * Taken<FieldType::Date>::at(place.dates, row);
    if (!has(place.strings, row)) return std::nullopt;
    return parse_iso_time(text_at(place.strings, row));
  }
  // A schema that was stored may have bounds that are finer.
  static std::optional<Value> own(const Json& json) {
    const auto time = parse_fine_time(json.as_string());
    if (!time) return std::nullopt;
    return time->us;
  }
  static bool is_too_fine(const Shredded& place, std::int64_t row) {
    return has(place.strings, row) && parse_fine_time(text_at(place.strings, row));
  }
};

template <class Builder>
std::unique_ptr<Builder> make_builder() {
  if constexpr (std::is_same_v<Builder, arrow::TimestampBuilder>) {
    return std::make_unique<Builder>(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  } else {
    return std::make_unique<Builder>();
  }
}

constexpr ArrayPtr Shredded::*kLanes[] = {&Shredded::ints,         &Shredded::bigs,    &Shredded::doubles,
                                          &Shredded::bools,        &Shredded::strings, &Shredded::list_texts,
                                          &Shredded::object_texts, &Shredded::dates,   &Shredded::timestamps,
                                          &Shredded::binaries,     &Shredded::lists,   &Shredded::objects};

bool has_value(const Shredded& place, std::int64_t row) {
  return std::ranges::any_of(kLanes, [&](auto lane) { return has(place.*lane, row); });
}

// What breaks a rule, by record: the first for each.
class Findings {
 public:
  void add(std::int64_t row, const std::string& field, const char* rule, std::string message) {
    const auto [entry, added] = by_row_.try_emplace(row, broken_.size());
    if (added) broken_.push_back({row, field, rule, std::move(message)});
  }
  std::vector<BrokenRule> take() {
    std::ranges::stable_sort(broken_, {}, &BrokenRule::row);
    return std::move(broken_);
  }

 private:
  std::unordered_map<std::int64_t, std::size_t> by_row_;
  std::vector<BrokenRule> broken_;
};

std::string shown(const Json& value) { return value.is_string() ? value.dump() : value.scalar_text(); }

// The rules of one field, ready to be applied.
class FieldCheck {
 public:
  virtual ~FieldCheck() = default;
  virtual void apply(Shredded& place, Findings& findings) const = 0;
};

// Fields without one type: only whether they are there.
class LooseCheck final : public FieldCheck {
 public:
  explicit LooseCheck(SchemaField field) : field_(std::move(field)) {}

  void apply(Shredded& place, Findings& findings) const override {
    for (std::int64_t row = 0; row < place.rows; ++row) {
      if (!has_value(place, row)) {
        if (field_.required) findings.add(row, field_.name, "required", "The field is required.");
      } else if (field_.type == FieldType::Array && !has(place.lists, row) && !has(place.list_texts, row)) {
        findings.add(row, field_.name, "type", "The value is not an array.");
      } else if (field_.type == FieldType::Object && !has(place.objects, row) && !has(place.object_texts, row)) {
        findings.add(row, field_.name, "type", "The value is not an object.");
      }
    }
  }

 private:
  SchemaField field_;
};

template <FieldType type>
class TypedCheck final : public FieldCheck {
  using Type = Taken<type>;
  using Value = typename Type::Value;
  static constexpr bool kIsText = type == FieldType::String;

 public:
  TypedCheck(SchemaField field, bool cast, std::optional<ValuePattern> pattern)
      : field_(std::move(field)), cast_(cast), pattern_(std::move(pattern)) {
    for (const Json& value : field_.allowed) allowed_.insert(*Type::own(value));
    if constexpr (type == FieldType::Integer) {
      // A bound of 0.5 is one of integers, too.
      if (!field_.minimum.is_null()) {
        minimum_ = field_.minimum.is_integer() ? field_.minimum.as_int()
                                               : static_cast<Value>(std::ceil(field_.minimum.as_double()));
      }
      if (!field_.maximum.is_null()) {
        maximum_ = field_.maximum.is_integer() ? field_.maximum.as_int()
                                               : static_cast<Value>(std::floor(field_.maximum.as_double()));
      }
    } else {
      if (!field_.minimum.is_null()) minimum_ = *Type::own(field_.minimum);
      if (!field_.maximum.is_null()) maximum_ = *Type::own(field_.maximum);
    }
    if (!field_.default_value.is_null()) default_ = *Type::own(field_.default_value);
  }

  void apply(Shredded& place, Findings& findings) const override {
    ArrayPtr& own = Type::lane(place);
    const bool foreign = std::ranges::any_of(kLanes, [&](auto lane) {
      return &(place.*lane) != &own && place.*lane && (place.*lane)->null_count() < place.rows;
    });
    const bool gaps = !own || own->null_count() > 0;
    if (foreign || (gaps && default_)) {
      gather(place, own, findings);
    } else if (gaps && field_.required) {
      for (std::int64_t row = 0; row < place.rows; ++row) {
        if (!has(own, row)) findings.add(row, field_.name, "required", "The field is required.");
      }
    }
    // Nothing but the declared lane is left.
    for (auto lane : kLanes) {
      if (&(place.*lane) != &own) (place.*lane).reset();
    }
    place.offsets.reset();
    place.items.reset();
    place.members.clear();
    place.seen = seen(place, own);
    if (own && has_rules()) judge(place, own, findings);
  }

 private:
  bool has_rules() const {
    return minimum_ || maximum_ || !allowed_.empty() || pattern_ || field_.min_length || field_.max_length;
  }

  // Wide integers are told apart from others, as they are where no schema says what a field is.
  std::uint32_t seen(const Shredded& place, const ArrayPtr& own) const {
    std::uint32_t out = (place.seen & bit(Kind::Null)) | kind_of(type);
    if constexpr (type == FieldType::Integer) {
      for (std::int64_t row = 0; own && row < own->length(); ++row) {
        if (own->IsValid(row) && !exact_double(int_at(own, row))) return out | bit(Kind::WideInt);
      }
    }
    return out;
  }

  // Of a value that is not taken.
  static std::string refusal(const Shredded& place, std::int64_t row) {
    if constexpr (type == FieldType::Timestamp) {
      if (Type::is_too_fine(place, row)) {
        return "The value has digits below microseconds, which a timestamp does not hold.";
      }
    }
    return fmt::format("The value is not of type {}.", name_of(type));
  }

  // Own values, cast ones, and defaults, in one lane.
  void gather(Shredded& place, ArrayPtr& own, Findings& findings) const {
    auto builder = make_builder<typename Type::Builder>();
    check(builder->Reserve(place.rows));
    for (std::int64_t row = 0; row < place.rows; ++row) {
      if (has(own, row)) {
        check(builder->Append(Type::at(own, row)));
        continue;
      }
      std::optional<Value> value;
      if (!has_value(place, row)) {
        value = default_;
        if (!value && field_.required) findings.add(row, field_.name, "required", "The field is required.");
      } else {
        value = Type::from(place, row, cast_);
        if (!value) findings.add(row, field_.name, "type", refusal(place, row));
      }
      check(value ? builder->Append(*value) : builder->AppendNull());
    }
    ArrayPtr gathered;
    check(builder->Finish(&gathered));
    own = std::move(gathered);
  }

  void judge(const Shredded& place, const ArrayPtr& own, Findings& findings) const {
    for (std::int64_t row = 0; row < place.rows; ++row) {
      if (!own->IsValid(row)) continue;
      const auto value = Type::at(own, row);
      if constexpr (!kIsText) {
        if (minimum_ && value < *minimum_) {
          findings.add(row, field_.name, "minimum", fmt::format("The value is below {}.", shown(field_.minimum)));
        }
        if (maximum_ && value > *maximum_) {
          findings.add(row, field_.name, "maximum", fmt::format("The value is above {}.", shown(field_.maximum)));
        }
      } else {
        judge_text(row, value, findings);
      }
      if (!allowed_.empty() && !allowed_.contains(Value(value))) {
        findings.add(row, field_.name, "enum", "The value is not one of those that are allowed.");
      }
    }
  }

  void judge_text(std::int64_t row, std::string_view text, Findings& findings) const {
    const auto length = [&] { return static_cast<std::int64_t>(characters(text)); };
    if (field_.min_length && length() < *field_.min_length) {
      findings.add(row, field_.name, "min_length",
                   fmt::format("The value has fewer than {} characters.", *field_.min_length));
    }
    if (field_.max_length && length() > *field_.max_length) {
      findings.add(row, field_.name, "max_length",
                   fmt::format("The value has more than {} characters.", *field_.max_length));
    }
    if (!pattern_) return;
    const auto found = pattern_->found_in(text);
    if (found == true) return;
    findings.add(row, field_.name, "pattern",
                 found ? fmt::format("The value does not match {}.", field_.pattern)
                       : "The pattern needs too many steps to be looked for in the value.");
  }

  SchemaField field_;
  bool cast_;
  std::optional<ValuePattern> pattern_;
  std::optional<Value> minimum_;
  std::optional<Value> maximum_;
  std::optional<Value> default_;
  std::unordered_set<Value> allowed_;
};

Result<std::unique_ptr<FieldCheck>> check_of(const SchemaField& field, bool cast) {
  std::optional<ValuePattern> pattern;
  if (!field.pattern.empty()) {
    CANVASBACK_ASSIGN(pattern, ValuePattern::make(field.pattern));
  }
  switch (field.type) {
    case FieldType::String: return std::make_unique<TypedCheck<FieldType::String>>(field, cast, std::move(pattern));
    case FieldType::Integer: return std::make_unique<TypedCheck<FieldType::Integer>>(field, cast, std::nullopt);
    case FieldType::Number: return std::make_unique<TypedCheck<FieldType::Number>>(field, cast, std::nullopt);
    case FieldType::Boolean: return std::make_unique<TypedCheck<FieldType::Boolean>>(field, cast, std::nullopt);
    case FieldType::Date: return std::make_unique<TypedCheck<FieldType::Date>>(field, cast, std::nullopt);
    case FieldType::Timestamp: return std::make_unique<TypedCheck<FieldType::Timestamp>>(field, cast, std::nullopt);
    case FieldType::Any:
    case FieldType::Array:
    case FieldType::Object: break;
  }
  return std::make_unique<LooseCheck>(field);
}

Shredded& member_of(Shredded& records, const std::string& name, std::size_t& hint) {
  // Records have their fields in one order, mostly the schema's.
  if (hint < records.members.size() && records.members[hint].first == name) return records.members[hint++].second;
  for (std::size_t i = 0; i < records.members.size(); ++i) {
    if (records.members[i].first == name) {
      hint = i + 1;
      return records.members[i].second;
    }
  }
  auto& added = records.members.emplace_back(name, Shredded()).second;
  added.rows = records.rows;
  return added;
}

}  // namespace

struct SchemaCheck::Plan {
  RecordSchema schema;
  std::vector<std::pair<std::string, std::unique_ptr<FieldCheck>>> checks;
  std::set<std::string, std::less<>> names;
  bool makes_ids = true;

  std::size_t place_of(std::string_view name) const {
    const auto found = std::ranges::find(checks, name, [](const auto& entry) { return std::string_view(entry.first); });
    return static_cast<std::size_t>(found - checks.begin());
  }
};

SchemaCheck::SchemaCheck(std::unique_ptr<Plan> plan) : plan_(std::move(plan)) {}
SchemaCheck::~SchemaCheck() = default;

Result<std::shared_ptr<const SchemaCheck>> SchemaCheck::make(const RecordSchema& schema, bool cast) {
  auto plan = std::make_unique<Plan>();
  plan->schema = schema;
  std::vector<SchemaField> fields = schema.fields;
  const SchemaField* id = schema.find(kIdColumn);
  plan->makes_ids = id == nullptr || (id->type == FieldType::String && id->default_value.is_null());
  if (id == nullptr) {
    SchemaField made;
    made.name = kIdColumn;
    made.type = FieldType::String;
    fields.push_back(std::move(made));
  }
  for (SchemaField& field : fields) {
    const bool in_key = std::ranges::find(schema.primary_key, field.name) != schema.primary_key.end();
    const bool is_made = field.name == kIdColumn && plan->makes_ids;
    field.required = (field.required || in_key) && !is_made;
    CANVASBACK_ASSIGN(auto made, check_of(field, cast));
    plan->checks.emplace_back(field.name, std::move(made));
    plan->names.insert(field.name);
  }
  return std::shared_ptr<const SchemaCheck>(new SchemaCheck(std::move(plan)));
}

bool SchemaCheck::makes_ids() const { return plan_->makes_ids; }

std::vector<BrokenRule> SchemaCheck::apply(Shredded& records) const {
  Findings findings;
  std::size_t hint = 0;
  for (const auto& [name, rules] : plan_->checks) rules->apply(member_of(records, name, hint), findings);
  // The schema's order, whatever the records': files of one schema then have one, and need no shaping at read.
  std::ranges::stable_partition(records.members,
                                [&](const auto& member) { return plan_->names.contains(member.first); });
  std::ranges::stable_sort(records.members.begin(),
                           records.members.begin() + static_cast<std::ptrdiff_t>(plan_->checks.size()), {},
                           [&](const auto& member) { return plan_->place_of(member.first); });
  if (plan_->schema.additional_fields) return findings.take();
  for (const auto& [name, place] : records.members) {
    if (plan_->names.contains(name) || name == kIngestedAtColumn) continue;
    for (std::int64_t row = 0; row < place.rows; ++row) {
      if (has_value(place, row)) {
        findings.add(row, name, "additional_fields", "The schema has no such field, and allows no others.");
      }
    }
  }
  return findings.take();
}

}  // namespace canvasback
