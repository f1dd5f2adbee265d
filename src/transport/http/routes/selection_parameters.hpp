// Parsing that the routes which return rows share: query parameters, headers and JSON bodies as requests of the query
// service. Only the form is checked here; columns, types and limits are checked by the service. Pure functions.
// Errors are InvalidData and name the parameter or member, unless stated otherwise.
#pragma once

#include <string>
#include <vector>

#include "service/query/analysis_service.hpp"
#include "service/query/query_service.hpp"
#include "transport/http/connection/connection.hpp"
#include "transport/http/connection/request.hpp"

namespace canvasback::http {

// For RouteInfo: offset limit after columns filter sort sample seed format compression numbers timeout_ms
// on_unreadable.
const std::vector<std::string>& selection_parameter_names();

// A request for rows from those parameters. Errors: also NotAcceptable.
Result<RowsRequest> rows_request_from(const Request& request, const std::string& dataset);

// The parameter `on_unreadable`: fail or skip; without it OnUnreadable::Default.
Result<OnUnreadable> on_unreadable_of(const Request& request);
Result<OnUnreadable> on_unreadable_from(std::string_view word);

// Adds X-Left-Out and X-Total-Exact: the files that an answer with on_unreadable=skip does not contain.
void add_left_out(Headers& headers, const std::vector<std::string>& names);

// The parameter `format`, else the one that the Accept header prefers (json if it has no preference). Errors: also
// NotAcceptable. content_encoding_of: gzip or zstd if the client accepts it and the format is not compressed itself,
// else "".
Result<std::string> format_of(const Request& request);
std::string content_encoding_of(const Request& request, const std::string& format);

// Whether an Accept-Encoding header lists this encoding with another weight than q=0.
bool accepts_encoding(std::string_view header, std::string_view encoding);

// For RouteInfo, of profile, histogram and top: filter format compression numbers timeout_ms.
const std::vector<std::string>& analysis_parameter_names();
// Selection and output of such a request; its `analysis` is for the caller to fill. Errors: also NotAcceptable.
Result<AnalysisRequest> analysis_request_from(const Request& request, const std::string& dataset);
// An aggregate from a JSON body: group_by measures filter sort limit offset format compression numbers timeout_ms.
Result<AnalysisRequest> aggregate_request_from(const Request& request, const std::string& dataset);

// A selection given in the query string, in a JSON body, or in both (each member once). Errors: also
// UnsupportedMediaType.
Result<RowsRequest> export_request_from(const Request& request, const std::string& dataset);

// The body as a JSON object. Promises that it has no other members than these; 17.0 is returned as the integer 17.
// Errors: UnsupportedMediaType, InvalidData.
Result<Json> json_body(const Request& request, const std::vector<std::string>& members);

// `wanted`, else `fallback`, with the extension of the format; characters that are unsafe in headers or file systems
// are replaced. content_disposition: the value of the header with that name, also in UTF-8 (RFC 6266).
std::string download_name(std::string_view wanted, std::string_view fallback, std::string_view format);
std::string content_disposition(std::string_view wanted, std::string_view fallback, std::string_view format);

}  // namespace canvasback::http
