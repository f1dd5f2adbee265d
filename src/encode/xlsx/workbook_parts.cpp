#include "encode/xlsx/workbook_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "encode/xlsx/limits.hpp"
#include "encode/xlsx/xml_text.hpp"

namespace canvasback::xlsx {
namespace {

constexpr std::string_view kXml = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
constexpr std::string_view kMain = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
constexpr std::string_view kOffice = "http://schemas.openxmlformats.org/officeDocument/2006";
constexpr std::string_view kPackage = "http://schemas.openxmlformats.org/package/2006";
constexpr std::size_t kPropertyCharactersMax = 255;  // of a custom property, in Excel's own dialog
constexpr std::size_t kDescriptionBytesMax = 8'000;
constexpr int kFirstCustomFormat = 164;  // lower numbers are built in
constexpr std::size_t kIgnoredColumnsMax = 100;

std::string escaped(std::string_view text) {
  std::string out;
  {
    TextWriter writer(out);
    write_attribute(writer, text);
  }
  return out;
}

// The first `bytes_max` bytes of whole characters, with an ellipsis where something is missing.
std::string shortened(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t end = bytes_max;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "\xE2\x80\xA6";
}

// "2026-01-31T12:00:00Z": properties have no fractions of a second.
std::string property_time(std::int64_t since_epoch_us) { return iso_time(since_epoch_us).substr(0, 19) + "Z"; }

std::string text_cell(std::string_view text, int style = 0) {
  std::string out = "<c";
  if (style != 0) out += fmt::format(" s=\"{}\"", style);
  out += needs_preserve(text) ? " t=\"inlineStr\"><is><t xml:space=\"preserve\">" : " t=\"inlineStr\"><is><t>";
  {
    TextWriter writer(out);
    write_text(writer, text);
  }
  return out + "</t></is></c>";
}

// Everything before the header row's cells.
std::string head_with(const std::vector<int>& widths, bool selected) {
  std::string out(kXml);
  out += fmt::format(
      "<worksheet xmlns=\"{}\"><sheetViews><sheetView{} workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" "
      "activePane=\"bottomLeft\" state=\"frozen\"/><selection pane=\"bottomLeft\"/></sheetView></sheetViews>"
      "<sheetFormatPr defaultRowHeight=\"15\"/>",
      kMain, selected ? " tabSelected=\"1\"" : "");
  if (!widths.empty()) out += "<cols>";
  for (std::size_t i = 0; i < widths.size(); ++i) {
    // What Excel itself adds to the characters for the margins of a cell.
    out += fmt::format("<col min=\"{0}\" max=\"{0}\" width=\"{1}.7109375\" customWidth=\"1\"/>", i + 1, widths[i]);
  }
  if (!widths.empty()) out += "</cols>";
  return out + "<sheetData>" + std::string(kRowOpen);
}

std::string custom_property(int& id, std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return fmt::format(
      "<property fmtid=\"{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}\" pid=\"{}\" name=\"{}\"><vt:lpwstr>{}</vt:lpwstr>"
      "</property>",
      id++, name, escaped(shortened(value, kPropertyCharactersMax)));
}

std::string override_part(std::string_view part, std::string_view type) {
  return fmt::format("<Override PartName=\"/{}\" ContentType=\"application/{}+xml\"/>", part, type);
}

std::string relation(std::string_view id, std::string_view type, std::string_view target) {
  return fmt::format("<Relationship Id=\"{}\" Type=\"{}\" Target=\"{}\"/>", id, type, target);
}

std::string office_relation(std::string_view id, std::string_view type, std::string_view target) {
  return relation(id, fmt::format("{}/relationships/{}", kOffice, type), target);
}

}  // namespace

std::string sheet_part_name(std::size_t number) { return fmt::format("xl/worksheets/sheet{}.xml", number); }

std::string root_relations_xml() {
  return fmt::format("{}<Relationships xmlns=\"{}/relationships\">{}{}{}{}</Relationships>", kXml, kPackage,
                     office_relation("rId1", "officeDocument", kWorkbookName),
                     relation("rId2", fmt::format("{}/relationships/metadata/core-properties", kPackage), kCoreName),
                     office_relation("rId3", "extended-properties", kAppName),
                     office_relation("rId4", "custom-properties", kCustomName));
}

std::string core_xml(const DocumentInfo& document) {
  std::string description;
  for (const auto& [name, value] : document.properties) {
    description += fmt::format("{}{}: {}", description.empty() ? "" : "; ", name, value);
  }
  const std::string time = property_time(document.created_us);
  return fmt::format(
      "{}<cp:coreProperties xmlns:cp=\"{}/metadata/core-properties\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
      "xmlns:dcterms=\"http://purl.org/dc/terms/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
      "<dc:title>{}</dc:title><dc:creator>Canvasback</dc:creator><dc:description>{}</dc:description>"
      "<dcterms:created xsi:type=\"dcterms:W3CDTF\">{}</dcterms:created>"
      "<dcterms:modified xsi:type=\"dcterms:W3CDTF\">{}</dcterms:modified></cp:coreProperties>",
      kXml, kPackage, escaped(document.title), escaped(shortened(description, kDescriptionBytesMax)), time, time);
}

std::string custom_xml(const DocumentInfo& document) {
  std::string out = fmt::format("{}<Properties xmlns=\"{}/custom-properties\" xmlns:vt=\"{}/docPropsVTypes\">", kXml,
                                kOffice, kOffice);
  int id = 2;  // the first that is free
  out += custom_property(id, "Exported", property_time(document.created_us));
  for (const auto& [name, value] : document.properties) out += custom_property(id, name, value);
  return out + "</Properties>";
}

std::string app_xml(const std::vector<SheetInfo>& sheets) {
  std::string titles;
  for (const SheetInfo& sheet : sheets) titles += fmt::format("<vt:lpstr>{}</vt:lpstr>", escaped(sheet.name));
  return fmt::format(
      "{}<Properties xmlns=\"{}/extended-properties\" xmlns:vt=\"{}/docPropsVTypes\">"
      "<Application>Canvasback</Application><HeadingPairs><vt:vector size=\"2\" baseType=\"variant\"><vt:variant>"
      "<vt:lpstr>Worksheets</vt:lpstr></vt:variant><vt:variant><vt:i4>{}</vt:i4></vt:variant></vt:vector></"
      "HeadingPairs>"
      "<TitlesOfParts><vt:vector size=\"{}\" baseType=\"lpstr\">{}</vt:vector></TitlesOfParts></Properties>",
      kXml, kOffice, kOffice, sheets.size(), sheets.size(), titles);
}

std::string workbook_xml(const std::vector<SheetInfo>& sheets, int columns) {
  std::string out = fmt::format(
      "{}<workbook xmlns=\"{}\" "
      "xmlns:r=\"{}/relationships\"><workbookPr/><bookViews><workbookView/></bookViews><sheets>",
      kXml, kMain, kOffice);
  for (std::size_t i = 0; i < sheets.size(); ++i) {
    out += fmt::format("<sheet name=\"{}\" sheetId=\"{}\" r:id=\"rId{}\"/>", escaped(sheets[i].name), i + 1, i + 1);
  }
  out += "</sheets>";
  std::string filters;
  std::string titles;
  for (std::size_t i = 0; i < sheets.size(); ++i) {
    if (!sheets[i].data || columns == 0) continue;
    std::string name;  // a quote in it is doubled
    for (const char c : sheets[i].name) name += c == '\'' ? "''" : std::string(1, c);
    filters += fmt::format(
        "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"{}\" hidden=\"1\">'{}'!$A$1:${}${}</definedName>",
        i, escaped(name), column_letters(columns - 1), sheets[i].rows);
    titles += fmt::format("<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"{}\">'{}'!$1:$1</definedName>", i,
                          escaped(name));
  }
  if (!filters.empty()) out += "<definedNames>" + filters + titles + "</definedNames>";
  return out + "</workbook>";
}

std::string workbook_relations_xml(std::size_t sheets, bool shared_strings) {
  std::string out = fmt::format("{}<Relationships xmlns=\"{}/relationships\">", kXml, kPackage);
  for (std::size_t i = 1; i <= sheets; ++i) {
    out += office_relation(fmt::format("rId{}", i), "worksheet", fmt::format("worksheets/sheet{}.xml", i));
  }
  out += office_relation(fmt::format("rId{}", sheets + 1), "styles", "styles.xml");
  if (shared_strings) out += office_relation(fmt::format("rId{}", sheets + 2), "sharedStrings", "sharedStrings.xml");
  return out + "</Relationships>";
}

std::string content_types_xml(std::size_t sheets, bool shared_strings) {
  constexpr std::string_view kSpreadsheet = "vnd.openxmlformats-officedocument.spreadsheetml.";
  std::string out = fmt::format(
      "{}<Types xmlns=\"{}/content-types\"><Default Extension=\"rels\" "
      "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" "
      "ContentType=\"application/xml\"/>",
      kXml, kPackage);
  out += override_part(kWorkbookName, fmt::format("{}sheet.main", kSpreadsheet));
  for (std::size_t i = 1; i <= sheets; ++i) {
    out += override_part(sheet_part_name(i), fmt::format("{}worksheet", kSpreadsheet));
  }
  out += override_part(kStylesName, fmt::format("{}styles", kSpreadsheet));
  if (shared_strings) out += override_part(kSharedStringsName, fmt::format("{}sharedStrings", kSpreadsheet));
  out += override_part(kCoreName, "vnd.openxmlformats-package.core-properties");
  out += override_part(kAppName, "vnd.openxmlformats-officedocument.extended-properties");
  out += override_part(kCustomName, "vnd.openxmlformats-officedocument.custom-properties");
  return out + "</Types>";
}

std::string styles_xml(const SheetPlan& plan) {
  std::string formats;
  std::string styles;
  int custom = 0;
  for (const std::string& format : plan.formats) {
    int id = format == "0" ? 1 : format == "0.00" ? 2 : 0;
    if (id == 0) {
      id = kFirstCustomFormat + custom++;
      formats += fmt::format("<numFmt numFmtId=\"{}\" formatCode=\"{}\"/>", id, escaped(format));
    }
    styles += fmt::format(
        "<xf numFmtId=\"{}\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>", id);
  }
  if (custom > 0) formats = fmt::format("<numFmts count=\"{}\">{}</numFmts>", custom, formats);
  constexpr std::string_view kFont = "<sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/>";
  return fmt::format(
      "{}<styleSheet xmlns=\"{}\">{}<fonts count=\"2\"><font>{}</font><font><b/>{}</font></fonts>"
      "<fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/>"
      "</fill></fills><borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
      "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>"
      "<cellXfs count=\"{}\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>"
      "<xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\"/>{}</cellXfs>"
      "<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>",
      kXml, kMain, formats, kFont, kFont, kFirstFormatStyle + plan.formats.size(), styles);
}

std::string sheet_head(const SheetPlan& plan, bool first) {
  std::string out = head_with(plan.widths, first);
  for (const std::string& header : plan.headers) out += text_cell(header, kHeaderStyle);
  return out + "</row>";
}

std::string sheet_tail(const SheetPlan& plan, std::int64_t rows, const std::vector<int>& text_columns) {
  std::string out = "</sheetData>";
  const auto columns = static_cast<int>(plan.headers.size());
  if (columns > 0) out += fmt::format("<autoFilter ref=\"A1:{}{}\"/>", column_letters(columns - 1), rows);
  out += "<pageMargins left=\"0.7\" right=\"0.7\" top=\"0.75\" bottom=\"0.75\" header=\"0.3\" footer=\"0.3\"/>";
  if (!text_columns.empty() && rows > 1) {
    std::string places;
    for (std::size_t i = 0; i < std::min(text_columns.size(), kIgnoredColumnsMax); ++i) {
      const std::string letters = column_letters(text_columns[i]);
      places += fmt::format("{}{}2:{}{}", i == 0 ? "" : " ", letters, letters, rows);
    }
    out += fmt::format("<ignoredErrors><ignoredError sqref=\"{}\" numberStoredAsText=\"1\"/></ignoredErrors>", places);
  }
  return out + "</worksheet>";
}

std::string notes_sheet(const Notes& notes, const SheetPlan& plan, std::int64_t& rows) {
  int column_width = 8;
  for (const auto& [key, entry] : notes.entries()) {
    const std::size_t size = plan.headers[static_cast<std::size_t>(key.first)].size();
    column_width = std::max(column_width, static_cast<int>(std::min<std::size_t>(size + 1, 40)));
  }
  std::string out = head_with({column_width, 12, 20, 90}, false);
  for (const char* header : {"Column", "Cells", "First cell", "How the cells differ from the data"}) {
    out += text_cell(header, kHeaderStyle);
  }
  out += "</row>";
  rows = 1;
  for (const auto& [key, entry] : notes.entries()) {
    out += std::string(kRowOpen) + text_cell(plan.headers[static_cast<std::size_t>(key.first)]);
    out += fmt::format("<c><v>{}</v></c>", entry.cells);
    out += text_cell(entry.first_cell) + text_cell(explain(key.second)) + "</row>";
    ++rows;
  }
  return out +
         "</sheetData><pageMargins left=\"0.7\" right=\"0.7\" top=\"0.75\" bottom=\"0.75\" header=\"0.3\" "
         "footer=\"0.3\"/></worksheet>";
}

std::string shared_strings_head(std::int64_t cells, std::uint32_t words) {
  return fmt::format("{}<sst xmlns=\"{}\" count=\"{}\" uniqueCount=\"{}\">", kXml, kMain, cells, words);
}

void append_shared_string(TextWriter& out, std::string_view text) {
  out.append(needs_preserve(text) ? std::string_view("<si><t xml:space=\"preserve\">") : std::string_view("<si><t>"));
  write_text(out, text);
  out.append(std::string_view("</t></si>"));
}

std::string column_letters(int column) {
  std::string out;
  for (int left = column + 1; left > 0; left = (left - 1) / 26) {
    out.insert(out.begin(), static_cast<char>('A' + (left - 1) % 26));
  }
  return out;
}

std::string sheet_name(std::string_view title, std::size_t number) {
  const std::string suffix = number == 1 ? "" : fmt::format(" ({})", number);
  std::string name;
  std::size_t left = kSheetNameMax - suffix.size();
  for (std::string_view rest = title; !rest.empty() && left > 0;) {
    std::size_t length = utf8_sequence_length(rest);
    const bool forbidden = length == 0 || static_cast<unsigned char>(rest[0]) < 0x20 ||
                           std::string_view(":\\/?*[]").find(rest[0]) != std::string_view::npos;
    // Excel counts UTF-16 units.
    const std::size_t units = length == 4 ? 2 : 1;
    if (units > left) break;
    left -= units;
    name += forbidden ? std::string_view("_") : rest.substr(0, length);
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  if (!name.empty() && name.front() == '\'') name.front() = '_';
  if (!name.empty() && name.back() == '\'') name.back() = '_';
  if (name.empty()) name = "Data";
  if (lower(name) == "history" || lower(name) == "notes") name += "_";
  return name + suffix;
}

}  // namespace canvasback::xlsx
