package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"canvasback-desktop/local"

	"github.com/wailsapp/wails/v2/pkg/menu"
	"github.com/wailsapp/wails/v2/pkg/menu/keys"
	"github.com/wailsapp/wails/v2/pkg/runtime"
)

var dataFiles = []runtime.FileFilter{
	{DisplayName: "Data files", Pattern: "*.parquet;*.csv;*.json;*.ndjson;*.jsonl;*.arrow;*.arrows;*.tsv"},
	{DisplayName: "All files", Pattern: "*"},
}

// desktop is the app: its window shows the relay, which passes on to the private server of local files or to a remote
// one. Menus, dialogs and dropped files are native.
type desktop struct {
	context context.Context // of the window, from startup on
	relay   *local.Relay
	server  *local.Server
	recent  *local.Recent

	mutex sync.Mutex
	files []string // that are open, in this order
}

// start makes everything but the window. Its files are opened at once.
func start(files []string) (*desktop, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return nil, err
	}
	folder = filepath.Join(folder, "canvasback-desktop")
	program, err := local.Program()
	if err != nil {
		return nil, err
	}
	relay, err := local.NewRelay()
	if err != nil {
		return nil, err
	}
	app := &desktop{relay: relay, recent: local.LoadRecent(filepath.Join(folder, "recent.json"))}
	app.server = &local.Server{Program: program, Data: filepath.Join(folder, "data"), Log: os.Stderr}
	app.server.OnAddress = func(address string) { _ = relay.SetLocal(address) } // an address that the server printed
	relay.Save = app.askWhereTo
	relay.Connect = app.connect
	relay.Open = app.choose
	relay.Recent = func() []string { return app.recent.List() }
	for _, file := range files {
		path, err := filepath.Abs(file)
		if err != nil {
			return nil, err
		}
		app.files = append(app.files, path)
	}
	if _, err := app.server.Open(app.files); err != nil {
		return nil, err
	}
	if len(app.files) > 0 {
		_ = app.recent.Add(app.files...) // a list that cannot be written is no reason not to open
	}
	go relay.Serve()
	return app, nil
}

func (app *desktop) startup(ctx context.Context) {
	app.context = ctx
	runtime.OnFileDrop(ctx, func(_, _ int, paths []string) { app.open(paths) })
}

func (app *desktop) shutdown(context.Context) {
	app.relay.Close()
	app.server.Close()
}

// page is the window's first page: it goes on to the relay, where everything else is.
func (app *desktop) page(w http.ResponseWriter, _ *http.Request) {
	address, _ := json.Marshal(app.relay.EntryURL(app.pathOf(app.files))) // a string always has JSON, with < escaped
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><title>Canvasback</title><script>location.replace(%s)</script>", address)
}

// show goes to a page of the app.
func (app *desktop) show(path string) {
	address, _ := json.Marshal(app.relay.EntryURL(path))
	runtime.WindowExecJS(app.context, fmt.Sprintf("location.assign(%s)", address))
}

// pathOf is the page of the dataset that the first of these files became; the list of all where that is not known.
func (app *desktop) pathOf(files []string) string {
	if len(files) == 0 {
		return "/desktop/start"
	}
	name, err := app.datasetOf(files[0])
	if err != nil {
		return "/"
	}
	return "/datasets/" + url.PathEscape(name)
}

func (app *desktop) datasetOf(file string) (string, error) {
	answer, err := http.Get(app.server.Address() + "/api/v1/datasets")
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var list struct {
		Datasets []struct{ Name, Source string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		return "", err
	}
	for _, dataset := range list.Datasets {
		if dataset.Source == file {
			return dataset.Name, nil
		}
	}
	return "", fmt.Errorf("no dataset was made of %s", file)
}

// open serves further files and shows the first of them.
func (app *desktop) open(paths []string) {
	if len(paths) == 0 {
		return
	}
	app.mutex.Lock()
	files := slices.Clone(app.files)
	for _, path := range paths {
		if !slices.Contains(files, path) {
			files = append(files, path)
		}
	}
	_, err := app.server.Open(files)
	if err != nil { // as it was before
		_, again := app.server.Open(app.files)
		app.mutex.Unlock()
		app.complain("The files cannot be opened", fmt.Errorf("%w; %v", err, again))
		return
	}
	app.files = files
	app.mutex.Unlock()
	app.relay.ShowLocal()
	app.remember(paths...)
	app.show(app.pathOf(paths))
}

func (app *desktop) remember(entries ...string) {
	if err := app.recent.Add(entries...); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func (app *desktop) complain(title string, err error) {
	_, _ = runtime.MessageDialog(app.context, runtime.MessageDialogOptions{
		Type: runtime.ErrorDialog, Title: title, Message: err.Error(),
	})
}

func (app *desktop) askForFiles(*menu.CallbackData) {
	options := runtime.OpenDialogOptions{Title: "Open files", Filters: dataFiles}
	if paths, err := runtime.OpenMultipleFilesDialog(app.context, options); err == nil {
		app.open(paths)
	}
}

func (app *desktop) askForFolder(*menu.CallbackData) {
	path, err := runtime.OpenDirectoryDialog(app.context, runtime.OpenDialogOptions{Title: "Open a folder as one dataset"})
	if err == nil && path != "" {
		app.open([]string{path})
	}
}

func (app *desktop) askWhereTo(filename string) (string, error) {
	return runtime.SaveFileDialog(app.context, runtime.SaveDialogOptions{
		Title: "Save", DefaultFilename: filepath.Base(filename),
	})
}

// connect shows a remote server, after a look whether there is one and the key is right.
func (app *desktop) connect(address, key string) error {
	address = strings.TrimRight(address, "/")
	request, err := http.NewRequest(http.MethodGet, address+"/api/v1/datasets", nil)
	if err != nil {
		return err
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		var cause *net.OpError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return fmt.Errorf("%s cannot be reached: %w", address, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
		return fmt.Errorf("the server answered %s: %s", answer.Status, text)
	}
	if err := app.relay.ShowRemote(address, key); err != nil {
		return err
	}
	app.remember(address)
	return nil
}

func (app *desktop) showLocal(*menu.CallbackData) {
	app.relay.ShowLocal()
	app.show("/")
}

// choose does what was chosen on the start page. Dialogs stay open longer than a request should last.
func (app *desktop) choose(kind, entry string) error {
	switch kind {
	case "files":
		go app.askForFiles(nil)
	case "folder":
		go app.askForFolder(nil)
	case "server":
		app.show("/desktop/connect")
	case "recent":
		// Only what the user has opened before: a page cannot name files.
		if !slices.Contains(app.recent.List(), entry) {
			return fmt.Errorf("%s was not opened before", entry)
		}
		go app.reopen(entry)
	default:
		return fmt.Errorf("there is nothing of kind %q to open", kind)
	}
	return nil
}

func isAddress(entry string) bool {
	return strings.HasPrefix(entry, "http://") || strings.HasPrefix(entry, "https://")
}

func (app *desktop) reopen(entry string) {
	if !isAddress(entry) {
		app.open([]string{entry})
	} else if err := app.connect(entry, ""); err != nil {
		app.show("/desktop/connect") // it may ask for a key
	} else {
		app.show("/")
	}
}

func (app *desktop) menu() *menu.Menu {
	all := menu.NewMenu()
	file := all.AddSubmenu("File")
	file.AddText("Open Files…", keys.CmdOrCtrl("o"), app.askForFiles)
	file.AddText("Open Folder…", keys.Combo("o", keys.CmdOrCtrlKey, keys.ShiftKey), app.askForFolder)
	// Not a submenu: Wails cannot change a menu on Linux once it is shown.
	file.AddText("Open Recent…", keys.CmdOrCtrl("e"), func(*menu.CallbackData) { app.show("/desktop/start") })
	file.AddSeparator()
	file.AddText("Local Files", nil, app.showLocal)
	file.AddText("Connect to a Server…", keys.CmdOrCtrl("k"), func(*menu.CallbackData) { app.show("/desktop/connect") })
	file.AddSeparator()
	file.AddText("Quit", keys.CmdOrCtrl("q"), func(*menu.CallbackData) { runtime.Quit(app.context) })
	view := all.AddSubmenu("View")
	view.AddText("Datasets", keys.CmdOrCtrl("d"), func(*menu.CallbackData) { app.show("/") })
	view.AddText("SQL", keys.CmdOrCtrl("l"), func(*menu.CallbackData) { app.show("/sql") })
	view.AddText("Reload", keys.CmdOrCtrl("r"), func(*menu.CallbackData) {
		runtime.WindowExecJS(app.context, "location.reload()")
	})
	return all
}
