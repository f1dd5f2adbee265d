package canvasback

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Code is one of the server's closed list of errors. It is an error itself, to be compared with:
//
//	if errors.Is(err, canvasback.DatasetNotFound) { … }
type Code string

// The codes of docs/errors.md.
const (
	InvalidData          Code = "InvalidData"
	SchemaValidation     Code = "SchemaValidation"
	QueryInvalid         Code = "QueryInvalid"
	Unauthorized         Code = "Unauthorized"
	Forbidden            Code = "Forbidden"
	QueryForbidden       Code = "QueryForbidden"
	NotFound             Code = "NotFound"
	DatasetNotFound      Code = "DatasetNotFound"
	SchemaNotFound       Code = "SchemaNotFound"
	RecordNotFound       Code = "RecordNotFound"
	QueryNotFound        Code = "QueryNotFound"
	JobNotFound          Code = "JobNotFound"
	DashboardNotFound    Code = "DashboardNotFound"
	MethodNotAllowed     Code = "MethodNotAllowed"
	NotAcceptable        Code = "NotAcceptable"
	RequestTimeout       Code = "RequestTimeout"
	DuplicateRecord      Code = "DuplicateRecord"
	JobConflict          Code = "JobConflict"
	CursorExpired        Code = "CursorExpired"
	IdempotencyKeyInUse  Code = "IdempotencyKeyInUse"
	PreconditionFailed   Code = "PreconditionFailed"
	PayloadTooLarge      Code = "PayloadTooLarge"
	UriTooLong           Code = "UriTooLong"
	UnsupportedMediaType Code = "UnsupportedMediaType"
	RangeNotSatisfiable  Code = "RangeNotSatisfiable"
	IdempotencyKeyReused Code = "IdempotencyKeyReused"
	TooManyRequests      Code = "TooManyRequests"
	HeadersTooLarge      Code = "HeadersTooLarge"
	Cancelled            Code = "Cancelled"
	DataProcessing       Code = "DataProcessing"
	Database             Code = "Database"
	Repository           Code = "Repository"
	Unavailable          Code = "Unavailable"
	QueryTimeout         Code = "QueryTimeout"
	StorageLimit         Code = "StorageLimit"
	MemoryLimit          Code = "MemoryLimit"
)

func (code Code) Error() string { return string(code) }

var (
	// ErrIncomplete: the answer broke off, so what was read of it is a part. The cause is wrapped too.
	ErrIncomplete = errors.New("canvasback: the answer is incomplete")
	// ErrConnectionLost: the WebSocket of a Connection ended; its views are gone with it.
	ErrConnectionLost = errors.New("canvasback: connection lost")
	// ErrSuperseded: a newer window of the same slot took this one's place.
	ErrSuperseded = errors.New("canvasback: superseded by a newer window")
)

// RecordProblem says what is wrong with one record of a rejected batch.
type RecordProblem struct {
	Record  int64  `json:"record"` // from 0
	Line    *int64 `json:"line"`   // from 1, where the body has lines
	Field   string `json:"field"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

// Error is a refusal of the server: its problem document (RFC 9457).
type Error struct {
	Type     string          `json:"type"`
	Title    string          `json:"title"`
	Status   int             `json:"status"`
	Detail   string          `json:"detail"`
	Code     Code            `json:"code"`
	Instance string          `json:"instance"`
	Position *int            `json:"position"` // byte of the SQL statement
	Errors   []RecordProblem `json:"errors"`
	// RetryAfter is when to try again; zero where the server does not say.
	RetryAfter time.Duration `json:"-"`
}

func (problem *Error) Error() string {
	return fmt.Sprintf("canvasback: %s (%d): %s", problem.Code, problem.Status, problem.Detail)
}

// Is makes errors.Is(err, canvasback.QueryTimeout) true for an error of this code.
func (problem *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == problem.Code
}

// errorOf reads the problem document of a refused request. A proxy in between may answer with something else: its words
// become the detail.
func errorOf(answer *http.Response) *Error {
	body, _ := io.ReadAll(io.LimitReader(answer.Body, problemBytes))
	problem := &Error{}
	if err := json.Unmarshal(body, problem); err != nil || problem.Code == "" {
		problem = &Error{Title: answer.Status, Detail: string(body[:min(len(body), 500)]), Code: "Unknown"}
	}
	problem.Status = answer.StatusCode
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		problem.RetryAfter = time.Duration(seconds) * time.Second
	}
	return problem
}

func incomplete(cause error) error { return fmt.Errorf("%w: %w", ErrIncomplete, cause) }
