// A search gives up after so many steps: some ten milliseconds.
#define BOOST_REGEX_MAX_STATE_COUNT \
  std::ptrdiff_t { 1000000 }

#include "record/value_pattern.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include <boost/regex.hpp>
#pragma GCC diagnostic pop

namespace canvasback {

struct ValuePattern::Impl {
  boost::regex expression;
};

ValuePattern::ValuePattern(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ValuePattern::~ValuePattern() = default;
ValuePattern::ValuePattern(ValuePattern&&) noexcept = default;
ValuePattern& ValuePattern::operator=(ValuePattern&&) noexcept = default;

Result<ValuePattern> ValuePattern::make(const std::string& expression) {
  try {
    // ^ and $ are the ends of the whole value, as JSON Schema has them, not those of its lines.
    constexpr auto kSyntax = boost::regex::perl | boost::regex::no_mod_m;
    return ValuePattern(std::make_unique<Impl>(Impl{boost::regex(expression, kSyntax)}));
  } catch (const std::exception& error) {
    return fail(ErrorCode::SchemaValidation, "The pattern \"" + expression + "\" is not a regular expression.",
                error.what());
  }
}

std::optional<bool> ValuePattern::found_in(std::string_view text) const {
  try {
    return boost::regex_search(text.begin(), text.end(), impl_->expression);
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

}  // namespace canvasback
