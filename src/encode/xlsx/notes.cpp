#include "encode/xlsx/notes.hpp"

namespace canvasback::xlsx {

std::string_view explain(Reason reason) {
  switch (reason) {
    case Reason::IntegerAsText: return "Integer of more than 15 digits, which Excel would round: written as text";
    case Reason::DecimalAsText: return "Decimal of more than 15 digits, which Excel would round: written as text";
    case Reason::NotFiniteAsText: return "NaN or infinity, which Excel has no number for: written as text";
    case Reason::TinyAsText: return "Number closer to zero than Excel's smallest: written as text";
    case Reason::DateAsText:
      return "Date outside 1900-03-01 to 9999-12-31, where Excel's calendar is exact: written as text";
    case Reason::TimeAsText: return "Not a time of day from 00:00:00 up to 24:00:00: written as text";
    case Reason::TypeAsText: return "Excel has no such type: written as text (JSON, base64 or ISO 8601)";
    case Reason::TimeRounded: return "Finer than the numbers that Excel keeps time in: rounded to the nearest of them";
    case Reason::TextTruncated: return "Longer than the 32,767 characters a cell can hold: cut off there";
    case Reason::TextEscaped:
      return "Control characters or text like _x0041_: written as _xHHHH_, which Excel shows as the original";
    case Reason::TextReplaced: return "Bytes that are no valid UTF-8: written as U+FFFD";
  }
  return {};
}

}  // namespace canvasback::xlsx
