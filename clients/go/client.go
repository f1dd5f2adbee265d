// Package canvasback is the client of a Canvasback server: streams of Arrow batches, pages of exact values, SQL with
// parameters, records into collections, and windows over a dataset of any size.
//
//	client, err := canvasback.New("http://localhost:8080")
//	stream, err := client.Query(ctx, "SELECT * FROM flights WHERE delay > $1", canvasback.Parameters(60))
//	if err != nil { … }
//	defer stream.Close()
//	for stream.Next() {
//		batch := stream.RecordBatch()
//		…
//	}
//	if err := stream.Err(); err != nil { … }
//
// Every call takes a context. Cancelling it closes the request's connection, which stops the work on the server within
// half a second. What the server refuses is an [*Error] with the fields of its problem document. An answer that breaks
// off is [ErrIncomplete], never a short result; a limit that left rows out can be asked for (Truncated) after the end.
package canvasback

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// readBufferBytes is what the connection reads at once: with net/http's 4 KiB, system calls take a fifth of a stream.
	readBufferBytes = 256 << 10
	// drainBytesMax is how much of an unread answer is read so that its connection can be used again.
	drainBytesMax  = 64 << 10
	problemBytes   = 1 << 20
	connectTimeout = 30 * time.Second
	keepAlive      = 30 * time.Second
)

// Client talks to one server. It may be used by any number of goroutines.
type Client struct {
	base *url.URL
	key  string
	http *http.Client
}

// Option changes how a Client is made.
type Option func(*Client)

// WithKey sends an API key as a bearer token with each request.
func WithKey(key string) Option { return func(client *Client) { client.key = key } }

// WithHTTPClient makes requests by another http.Client: for proxies, certificates, or timeouts of connections. Its
// transport should have DisableCompression set (Go asks for gzip by itself, which costs more than a local network) and
// reset its connections as that of New does (SetLinger(0)); else the server notices a cancelled request after a second.
func WithHTTPClient(other *http.Client) Option { return func(client *Client) { client.http = other } }

// New returns a client of the server at an http or https address. It makes no request.
func New(address string, options ...Option) (*Client, error) {
	base, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("canvasback: %w", err)
	}
	if (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, fmt.Errorf("canvasback: the address must be http://… or https://…, not %q", address)
	}
	base.Path = strings.TrimRight(base.Path, "/")
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true
	transport.ReadBufferSize = readBufferBytes
	transport.DialContext = dialWithReset
	client := &Client{base: base, http: &http.Client{Transport: transport}}
	for _, option := range options {
		option(client)
	}
	return client, nil
}

// dialWithReset connects so that closing the connection resets it. A client that has closed its side may still read, as
// far as the server can know, and it looks only after a second; a reset stops the work at once. A connection is closed
// only when its request was cancelled or when it is idle, so that nothing under way is lost by it.
func dialWithReset(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: connectTimeout, KeepAlive: keepAlive}
	connection, err := dialer.DialContext(ctx, network, address)
	if tcp, ok := connection.(*net.TCPConn); ok {
		err = tcp.SetLinger(0)
	}
	return connection, err
}

// request is one HTTP request, its body held in memory so that it can be sent again.
type request struct {
	method  string
	path    string // escaped
	query   url.Values
	headers map[string]string
	body    []byte
}

func (client *Client) address(path string, query url.Values) string {
	address := client.base.Scheme + "://" + client.base.Host + client.base.EscapedPath() + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}

func (client *Client) authorize(headers http.Header) {
	if client.key != "" {
		headers.Set("Authorization", "Bearer "+client.key)
	}
}

// do sends a request and returns its answer, whose body the caller closes. A refusal is an *Error.
func (client *Client) do(ctx context.Context, wanted request) (*http.Response, error) {
	var body io.Reader
	if wanted.body != nil {
		body = bytes.NewReader(wanted.body)
	}
	return client.doReader(ctx, wanted, body)
}

func (client *Client) doReader(ctx context.Context, wanted request, body io.Reader) (*http.Response, error) {
	sent, err := http.NewRequestWithContext(ctx, wanted.method, client.address(wanted.path, wanted.query), body)
	if err != nil {
		return nil, fmt.Errorf("canvasback: %w", err)
	}
	for name, value := range wanted.headers {
		sent.Header.Set(name, value)
	}
	client.authorize(sent.Header)
	answer, err := client.http.Do(sent)
	if err != nil {
		return nil, fmt.Errorf("canvasback: %w", err)
	}
	if answer.StatusCode < 400 {
		return answer, nil
	}
	defer closeBody(answer.Body)
	return nil, errorOf(answer)
}

// document sends a request and decodes its JSON answer. Numbers keep their digits (json.Number).
func (client *Client) document(ctx context.Context, wanted request, into any) (http.Header, error) {
	answer, err := client.do(ctx, wanted)
	if err != nil {
		return nil, err
	}
	defer closeBody(answer.Body)
	decoder := json.NewDecoder(answer.Body)
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return nil, incomplete(err)
	}
	return answer.Header, nil
}

// closeBody reads what little may be left of an answer, so that the connection can be used again, and closes it.
func closeBody(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, drainBytesMax)
	_ = body.Close()
}

func jsonRequest(method, path string, body any) (request, error) {
	bytes, err := json.Marshal(body)
	if err != nil {
		return request{}, fmt.Errorf("canvasback: %w", err)
	}
	headers := map[string]string{"Content-Type": "application/json"}
	return request{method: method, path: path, headers: headers, body: bytes}, nil
}
