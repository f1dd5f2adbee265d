// ValuePattern: a regular expression of a schema, in Perl's syntax, found anywhere in a value. Each search has a bound
// of steps, so that no expression can hold a worker up. Thread-safe once made. Boost.Regex stays behind it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback {

class ValuePattern {
 public:
  // Errors: SchemaValidation with what is wrong with the expression.
  static Result<ValuePattern> make(const std::string& expression);
  ~ValuePattern();
  ValuePattern(ValuePattern&&) noexcept;
  ValuePattern& operator=(ValuePattern&&) noexcept;

  // nullopt: it takes too many steps to tell.
  std::optional<bool> found_in(std::string_view text) const;

 private:
  struct Impl;
  explicit ValuePattern(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace canvasback
