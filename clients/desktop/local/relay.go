// Package local is what the desktop app is without its window: the relay between the window and a server, the private
// server of local files, and the list of what was opened last.
package local

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed bridge.js
var bridgeScript []byte

//go:embed connect.html
var connectPage []byte

//go:embed start.html
var startPage []byte

const (
	cookieName    = "canvasback-desktop"
	bridgePath    = "/desktop/bridge.js"
	bufferBytes   = 256 << 10 // net/http's 32 KiB cost twice the system calls on a stream
	pageBytesMax  = 4 << 20
	formBytesMax  = 64 << 10
	headerTimeout = 10 * time.Second
)

// Relay is a web server on loopback between the app's window and the server that it shows at present: the private one
// of local files, or a remote one, whose key it holds and the page never sees. It passes bytes on as they come,
// WebSockets too. Only the app's own window may use it: every request must carry a cookie that the window gets on
// entering with a secret. Pages and scripts come from the private server always, so that nothing a remote server sends
// runs in a window that can open local files.
type Relay struct {
	// Save is called for a download: it asks where to, and returns "" where the user decides against it.
	Save func(filename string) (string, error)
	// Connect is called when the user gives the address and the key of another server.
	Connect func(address, key string) error
	// Open is called when the user chooses on the start page: "files", "folder", "server", or a "recent" entry.
	Open func(kind, entry string) error
	// Recent is the list that the start page shows.
	Recent func() []string

	listener net.Listener
	server   *http.Server
	secret   string
	proxy    *httputil.ReverseProxy
	buffers  sync.Pool

	mutex  sync.RWMutex
	local  *url.URL // nil until the private server has started
	remote *url.URL // nil: the local files are shown
	key    string   // of remote
	extra  map[string]http.HandlerFunc
}

// NewRelay listens on a free port of loopback. Serve answers.
func NewRelay() (*Relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	var secret [24]byte
	_, _ = rand.Read(secret[:]) // never fails, by its contract
	relay := &Relay{listener: listener, secret: hex.EncodeToString(secret[:]), extra: map[string]http.HandlerFunc{}}
	relay.proxy = &httputil.ReverseProxy{
		Rewrite: relay.rewrite, ModifyResponse: addBridge, ErrorHandler: unreachable, BufferPool: relay,
		Transport: &http.Transport{DisableCompression: true, ReadBufferSize: bufferBytes, MaxIdleConnsPerHost: 16},
	}
	relay.server = &http.Server{Handler: relay, ReadHeaderTimeout: headerTimeout}
	return relay, nil
}

// Serve answers until Close.
func (relay *Relay) Serve() {
	if err := relay.server.Serve(relay.listener); !errors.Is(err, http.ErrServerClosed) {
		panic(err) // the listener is ours alone
	}
}

// Close ends the relay and every connection through it.
func (relay *Relay) Close() { _ = relay.server.Close() }

// URL is where the relay is, without a path.
func (relay *Relay) URL() string { return "http://" + relay.listener.Addr().String() }

// EntryURL is what the window opens first.
func (relay *Relay) EntryURL(path string) string {
	return relay.URL() + "/desktop/enter?" + url.Values{"secret": {relay.secret}, "path": {path}}.Encode()
}

// SetLocal says where the private server is.
func (relay *Relay) SetLocal(address string) error {
	target, err := parseAddress(address)
	if err != nil {
		return err
	}
	relay.mutex.Lock()
	defer relay.mutex.Unlock()
	relay.local = target
	return nil
}

// ShowLocal passes later requests on to the private server.
func (relay *Relay) ShowLocal() {
	relay.mutex.Lock()
	defer relay.mutex.Unlock()
	relay.remote, relay.key = nil, ""
}

// ShowRemote passes later requests for data on to another server; key may be empty.
func (relay *Relay) ShowRemote(address, key string) error {
	target, err := parseAddress(address)
	if err != nil {
		return err
	}
	relay.mutex.Lock()
	defer relay.mutex.Unlock()
	relay.remote, relay.key = target, key
	return nil
}

func parseAddress(address string) (*url.URL, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if (target.Scheme != "http" && target.Scheme != "https") || target.Host == "" {
		return nil, fmt.Errorf("the address must be http://… or https://…, not %q", address)
	}
	target.Path = strings.TrimRight(target.Path, "/")
	return target, nil
}

var pageFolders = []string{"assets", "datasets", "collections", "dashboards", "sql", "jobs", "system", "docs"}

// isPage says whether a path is one of the web app's: its pages, its files, the reference.
func isPage(path string) bool {
	if path == "/" || path == "/favicon.svg" {
		return true
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return slices.Contains(pageFolders, first)
}

// targetOf is the server that answers a path, and the key it wants; nil where there is none yet.
func (relay *Relay) targetOf(path string) (*url.URL, string) {
	relay.mutex.RLock()
	defer relay.mutex.RUnlock()
	if relay.remote == nil || isPage(path) {
		return relay.local, ""
	}
	return relay.remote, relay.key
}

// Handle adds a path below /desktop/, for requests of the window alone.
func (relay *Relay) Handle(path string, handler http.HandlerFunc) { relay.extra[path] = handler }

// Get and Put lend buffers to the proxy.
func (relay *Relay) Get() []byte {
	if buffer, ok := relay.buffers.Get().(*[]byte); ok {
		return *buffer
	}
	return make([]byte, bufferBytes)
}

// Put takes a buffer back.
func (relay *Relay) Put(buffer []byte) { relay.buffers.Put(&buffer) }

func (relay *Relay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Another name for loopback would be a page of somebody else, by DNS rebinding.
	if r.Host != relay.listener.Addr().String() {
		http.Error(w, "This relay does not answer to that Host name.", http.StatusForbidden)
		return
	}
	if r.URL.Path == "/desktop/enter" {
		relay.enter(w, r)
		return
	}
	cookie, err := r.Cookie(cookieName)
	if err != nil || subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(relay.secret)) != 1 {
		http.Error(w, "This relay answers to the desktop app alone.", http.StatusForbidden)
		return
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != relay.URL() {
		http.Error(w, "This relay does not answer to pages of that Origin.", http.StatusForbidden)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/desktop/") {
		relay.own(w, r)
		return
	}
	if target, _ := relay.targetOf(r.URL.Path); target == nil {
		unreachable(w, r, errors.New("there is no server yet"))
		return
	}
	relay.proxy.ServeHTTP(w, r)
}

// enter gives the window its cookie. The page goes on by itself: a redirect would still count as coming from elsewhere,
// and the cookie would not be sent.
func (relay *Relay) enter(w http.ResponseWriter, r *http.Request) {
	given := r.URL.Query().Get("secret")
	if subtle.ConstantTimeCompare([]byte(given), []byte(relay.secret)) != 1 {
		http.Error(w, "This relay answers to the desktop app alone.", http.StatusForbidden)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: relay.secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	path := r.URL.Query().Get("path")
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		path = "/"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	text, _ := json.Marshal(path) // a string always has JSON, with < escaped
	fmt.Fprintf(w, "<!doctype html><title>Canvasback</title><script>location.replace(%s)</script>", text)
}

func (relay *Relay) own(w http.ResponseWriter, r *http.Request) {
	if handler, ok := relay.extra[r.URL.Path]; ok {
		handler(w, r)
		return
	}
	switch {
	case r.URL.Path == bridgePath:
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(bridgeScript)
	case r.URL.Path == "/desktop/connect" && r.Method == http.MethodGet:
		writePage(w, connectPage)
	case r.URL.Path == "/desktop/start":
		writePage(w, startPage)
	case r.URL.Path == "/desktop/recent":
		answer(w, append([]string{}, relay.Recent()...), nil)
	case r.URL.Path == "/desktop/open" && r.Method == http.MethodPost:
		var given struct{ Kind, Entry string }
		if readJSON(w, r, &given) {
			answer(w, nil, relay.Open(given.Kind, given.Entry))
		}
	case r.URL.Path == "/desktop/connect" && r.Method == http.MethodPost:
		var given struct{ URL, Key string }
		if readJSON(w, r, &given) {
			answer(w, nil, relay.Connect(given.URL, given.Key))
		}
	case r.URL.Path == "/desktop/save" && r.Method == http.MethodPost:
		var given struct{ Href, Filename string }
		if readJSON(w, r, &given) {
			saved, err := relay.save(r.Context(), given.Href, given.Filename)
			answer(w, saved, err)
		}
	default:
		http.NotFound(w, r)
	}
}

func writePage(w http.ResponseWriter, page []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(page)
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(io.LimitReader(r.Body, formBytesMax)).Decode(into)
	if err != nil {
		http.Error(w, "The body must be JSON.", http.StatusBadRequest)
	}
	return err == nil
}

func answer(w http.ResponseWriter, value any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		value = map[string]string{"detail": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(value)
}

// rewrite makes the window's request one of the relay's own: the server answers to its own name, and knows the key.
func (relay *Relay) rewrite(request *httputil.ProxyRequest) {
	target, key := relay.targetOf(request.In.URL.Path)
	request.SetURL(target)
	out := request.Out
	out.Host = target.Host
	if out.Header.Get("Origin") != "" {
		out.Header.Set("Origin", target.Scheme+"://"+target.Host)
	}
	out.Header.Del("Referer")
	out.Header.Del("Cookie")
	if key != "" {
		out.Header.Set("Authorization", "Bearer "+key)
	}
	// Compressing costs more than loopback: 100 MB of Arrow took 1.5 s at best, and 0.25 s without. And the bridge is put
	// into the text of pages, which are local always.
	if address := net.ParseIP(target.Hostname()); address != nil && address.IsLoopback() {
		out.Header.Set("Accept-Encoding", "identity")
	}
}

// addBridge puts the script of native downloads into the pages of the app. It is a file of the same origin, which their
// Content-Security-Policy allows.
func addBridge(response *http.Response) error {
	if !isPage(response.Request.URL.Path) {
		// Data, perhaps of a remote server: never a page of this origin, whatever it says it is.
		response.Header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		response.Header.Set("X-Content-Type-Options", "nosniff")
		return nil
	}
	kind, encoding := response.Header.Get("Content-Type"), response.Header.Get("Content-Encoding")
	if !strings.HasPrefix(kind, "text/html") || encoding != "" {
		return nil
	}
	page, err := io.ReadAll(io.LimitReader(response.Body, pageBytesMax))
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	page = bytes.Replace(page, []byte("</head>"), []byte(`<script src="`+bridgePath+`"></script></head>`), 1)
	response.Body = io.NopCloser(bytes.NewReader(page))
	response.ContentLength = int64(len(page))
	response.Header.Set("Content-Length", strconv.Itoa(len(page)))
	response.Header.Del("ETag")
	return nil
}

// unreachable answers as the server does, so that the app shows "Connection lost" and tries again.
func unreachable(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the window has gone on
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": "/docs/errors#Unavailable", "title": "Unavailable", "status": http.StatusServiceUnavailable,
		"code": "Unavailable", "detail": "The server cannot be reached: " + err.Error(), "instance": r.URL.Path,
	})
}
