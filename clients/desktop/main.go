// The desktop app of Canvasback: the web app's grid in a native window, on local files that a private server reads, or
// on a remote server.
//
//	canvasback-desktop [FILE…]
package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
)

func run() error {
	app, err := start(os.Args[1:])
	if err != nil {
		return err
	}
	prepareProbe(app)
	return wails.Run(&options.App{
		Title: "Canvasback", Width: 1440, Height: 900, MinWidth: 640, MinHeight: 400,
		BackgroundColour: options.NewRGB(255, 255, 255),
		AssetServer:      &assetserver.Options{Handler: http.HandlerFunc(app.page)},
		Menu:             app.menu(),
		OnStartup:        app.startup,
		OnShutdown:       app.shutdown,
		DragAndDrop:      &options.DragAndDrop{EnableFileDrop: true},
		Linux:            &linux.Options{ProgramName: "canvasback-desktop", WebviewGpuPolicy: linux.WebviewGpuPolicyOnDemand},
	})
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "canvasback-desktop:", err)
		os.Exit(1)
	}
}
